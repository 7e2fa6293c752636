/**
 * Typed arrays to Parquet and back, through DuckDB.
 */
import {
  BIGINT,
  DOUBLE,
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
): Promise<void> {
  const table = columns.map(({ name, type }) => `"${name}" ${handedOver(type)}`).join(", ");
  await connection.run(`CREATE TABLE outgoing (${table})`);
  try {
    const appender = await connection.createAppender("outgoing");
    const types = columns.map(({ type }) => handedOver(type));
    for (let from = 0; from < rows; from += CHUNK_ROWS) {
      const chunk = DuckDBDataChunk.create(types, Math.min(CHUNK_ROWS, rows - from));
      columns.forEach((column, index) => {
        const vector = chunk.getColumnVector(index);
        fillVector(vector, column, from, chunk.rowCount);
        vector.flush();
      });
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
    const casts = columns.map(({ name, type }) => `"${name}"::${stored[type]} AS "${name}"`).join(", ");
    await connection
      .run(`COPY (SELECT ${casts} FROM outgoing) TO ${quote(path)} (FORMAT parquet, COMPRESSION zstd)`)
      .catch((error: unknown) => {
        throw new UserError(`cannot write ${path}: ${reason(error)}`);
      });
  } finally {
    await connection.run("DROP TABLE outgoing");
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

/** What to read: a column's name and the DuckDB type to cast it to. */
export interface Wanted {
  readonly name: string;
  readonly type: "INTEGER" | "FLOAT" | "VARCHAR" | "INTEGER[]";
}

/**
 * Reads columns of a Parquet file in file order, chunk by chunk: `take(vectors, row, rows)` gets the vectors of
 * the rows from `row` on.
 * @throws UserError where the file is missing, damaged, or lacks a column.
 */
export async function readParquet(
  connection: DuckDBConnection,
  path: string,
  wanted: readonly Wanted[],
  take: (vectors: readonly DuckDBVector[], row: number, rows: number) => void,
): Promise<number> {
  const list = wanted.map(({ name, type }) => `"${name}"::${type}`).join(", ");
  let row = 0;
  const told = (error: unknown) => new UserError(`cannot read ${path}: ${reason(error)}`);
  const result = await connection
    .stream(`SELECT ${list} FROM read_parquet(${literally(path)})`)
    .catch((error: unknown) => {
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

/** A file's name to read from; a bracket keeps DuckDB from taking it for a pattern. */
export function literally(path: string): string {
  return quote(path.replace(/[*?[]/g, "[$&]"));
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** DuckDB adds the query after the first line, and the file's name before the system's reason. */
export function reason(error: unknown): string {
  const [line] = (error instanceof Error ? error.message : String(error)).split("\n", 1);
  return line.replace(/^IO Error: .*": /, "");
}
