/**
 * Errors for users: mistakes of the person at the keyboard, or in what they gave. They are reported in one line, without a
 * stack trace. Everything else that is thrown is a defect of this project, and is a plain `Error`.
 */
import { type Code, codes, entryOf, type ValuesOf } from "./catalogue/catalogue.ts";
import type { ExitCode, Status } from "./entry.ts";

/** What the code that found an error could not know. */
export interface Circumstances {
  /** Where it happened, from the outside in: the line of a request, the run of a search. They stand before the message. */
  readonly places?: readonly string[];
  /** What may be the reason. Stands behind the message. */
  readonly note?: string;
}

/** Made by `failure`; `code` says which error of the catalogue it is, `values` what its message was made of. */
export class UserError<C extends Code = Code> extends Error {
  override readonly name = "UserError";
  readonly code: C;
  readonly values: ValuesOf<C>;
  readonly circumstances: Circumstances;

  /** `cause` is what a system or library threw, for those who want to know more. */
  constructor(code: C, values: ValuesOf<C>, circumstances: Circumstances = {}, cause?: unknown) {
    const { places = [], note } = circumstances;
    const text = entryOf(code).message(values as never);
    super(
      `${[...places, text].join(": ")}${note === undefined ? "" : `; ${note}`}`,
      cause === undefined ? undefined : { cause },
    );
    this.code = code;
    this.values = values;
    this.circumstances = circumstances;
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

/** An error of the catalogue, to be thrown; `cause` is what a system or library threw. */
export function failure<C extends Code>(code: C, values: ValuesOf<C>, cause?: unknown): UserError<C> {
  return new UserError(code, values, {}, cause);
}

/** The same error with a place in front of its message. */
export function within<C extends Code>(place: string, error: UserError<C>): UserError<C> {
  const { code, values, circumstances, cause } = error;
  const { places = [] } = circumstances;
  return new UserError(code, values, { ...circumstances, places: [place, ...places] }, cause);
}

/** The same error with a note behind its message. */
export function noted<C extends Code>(error: UserError<C>, note: string): UserError<C> {
  const { code, values, circumstances, cause } = error;
  return new UserError(code, values, { ...circumstances, note }, cause);
}

/** The same error with other values in its message. */
export function retold<C extends Code>(error: UserError<C>, values: Partial<ValuesOf<C>>): UserError<C> {
  const { code, circumstances, cause } = error;
  return new UserError(code, { ...error.values, ...values }, circumstances, cause);
}

/** Whether `error` is the one of that code, whose values can then be read. */
export function isFailure<C extends Code>(error: unknown, code: C): error is UserError<C> {
  return error instanceof UserError && error.code === code;
}

/**
 * What a worker thread threw, as the thread that started it receives it: a copy that keeps properties but, of an error for
 * users, not its class.
 */
export function revived(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if (error.name !== "UserError" || !isCopy(error)) return error;
  return new UserError(error.code, error.values, error.circumstances, error.cause);
}

function isCopy(error: object): error is Pick<UserError, "code" | "values" | "circumstances"> {
  return "code" in error && codes.includes(error.code as Code);
}
