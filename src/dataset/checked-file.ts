/**
 * A file of a dataset folder as numbers and texts, the whole of it or some rows: each value is there, of its type, and
 * within the bounds that its layout gives it.
 */
import type { DuckDBConnection, DuckDBVector } from "@duckdb/node-api";
import { failure, type UserError } from "../errors/failure.ts";
import type { FormatColumn, FormatFile } from "./layout.ts";
import type { Manifest } from "./manifest.ts";
import { listVector, type RowRange, readParquet } from "./parquet.ts";
import { type VerifiedFiles, wasChanged } from "./verified-files.ts";

/** A dataset folder, and a connection to read it with, which keeps the order of rows. */
export interface Folder {
  readonly connection: DuckDBConnection;
  readonly directory: string;
  readonly manifest: Manifest;
  readonly files: VerifiedFiles;
}

/** The values of a column in some rows. */
export interface CheckedColumn {
  /** [rows] numbers within the bounds of the column; of lists, the numbers of all rows one after the other. */
  readonly numbers: Float64Array;
  /** Of lists [rows + 1]: those of row i are numbers[offsets[i] .. offsets[i + 1]). */
  readonly offsets: Int32Array;
  /** [rows] of a column of texts. */
  readonly texts: readonly string[];
}

/** The columns that were asked for, by name. */
type CheckedColumns = Readonly<Record<string, CheckedColumn>>;

/** Consecutive rows of a file, which stay as they are until the next ones come. */
export interface CheckedRows extends RowRange {
  readonly columns: CheckedColumns;
}

/** What to read of a file; without it, everything. Rules are kept of what is read. */
export interface Selection {
  readonly rows?: RowRange;
  readonly columns?: readonly string[];
}

/** How many numbers the list in a row has. */
export function lengthOf({ offsets }: CheckedColumn, row: number): number {
  return offsets[row + 1] - offsets[row];
}

/** Reads a file by its layout: `take` gets rows whose values are of the right type and within their bounds. */
export async function scanFile(
  { connection, directory, files }: Folder,
  file: FormatFile,
  { rows: only, columns: names }: Selection = {},
  take: (path: string, rows: CheckedRows) => void | Promise<void>,
): Promise<void> {
  const columns = names === undefined ? file.columns : file.columns.filter(({ name }) => names.includes(name));
  const expected = only?.count ?? file.rows;
  await files.use(file.name, async (path) => {
    const checks = columns.map((column) => checkOf(path, column));
    const found = await readParquet(
      connection,
      path,
      columns,
      (vectors, row, count) => {
        if (row + count > expected) return;
        const first = (only?.first ?? 0) + row;
        const checked = columns.map(({ name }, i) => [name, checks[i](vectors[i], first, count)]);
        return take(path, { first, count, columns: Object.fromEntries(checked) });
      },
      only,
    );
    if (only === undefined) checkCount(path, "rows", found, expected);
    else if (found !== expected) throw wasChanged(directory, file.name);
  });
}

/** Checks the values of a column in `count` rows from `row` on. */
type Check = (vector: DuckDBVector, row: number, count: number) => CheckedColumn;

function checkOf(path: string, column: FormatColumn): Check {
  if (column.bounds === undefined) return textCheck(path, column.name);
  return column.type.endsWith("[]") ? listCheck(path, column) : numberCheck(path, column);
}

const NO_NUMBERS = new Float64Array();
const NO_OFFSETS = new Int32Array();

function textCheck(path: string, name: string): Check {
  return (vector, row, count) => {
    const texts = Array.from({ length: count }, (_, i) => {
      const text = vector.getItem(i);
      if (typeof text !== "string") throw badRow(path, row + i, name, "a text", text);
      return text;
    });
    return { numbers: NO_NUMBERS, offsets: NO_OFFSETS, texts };
  };
}

function numberCheck(path: string, column: FormatColumn): Check {
  const buffer = new NumberBuffer(path, column);
  return (vector, row, count) => {
    const numbers = buffer.take(count);
    buffer.copy(vector, 0, count, 0, (i) => row + i);
    return { numbers, offsets: NO_OFFSETS, texts: [] };
  };
}

function listCheck(path: string, column: FormatColumn): Check {
  const buffer = new NumberBuffer(path, column);
  const { lengths } = column;
  return (vector, row, count) => {
    const lists = listVector(vector);
    const offsets = new Int32Array(count + 1);
    for (let i = 0; i < count; i++) {
      const length = lists.getEntryLength(i);
      // A list that is missing has no numbers either.
      if (length === 0 && lists.getItemVector(i) === null) throw badRow(path, row + i, column.name, "a list", null);
      if (lengths && (length < lengths[0] || length > lengths[1])) {
        throw badRow(path, row + i, column.name, `${lengths[0]} to ${lengths[1]} values`, `${length} values`);
      }
      offsets[i + 1] = offsets[i] + length;
    }
    const numbers = buffer.take(offsets[count]);
    const { childVector } = lists;
    for (let i = 0; i < count; i++) {
      const from = lists.getEntryOffset(i);
      buffer.copy(childVector, from, from + offsets[i + 1] - offsets[i], offsets[i], () => row + i);
    }
    return { numbers, offsets, texts: [] };
  };
}

/** Memory for the numbers of a column, used again for each stretch of rows: there may be many. */
class NumberBuffer {
  readonly #path: string;
  readonly #name: string;
  readonly #least: number;
  readonly #most: number;
  readonly #mayLack: boolean;
  #numbers = new Float64Array(2048);

  constructor(path: string, { name, bounds, mayLack = false }: FormatColumn) {
    this.#path = path;
    this.#name = name;
    [this.#least, this.#most] = bounds!;
    this.#mayLack = mayLack;
  }

  /** Room for `count` numbers, until the next time. */
  take(count: number): Float64Array {
    if (count > this.#numbers.length) this.#numbers = new Float64Array(2 * count);
    return this.#numbers.subarray(0, count);
  }

  /** Copies values [from, to) of a vector to places `at` and following; `rowOf` gives the row of a value. */
  copy(vector: DuckDBVector, from: number, to: number, at: number, rowOf: (i: number) => number): void {
    const [numbers, least, most] = [this.#numbers, this.#least, this.#most];
    for (let i = from; i < to; i++) {
      const value = vector.getItem(i);
      if (typeof value !== "number" || !((value >= least && value <= most) || (Number.isNaN(value) && this.#mayLack))) {
        throw badRow(this.#path, rowOf(i), this.#name, `${least} to ${most}`, value);
      }
      numbers[at + i - from] = value;
    }
  }
}

/** The error of a row that breaks a rule. */
export function badRow(
  path: string,
  row: number,
  column: string,
  expected: string | number,
  found: unknown,
): UserError {
  return failure("dataset.bad-row", { path, row, column, expected: `${expected}`, found: `${found}` });
}

/** @throws UserError where a file does not hold as much as its manifest has written down */
export function checkCount(path: string, what: string, found: number, expected: number): void {
  if (found !== expected) throw failure("dataset.wrong-count", { path, what, expected, found });
}
