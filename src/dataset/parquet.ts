/**
 * Typed arrays to Parquet and back, through DuckDB.
 */
import {
  BIGINT,
  DOUBLE,
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBListValue,
  DuckDBListVector,
  type DuckDBType,
  type DuckDBVector,
  FLOAT,
  INTEGER,
  LIST,
  VARCHAR,
} from "@duckdb/node-api";
import { UserError } from "../errors.ts";
import { literalPath, quote, reason } from "./sql.ts";

/** Rows of one DuckDB vector. */
const CHUNK_ROWS = 2048;

/** A column to write. Lists are flat values with offsets [rows + 1]; int64 values come as whole float64. */
export type Column =
  | { readonly name: string; readonly type: "int64"; readonly values: Float64Array }
  | { readonly name: string; readonly type: "int32" | "float32"; readonly values: Int32Array | Float32Array }
  | { readonly name: string; readonly type: "string"; readonly values: readonly string[] }
  | {
      readonly name: string;
      readonly type: "int32[]" | "int64[]";
      readonly values: Int32Array | Float64Array;
      readonly offsets: Int32Array;
    };

const stored: Record<Column["type"], DuckDBType> = {
  int32: INTEGER,
  int64: BIGINT,
  float32: FLOAT,
  string: VARCHAR,
  "int32[]": LIST(INTEGER),
  "int64[]": LIST(BIGINT),
};

/** int64 values are handed over as float64 and cast by DuckDB: no BigInt for every value. */
const handedOver = (type: Column["type"]) =>
  type === "int64" ? DOUBLE : type === "int64[]" ? LIST(DOUBLE) : stored[type];

/** Runs `body` with a connection to an empty database in memory, which unless `settings` say so never spills to disk. */
export async function withDuckDB<T>(
  body: (connection: DuckDBConnection) => Promise<T>,
  settings: Readonly<Record<string, string>> = { temp_directory: "" },
): Promise<T> {
  const instance = await DuckDBInstance.create(":memory:", settings);
  const connection = await instance.connect();
  try {
    return await body(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Writes `rows` rows as zstd Parquet. @throws UserError where the file cannot be written. */
export async function writeParquet(
  connection: DuckDBConnection,
  path: string,
  rows: number,
  columns: readonly Column[],
  rowGroup?: number,
): Promise<void> {
  const table = await TableWriter.create(connection, "outgoing", columns);
  try {
    table.append(rows, columns);
    table.finish();
    await copyToParquet(connection, `SELECT ${table.stored} FROM outgoing`, path, rowGroup);
  } finally {
    await connection.run("DROP TABLE outgoing");
  }
}

/** Writes what a query gives, in its order, as zstd Parquet. @throws UserError where the file cannot be written. */
export async function copyToParquet(
  connection: DuckDBConnection,
  query: string,
  path: string,
  rowGroup?: number,
): Promise<void> {
  const groups = rowGroup === undefined ? "" : `, ROW_GROUP_SIZE ${rowGroup}`;
  await connection
    .run(`COPY (${query}) TO ${quote(path)} (FORMAT parquet, COMPRESSION zstd${groups})`)
    .catch((error: unknown) => {
      throw new UserError(`cannot write ${path}: ${reason(error)}`);
    });
}

/** A new table of the database that grows as rows come: rows of any number go out without being held in memory. */
export class TableWriter {
  readonly #columns: readonly Pick<Column, "name" | "type">[];
  readonly #types: readonly DuckDBType[];
  readonly #appender: DuckDBAppender;

  private constructor(columns: readonly Pick<Column, "name" | "type">[], appender: DuckDBAppender) {
    this.#columns = columns;
    this.#types = columns.map(({ type }) => handedOver(type));
    this.#appender = appender;
  }

  static async create(
    connection: DuckDBConnection,
    name: string,
    columns: readonly Pick<Column, "name" | "type">[],
  ): Promise<TableWriter> {
    const list = columns.map(({ name, type }) => `"${name}" ${handedOver(type)}`).join(", ");
    await connection.run(`CREATE TABLE "${name}" (${list})`);
    return new TableWriter(columns, await connection.createAppender(name));
  }

  /** The columns as a SELECT gives them in the types that they have in files. */
  get stored(): string {
    return this.#columns.map(({ name, type }) => `"${name}"::${stored[type]} AS "${name}"`).join(", ");
  }

  /** Adds the first `rows` rows of the columns, which are those of the table in its order. */
  append(rows: number, columns: readonly Column[]): void {
    for (let from = 0; from < rows; from += CHUNK_ROWS) {
      const chunk = DuckDBDataChunk.create(this.#types, Math.min(CHUNK_ROWS, rows - from));
      columns.forEach((column, index) => {
        const vector = chunk.getColumnVector(index);
        fillVector(vector, column, from, chunk.rowCount);
        vector.flush();
      });
      this.#appender.appendDataChunk(chunk);
    }
  }

  /** The table is complete, and its rows can be read. */
  finish(): void {
    this.#appender.closeSync();
  }
}

function fillVector(vector: DuckDBVector, column: Column, from: number, rows: number): void {
  for (let i = 0; i < rows; i++) {
    if ("offsets" in column) {
      const list = Array.from(column.values.subarray(column.offsets[from + i], column.offsets[from + i + 1]));
      vector.setItem(i, new DuckDBListValue(list));
    } else {
      vector.setItem(i, column.values[from + i]);
    }
  }
}

/**
 * Writes a CSV file, with a header and empty cells for what is missing, as zstd Parquet, row by row as it stands.
 * `columns` are all of the file's, with their DuckDB types. @throws UserError where the file cannot be written.
 */
export async function csvToParquet(
  connection: DuckDBConnection,
  csv: string,
  path: string,
  columns: readonly { readonly name: string; readonly type: string }[],
): Promise<void> {
  const types = columns.map(({ name, type }) => `${quote(name)}: ${quote(type)}`).join(", ");
  const rows = `read_csv(${literalPath(csv)}, header = true, auto_detect = false, quote = '"', columns = {${types}})`;
  await copyToParquet(connection, `FROM ${rows}`, path);
}

/** What to read: a column's name and the DuckDB type to cast it to. */
export interface Wanted {
  readonly name: string;
  readonly type: "INTEGER" | "FLOAT" | "VARCHAR" | "INTEGER[]";
}

/** A stretch of a file's rows. */
export interface Rows {
  readonly first: number;
  readonly count: number;
}

/**
 * Reads columns of a Parquet file in file order, chunk by chunk: `take(vectors, row, rows)` gets the vectors of
 * the rows from `row` on, counted from the first one read. With `only`, reads those rows (and, of the file, little else).
 * Returns the number of rows.
 * @throws UserError where the file is missing, damaged, or lacks a column.
 */
export async function readParquet(
  connection: DuckDBConnection,
  path: string,
  wanted: readonly Wanted[],
  take: (vectors: readonly DuckDBVector[], row: number, rows: number) => void,
  only?: Rows,
): Promise<number> {
  const list = wanted.map(({ name, type }) => `"${name}"::${type}`).join(", ");
  const source = only
    ? `read_parquet(${literalPath(path)}, file_row_number = true)
       WHERE file_row_number BETWEEN ${only.first} AND ${only.first + only.count - 1}`
    : `read_parquet(${literalPath(path)})`;
  let row = 0;
  const told = (error: unknown) => new UserError(`cannot read ${path}: ${reason(error)}`);
  const result = await connection.stream(`SELECT ${list} FROM ${source}`).catch((error: unknown) => {
    throw told(error);
  });
  for (;;) {
    const chunk = await result.fetchChunk().catch((error: unknown) => {
      throw told(error);
    });
    if (chunk === null || chunk.rowCount === 0) return row;
    take(
      wanted.map((_, index) => chunk.getColumnVector(index)),
      row,
      chunk.rowCount,
    );
    row += chunk.rowCount;
  }
}

/** The vector of a list column. */
export function listVector(vector: DuckDBVector): DuckDBListVector {
  if (!(vector instanceof DuckDBListVector)) throw new TypeError(`a list was expected, not ${vector.type}`);
  return vector;
}
