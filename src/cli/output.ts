/**
 * The only place that writes to the streams of a command. People read lines: each is made printable here, so whatever the
 * data of others hold stays on its line, and no terminal obeys it. Programs read JSON, which escapes for itself.
 */
import { once } from "node:events";
import { printable } from "../errors/printable.ts";
import { currentSignal } from "../interruption.ts";
import type { Terminal } from "./context.ts";

/** Prints lines for people. */
export function print(stream: Terminal, lines: readonly string[]): void {
  stream.write(lines.map((line) => `${withoutPassword(printable(line))}\n`).join(""));
}

/** An address may stand for a command, or in what a library says of a failure that nobody expected. */
function withoutPassword(line: string): string {
  return line.replace(/(:\/\/[^\s/@:]*:)\S*@/g, "$1***@").replace(/([?&]password=)[^\s&]*/gi, "$1***");
}

/** Prints a text of our own of several lines, such as a help, which holds nothing of others. */
export function printOwn(stream: Terminal, text: string): void {
  stream.write(text);
}

/** Prints the result of a command for programs, on one line. NaN (a metric that is not defined) becomes null. */
export function printJson(stream: Terminal, value: unknown): void {
  stream.write(`${JSON.stringify(value)}\n`);
}

/** Writes JSON, a document a line, and waits where the reader of the stream is slower, unless the work is to end. */
export async function writeJsonLines(stream: Terminal, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, "drain", { signal: currentSignal() });
}

/**
 * From the first failure on, a stream drops what is written to it: the work goes on without those who watched it, when
 * their terminal is gone or the disk behind it is full. Writes to terminals and files may throw, others fail later.
 */
export function dropWhenGone(stream: Terminal): void {
  const write = stream.write as (...all: unknown[]) => boolean;
  let gone = false;
  stream.on("error", () => {
    gone = true;
  });
  stream.write = (...all: unknown[]) => {
    if (gone) return true;
    try {
      return write.apply(stream, all);
    } catch {
      gone = true;
      return true;
    }
  };
}
