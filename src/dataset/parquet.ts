/**
 * Typed arrays to Parquet and back, through DuckDB.
 */
import {
  BIGINT,
  DOUBLE,
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBListValue,
  DuckDBListVector,
  type DuckDBType,
  type DuckDBVector,
  FLOAT,
  INTEGER,
  LIST,
  VARCHAR,
} from "@duckdb/node-api";
import { fileFailure, parquetFailure } from "../database/errors.ts";
import { identifier, literalPath, quote } from "../database/sql.ts";
import { turn } from "../interruption.ts";

/** Rows of one DuckDB vector. */
const CHUNK_ROWS = 2048;
const CHUNKS_PER_TURN = 16;

export type ColumnType = "int32" | "int64" | "float32" | "string" | "int32[]" | "int64[]";

export interface TypedColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** Lists of numbers: those of row i are values[begins[i] .. ends[i]). */
export interface Lists {
  readonly values: Int32Array | Float64Array;
  readonly begins: Int32Array;
  readonly ends: Int32Array;
}

/** What a column holds, as its type demands. Values of int64 are whole float64. */
export type ColumnValues = Int32Array | Float32Array | Float64Array | readonly string[] | Lists;

/** The types of columns in files. */
const stored: Record<ColumnType, DuckDBType> = {
  int32: INTEGER,
  int64: BIGINT,
  float32: FLOAT,
  string: VARCHAR,
  "int32[]": LIST(INTEGER),
  "int64[]": LIST(BIGINT),
};

/** The types in which values cross between JavaScript and DuckDB: no BigInt for every value. */
function handedOver(type: ColumnType): DuckDBType {
  if (type === "int64") return DOUBLE;
  return type === "int64[]" ? LIST(DOUBLE) : stored[type];
}

/** A column in a SELECT in the type that it has in files. */
export function storedColumn({ name, type }: TypedColumn, as = name): string {
  return `${identifier(name)}::${stored[type]} AS ${identifier(as)}`;
}

/** Writes what a query gives, in its order, as zstd Parquet: straight to `path`, a temporary name. @throws UserError where the file cannot be written. */
export async function copyToParquet(
  connection: DuckDBConnection,
  query: string,
  path: string,
  rowGroup?: number,
): Promise<void> {
  const groups = rowGroup === undefined ? "" : `, ROW_GROUP_SIZE ${rowGroup}`;
  await connection
    .run(`COPY (${query}) TO ${quote(path)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false${groups})`)
    .catch((error: unknown) => {
      throw fileFailure(error, "write", path);
    });
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

/** A new table of the database that grows as rows come: rows of any number go out without being held in memory. */
export class TableWriter {
  readonly #types: readonly DuckDBType[];
  readonly #appender: DuckDBAppender;

  private constructor(types: readonly DuckDBType[], appender: DuckDBAppender) {
    this.#types = types;
    this.#appender = appender;
  }

  static async create(
    connection: DuckDBConnection,
    name: string,
    columns: readonly TypedColumn[],
  ): Promise<TableWriter> {
    const list = columns.map(({ name, type }) => `${identifier(name)} ${handedOver(type)}`).join(", ");
    await connection.run(`CREATE TABLE ${identifier(name)} (${list})`);
    const types = columns.map(({ type }) => handedOver(type));
    return new TableWriter(types, await connection.createAppender(name));
  }

  /** Adds the first `rows` rows of the columns, which are those of the table in its order. */
  append(rows: number, columns: readonly ColumnValues[]): void {
    for (let from = 0; from < rows; from += CHUNK_ROWS) this.#appendChunk(columns, from, rows);
  }

  /** `append` of any number of rows: the event loop turns meanwhile, so it can be interrupted. */
  async appendMany(rows: number, columns: readonly ColumnValues[]): Promise<void> {
    for (let from = 0; from < rows; from += CHUNK_ROWS) {
      this.#appendChunk(columns, from, rows);
      if ((from / CHUNK_ROWS) % CHUNKS_PER_TURN === 0) await turn();
    }
  }

  #appendChunk(columns: readonly ColumnValues[], from: number, rows: number): void {
    const chunk = DuckDBDataChunk.create(this.#types, Math.min(CHUNK_ROWS, rows - from));
    columns.forEach((values, index) => {
      const vector = chunk.getColumnVector(index);
      fillVector(vector, values, from, chunk.rowCount);
      vector.flush();
    });
    this.#appender.appendDataChunk(chunk);
  }

  /** The table is complete, and its rows can be read. */
  finish(): void {
    this.#appender.closeSync();
  }
}

function fillVector(vector: DuckDBVector, values: ColumnValues, from: number, rows: number): void {
  for (let i = 0; i < rows; i++) {
    if ("begins" in values) {
      const list = Array.from(values.values.subarray(values.begins[from + i], values.ends[from + i]));
      vector.setItem(i, new DuckDBListValue(list));
    } else {
      vector.setItem(i, values[from + i]);
    }
  }
}

/** Consecutive rows of a file. */
export interface RowRange {
  readonly first: number;
  readonly count: number;
}

/**
 * Reads columns of a Parquet file in file order, chunk by chunk: `take(vectors, row, rows)` gets the vectors of
 * the rows from `row` on, counted from the first one read. With `only`, reads those rows (and, of the file, little else).
 * A chunk is asked for when the one before has been taken. Returns the number of rows.
 * @throws UserError where the file is missing, damaged, or lacks a column.
 */
export async function readParquet(
  connection: DuckDBConnection,
  path: string,
  columns: readonly TypedColumn[],
  take: (vectors: readonly DuckDBVector[], row: number, rows: number) => void | Promise<void>,
  only?: RowRange,
): Promise<number> {
  const list = columns.map(({ name, type }) => `${identifier(name)}::${handedOver(type)}`).join(", ");
  const source = only
    ? `read_parquet(${literalPath(path)}, file_row_number = true)
       WHERE file_row_number BETWEEN ${only.first} AND ${only.first + only.count - 1}`
    : `read_parquet(${literalPath(path)})`;
  let row = 0;
  const result = await connection.stream(`SELECT ${list} FROM ${source}`).catch((error: unknown) => {
    throw parquetFailure(error, path);
  });
  for (;;) {
    const chunk = await result.fetchChunk().catch((error: unknown) => {
      throw parquetFailure(error, path);
    });
    if (chunk === null || chunk.rowCount === 0) return row;
    await take(
      columns.map((_, index) => chunk.getColumnVector(index)),
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
