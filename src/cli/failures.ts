/**
 * Whatever a command throws, as an error of the catalogue, and how it is reported: one line, and with `--verbose` what it
 * came from. Nothing else turns an error into text.
 */
import { failure, UserError } from "../errors/failure.ts";
import { fileError, systemReason } from "../files/failures.ts";
import type { Terminal } from "./context.ts";
import { errorLine } from "./hints.ts";
import { print } from "./output.ts";

/** Prints an error, and returns the exit code that it ends the command with. */
export function report(stderr: Terminal, thrown: unknown, verbose: boolean): number {
  const error = asUserError(thrown);
  print(stderr, [errorLine(error), ...(verbose ? originOf(error) : [])]);
  return error.exitCode;
}

/**
 * An error for users stays itself. What the system or a library threw becomes one that repeats the reason they gave. What
 * is left is a defect of this program.
 */
export function asUserError(thrown: unknown): UserError {
  if (thrown instanceof UserError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { syscall, path } = error as NodeJS.ErrnoException;
  if (syscall === "uv_cwd") return failure("file.absent", { action: "use", path: "the current folder" }, error);
  const ofFile = path === undefined ? error : fileError(error, syscall ?? "use", path);
  if (ofFile instanceof UserError) return ofFile;
  const system = systemReason(error);
  if (system !== undefined) return failure("system.refused", { name: syscall ?? error.name, reason: system }, error);
  const values = { name: error.name, reason: firstLine(error) };
  if (isOutOfMemory(error)) return failure("system.no-memory", values, error);
  const library = libraryOf(error);
  if (library !== undefined) return failure("system.library", { ...values, name: library }, error);
  return failure("system.defect", values, error);
}

const firstLine = ({ message }: Error) => message.trim().split("\n", 1)[0];

/** V8 and Node have no class for it: https://nodejs.org/api/errors.html, and the messages of V8's RangeError. */
function isOutOfMemory({ message }: Error): boolean {
  return /out of memory|allocation failed|could not allocate|invalid (typed )?array (buffer )?length/i.test(message);
}

/** Errors of the language itself: whatever code they arose in, a call was wrong. */
const OF_THE_LANGUAGE = ["TypeError", "ReferenceError", "RangeError", "SyntaxError", "AssertionError"];

/** What threw an error: a package, by where it arose or by its class; Node; undefined where this program did. */
function libraryOf({ name, stack = "" }: Error): string | undefined {
  if (OF_THE_LANGUAGE.includes(name)) return undefined;
  const [, frame] = /^ {4}at (.*)$/m.exec(stack) ?? [];
  // What arose outside of JavaScript has no place in it.
  if (frame === undefined) return "a native library";
  const [, library] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(frame) ?? [];
  if (library !== undefined) return library;
  if (frame.includes("node:")) return "Node";
  return name === "Error" ? undefined : name;
}

/** The stacks of an error and of its causes. */
function originOf(error: unknown): string[] {
  if (!(error instanceof Error)) return error === undefined ? [] : [`caused by ${String(error)}`];
  const { stack = String(error), cause } = error;
  return [...stack.split("\n").map((line) => `  ${line}`), ...originOf(cause)];
}
