/** What people should know of their files although nothing failed; the command line prints it. */
import { channel } from "node:diagnostics_channel";

const notes = channel("dien:note");

/** Tells whoever listens. */
export function note(text: string): void {
  notes.publish(text);
}

/** Calls `listener` with every note from now on; returns what ends that. */
export function onNote(listener: (text: string) => void): () => void {
  const listen = (text: unknown) => listener(String(text));
  notes.subscribe(listen);
  return () => void notes.unsubscribe(listen);
}
