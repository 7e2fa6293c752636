/** What DuckDB throws, as errors of the catalogue. */
import { failure, isFailure, type UserError } from "../errors/failure.ts";

/** What DuckDB puts before a message, sometimes several of them. */
const KIND = /^(?:[A-Z]\w*(?: [A-Za-z]+)* Error|Failed to (?:commit|append|execute\w*)): /;
const NO_ROOM = /Out of Memory Error|No space left|not enough space|quota exceeded|attempted to write 0 bytes/i;

/** The first line of a message, without the kinds, and without a file's name before the system's reason. */
export function reason(error: unknown): string {
  let [line] = (error instanceof Error ? error.message : String(error)).split("\n", 1);
  for (let kind = KIND.exec(line); kind !== null; kind = KIND.exec(line)) line = line.slice(kind[0].length);
  return line.replace(/^(?:Could not|Cannot) [^"]*"[^"]*"[^:"]*: /, "");
}

/** The errors of a database. One that has run out of room may fail in any way after that: it is that of which people hear. */
export class ErrorsOf {
  readonly #place: string;
  #noRoom: UserError | undefined;

  /** @param place where the database keeps what memory does not hold */
  constructor(place: string) {
    this.#place = place;
  }

  /** What a call of DuckDB's threw as an error for users; what is no error of DuckDB's comes back unchanged. */
  translate(error: unknown): unknown {
    if (!(error instanceof Error) || error.constructor !== Error) return error;
    const values = { path: this.#place, reason: reason(error) };
    if (NO_ROOM.test(error.message)) this.#noRoom ??= failure("file.no-room", values, error);
    return this.#noRoom ?? failure("database.failed", values, error);
  }
}

/** An error of a query about a file, where it is that file's: with its name, and what was tried. */
export function fileFailure(error: unknown, action: string, path: string): unknown {
  if (!isFailure(error, "database.failed") && !isFailure(error, "file.no-room")) return error;
  const { cause, values } = error;
  const about = { action, path, reason: values.reason };
  if (error.code === "database.failed") return failure("file.unusable", about, cause);
  return (cause as Error).message.includes(`"${path}"`) ? failure("file.disk-full", about, cause) : error;
}

/** An error of a query about a Parquet file that should hold certain columns. */
export function parquetFailure(error: unknown, path: string): unknown {
  if (!isFailure(error, "database.failed")) return error;
  const { cause, values } = error;
  const { message } = cause as Error;
  if (message.startsWith("IO Error: No files found")) return failure("file.absent", { action: "read", path }, cause);
  if (message.startsWith("IO Error: ")) return fileFailure(error, "read", path);
  return failure("file.damaged", { path, problem: damage(values.reason) }, cause);
}

function damage(reason: string): string {
  if (/magic bytes|too small/.test(reason)) return "it is no whole Parquet file";
  const [, column] = /Referenced column "(.+?)" not found/.exec(reason) ?? [];
  return column === undefined ? `it cannot be read as Parquet: ${reason}` : `it has no column "${column}"`;
}
