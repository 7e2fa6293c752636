#!/usr/bin/env node
/** The `dien` command: hands the process to the program, and the exit code to the process. */
import { jobs } from "./jobs.ts";
import { run } from "./program.ts";

/** The first signal asks the job to stop; the listener is gone then, so the second ends the process. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

// A reader that has seen enough (`dien predict ... | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

const { stdin, stdout, stderr } = process;
process.exitCode = await run(process.argv.slice(2), { stdin, stdout, stderr, jobs, interruption });
