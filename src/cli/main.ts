#!/usr/bin/env node
import { fileError } from "../files/failures.ts";
/** The `dien` command: hands the process to the program, and the exit code to the process. */
import { removeUnfinished } from "../files/unfinished.ts";
import { INTERRUPTED } from "./context.ts";
import { asUserError } from "./failures.ts";
import { errorLine } from "./hints.ts";
import { jobs } from "./jobs.ts";
import { print } from "./output.ts";
import { run } from "./program.ts";
import { closeProgress } from "./progress.ts";

const { stdin, stdout, stderr } = process;

/** Set by a job that can stop on its own. */
let stopping: AbortController | undefined;

function interruption(): AbortSignal {
  stopping = new AbortController();
  return stopping.signal;
}

/** The first signal asks the job to stop; the second, or the first where no job listens, ends the process. */
function interrupt(): void {
  if (stopping?.signal.aborted === false) stopping.abort();
  else end(INTERRUPTED, "interrupted");
}

/** Ends the process at once, leaving neither half-written files nor a hidden cursor. */
function end(exitCode: number, message: string): never {
  closeProgress();
  removeUnfinished();
  print(stderr, [message]);
  process.exit(exitCode);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough (`dien predict ... | head`) is no failure.
  if (error.code === "EPIPE") process.exit(0);
  const { message } = fileError(error, "write", "standard output") as Error;
  end(1, `error: ${message}`);
});
// What nobody awaits is reported as everything else; Node would print a stack.
process.on("uncaughtException", (error) => end(1, errorLine(asUserError(error))));
// Progress that nobody reads must not end the work.
stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await run(process.argv.slice(2), { stdin, stdout, stderr, jobs, interruption });
