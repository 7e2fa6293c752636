/** One kind of error for users, as the catalogue describes it. */

/** What an HTTP server answers. */
export type Status = 400 | 401 | 404 | 405 | 408 | 409 | 413 | 415 | 421 | 422 | 431 | 500 | 503 | 504 | 507;

/** What the command line exits with: 2 for wrong usage, 1 for everything else. */
export type ExitCode = 1 | 2;

/**
 * `V` holds the named values of the message. A value that names a place is called `path`, `row`, `line`, `column` or
 * `field`; what was asked for and what was there are called `expected` and `found`.
 */
export interface Entry<V> {
  readonly status: Status;
  /** 1 where it is absent. */
  readonly exitCode?: ExitCode;
  /** When it occurs, in one sentence, for `docs/errors.md`. */
  readonly meaning: string;
  /** What people read. It knows no flags and no commands: the command line adds those (`src/cli/hints.ts`). */
  readonly message: (values: V) => string;
}

/** Entries of one subject, whose codes begin with it. Each has values of its own. */
export type Entries<Subject extends string> = Readonly<Record<`${Subject}.${string}`, Entry<never>>>;
