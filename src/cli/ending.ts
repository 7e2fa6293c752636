/**
 * How the process ends before its work is done (docs/decisions/0018-ending.md). The first signal asks the work to end;
 * work that ends itself, such as a training that saves a checkpoint, takes the time that it needs, other work has two
 * seconds. After that, and at a second signal, the process ends at once, whatever its threads are waiting for.
 */
import { closeSync } from "node:fs";
import { constants } from "node:os";
import { isatty } from "node:tty";
import { fileError } from "../files/failures.ts";
import { removeUnfinished } from "../files/unfinished.ts";
import { isEndingItself, isInterruption } from "../interruption.ts";
import type { Terminal } from "./context.ts";
import { asUserError } from "./failures.ts";
import { errorLine } from "./hints.ts";
import { print } from "./output.ts";
import { closeProgress } from "./progress.ts";

/** A closed terminal sends SIGHUP; Windows sends SIGBREAK for Ctrl-Break. */
const SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
const OF_WINDOWS: readonly NodeJS.Signals[] = ["SIGBREAK"];

/** Milliseconds that work has to end after a signal, and between two looks whether some of it ends itself. */
const GRACE = 2000;
const LOOK_EVERY = 50;

/** Listens for what ends a process. Returns the signal that its work has to obey. */
export function listen(stdout: Terminal, stderr: Terminal): AbortSignal {
  const stop = new AbortController();
  const interrupt = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted) return endBy(signal, stderr);
    stop.abort();
    let left = GRACE;
    setInterval(() => {
      left = isEndingItself() ? GRACE : left - LOOK_EVERY;
      if (left <= 0) endBy(signal, stderr);
    }, LOOK_EVERY).unref();
  };
  const signals = process.platform === "win32" ? [...SIGNALS, ...OF_WINDOWS] : SIGNALS;
  for (const signal of signals) process.on(signal, interrupt);
  const fail = (exitCode: number, message?: string) => {
    // Also ends the queries that run, for which the exit would wait.
    stop.abort();
    putAway();
    if (message !== undefined) print(stderr, [message]);
    process.exit(exitCode);
  };
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough (`dien predict ... | head`) is no failure.
    if (error.code === "EPIPE") return fail(0);
    fail(1, errorLine(asUserError(fileError(error, "write", "standard output"))));
  });
  // What nobody awaits is reported as everything else; Node would print a stack. Work that ends may leave such behind.
  process.on("uncaughtException", (error) => {
    if (!(stop.signal.aborted && isInterruption(error))) fail(1, errorLine(asUserError(error)));
  });
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  process.on("exit", () => letGo(terminals));
  return stop.signal;
}

/** Leaves neither half-written files nor a hidden cursor. */
function putAway(): void {
  closeProgress();
  removeUnfinished();
}

/** Node wants to reset the terminals that it began with, and aborts where one is gone, unless it is closed. */
function letGo(terminals: readonly number[]): void {
  for (const descriptor of terminals) if (!isatty(descriptor)) closeSync(descriptor);
}

/** Ends the process as the signal would have: an exit waits for threads that sit in a query or in the opening of a pipe. */
function endBy(signal: NodeJS.Signals, stderr: Terminal): void {
  putAway();
  // With an exit code the work has ended, and has said so; it is its output that nobody reads.
  if (process.exitCode === undefined) print(stderr, ["interrupted"]);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // The first process of a container does not die of signals.
  process.exit(128 + constants.signals[signal]);
}
