/** What a command may touch of the world. Tests pass their own; `main.ts` passes the process. */
import type { Readable, Writable } from "node:stream";
import type { Jobs } from "./jobs.ts";

export interface Terminal extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Context {
  readonly stdin: Readable;
  /** Results only. */
  readonly stdout: Terminal;
  /** Progress, notes and errors. */
  readonly stderr: Terminal;
  /** The work behind the commands. */
  readonly jobs: Jobs;
  /** Aborted by the first signal (Ctrl-C) that the process gets. */
  readonly signal: AbortSignal;
}

/** Exit code of a command that was interrupted and stopped cleanly: 128 + SIGINT, as shells report Ctrl-C. */
export const INTERRUPTED = 130;
