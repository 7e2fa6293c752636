/** What every format makes of a file: rows of texts, whose rules are the same from here on. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { fileFailure } from "../../../database/errors.ts";
import { failure, isFailure } from "../../../errors/failure.ts";

/** What columns may hold, as errors call it. */
export const HAVE_TEXT = "texts, numbers or times";

/** A row that could not be read at all. Rows are counted from 1, a header is none. */
export interface BrokenRow {
  readonly row: number;
  readonly why: string;
  /** Lines that it has beside the first, as far as it is known where it ends. */
  readonly further?: number;
}

/** The lines of a file, those that are blank left aside. */
export interface Lined {
  /** Before the first row. */
  readonly outside: number;
  /** Whether a value may run over several, within quotes. */
  readonly mayRunOn: boolean;
  /** Whether they are the bytes of the file itself, unpacked, so that whoever reads it can count them. */
  readonly areOfFile: boolean;
  /** Counts all of them. */
  count(): Promise<number>;
}

/** A file whose rows DuckDB can read as texts. */
export interface TextRows {
  /** As errors call it. */
  readonly name: string;
  /** Exact names in the file's order; where every row names its own (NDJSON), those of all rows or of the first few. */
  readonly columns: readonly string[] | ((first?: number) => Promise<readonly string[]>);
  /** Of files whose rows are lines, for the account of them; without it nothing is lost unseen. */
  readonly lined?: Lined | undefined;
  /** Whether its header looks like a row of values, as that of a file without one does. */
  readonly isHeaderDoubtful?: boolean;
  /** Columns that hold something else than texts, numbers and times, in all rows or in the first few: what it is ("lists"). */
  nested?(columns: readonly string[], first: number): Promise<ReadonlyMap<string, string>>;
  /**
   * A SELECT with a column `c0`, `c1`, ... for each of `wanted`: texts, null where missing or empty. And `fault`: why a
   * row cannot be used whatever its values are, or null; and `row`, its number in the file, if they are to be numbered.
   * What is a list in the file is the text of a JSON array in columns that are in `lists`, and an object that of one in
   * columns of `objects`; in others it cannot be used.
   */
  select(wanted: readonly string[], numbered: boolean, lists?: readonly string[], objects?: readonly string[]): string;
  /**
   * Where readers leave out rows that they cannot read (CSV): those of the latest unnumbered reading, in order. Numbers
   * of rows are then of readable ones.
   */
  takeBroken?(): Promise<BrokenRow[]>;
}

/** A table of more columns is none of events, and DuckDB's memory and time grow with them as with rows. */
const MOST_COLUMNS = 10_000;

/** @throws UserError where a source has more columns than can be read */
export function checkWidth(name: string, columns: number, most = MOST_COLUMNS): void {
  if (columns > most) throw failure("source.too-wide", { source: name, expected: most, found: columns });
}

/** The rows of a query over a file. @throws UserError where DuckDB cannot read the file */
export async function queryFile(connection: DuckDBConnection, name: string, sql: string): Promise<unknown[][]> {
  const result = await connection.runAndReadAll(sql).catch((error: unknown) => {
    throw unreadable(name, error);
  });
  return result.getRowsJS() as unknown[][];
}

/** What zstd calls a stream that is damaged (`ERR_getErrorString` of its library); DuckDB passes that on as it is. */
const DAMAGED_ZSTD =
  /^(?:Restored data doesn't match checksum|Data corruption detected|Unknown frame descriptor|Unsupported frame parameter|Header of Literals' block doesn't respect format specification|Dictionary (?:is corrupted|mismatch)|Destination buffer is too small|Src size is incorrect)$/;

/** An error of a query about a file as one that names it; errors that are not the file's come back unchanged. */
export function unreadable(name: string, error: unknown): unknown {
  if (!isFailure(error, "database.failed")) return fileFailure(error, "read", name);
  const { values, cause } = error;
  if (DAMAGED_ZSTD.test(values.reason)) return failure("file.bad-stream", { path: name, reason: values.reason }, cause);
  if (/state machine reached an invalid state/.test(values.reason)) {
    const reason = "its quotes or line ends are not those of CSV (lines that end in \\n and \\r\\n by turns?)";
    return failure("file.unusable", { action: "read", path: name, reason }, cause);
  }
  return fileFailure(error, "read", name);
}
