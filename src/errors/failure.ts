/**
 * Errors for users: mistakes of the person at the keyboard, or in what they gave. They are reported in one line, without a
 * stack trace. Everything else that is thrown is a defect of this project, and is a plain `Error`.
 */
import { type Code, entryOf, type ValuesOf } from "./catalogue/catalogue.ts";
import type { ExitCode, Status } from "./entry.ts";

/** Made by `failure`; `code` says which error of the catalogue it is, `values` what its message was made of. */
export class UserError<C extends Code = Code> extends Error {
  override readonly name = "UserError";
  readonly code: C;
  readonly values: ValuesOf<C>;
  /** Where it happened, as far as the code that found it could not know: the line of a request, the run of a search. */
  readonly place: string | undefined;

  constructor(code: C, values: ValuesOf<C>, place?: string) {
    const text = entryOf(code).message(values as never);
    super(place === undefined ? text : `${place}: ${text}`);
    this.code = code;
    this.values = values;
    this.place = place;
  }

  /** What an HTTP server answers. */
  get status(): Status {
    return entryOf(this.code).status;
  }

  /** What the command line exits with. */
  get exitCode(): ExitCode {
    return entryOf(this.code).exitCode ?? 1;
  }
}

/** An error of the catalogue, to be thrown. */
export function failure<C extends Code>(code: C, values: ValuesOf<C>): UserError<C> {
  return new UserError(code, values);
}

/** The same error with a place in front of its message. */
export function within<C extends Code>(place: string, { code, values, place: inner }: UserError<C>): UserError<C> {
  return new UserError(code, values, inner === undefined ? place : `${place}: ${inner}`);
}

/** Whether `error` is the one of that code, whose values can then be read. */
export function isFailure<C extends Code>(error: unknown, code: C): error is UserError<C> {
  return error instanceof UserError && error.code === code;
}
