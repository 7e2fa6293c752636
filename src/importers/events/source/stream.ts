/**
 * Rows out of the database in their order, as numbers, a bounded stretch at a time.
 */
import type { DuckDBConnection, DuckDBVector } from "@duckdb/node-api";

/** A column of numbers; whole ones that 32 bits do not hold come as float64. */
export interface NumberColumn {
  readonly name: string;
  readonly type: "int32" | "float64";
}
type Numbers = Int32Array | Float64Array;

/** Calls `take` with each chunk of what a query gives. */
export async function readChunks(
  connection: DuckDBConnection,
  query: string,
  take: (vectors: readonly DuckDBVector[], rows: number) => void | Promise<void>,
): Promise<void> {
  const result = await connection.stream(query);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    const vectors = Array.from({ length: chunk.columnCount }, (_, index) => chunk.getColumnVector(index));
    await take(vectors, chunk.rowCount);
  }
}

/** The number that a query gives. */
export async function oneNumber(connection: DuckDBConnection, query: string): Promise<number> {
  const reader = await connection.runAndReadAll(`SELECT (${query})::DOUBLE`);
  return reader.getRows()[0][0] as number;
}

/** The texts of a query's only column, in order. */
export async function readTexts(
  connection: DuckDBConnection,
  query: string,
  take: (text: string | null, index: number) => void,
): Promise<void> {
  let index = 0;
  await readChunks(connection, query, ([texts], rows) => {
    for (let i = 0; i < rows; i++) take(texts.getItem(i) as string | null, index++);
  });
}

/** The numbers that a query of one column gives. */
export async function readInt32(connection: DuckDBConnection, query: string): Promise<Int32Array> {
  const reader = await connection.runAndReadAll(query);
  return Int32Array.from((reader.getColumns()[0] ?? []) as number[]);
}

/** Whole columns of a table that is small enough, in its order. No value may be null. */
export async function readIntegers(
  connection: DuckDBConnection,
  table: string,
  columns: readonly string[],
  rows: number,
): Promise<Int32Array[]> {
  const read = columns.map(() => new Int32Array(rows));
  if (columns.length === 0) return read;
  let row = 0;
  await readChunks(connection, `SELECT ${columns.join(", ")} FROM ${table}`, (vectors, count) => {
    vectors.forEach((vector, column) => {
      for (let i = 0; i < count; i++) read[column][row + i] = vector.getItem(i) as number;
    });
    row += count;
  });
  return read;
}

/** Rows of a user that are in memory together. */
const MOST_ROWS = 2 ** 14;

/** Rows [from, to) of columns, all of one user. */
export interface UserPart {
  readonly sequence: number;
  readonly from: number;
  readonly to: number;
  /** Whether the user's rows begin and end with these: both, unless there are too many to be in memory together. */
  readonly begins: boolean;
  readonly ends: boolean;
}

/**
 * Reads a table that is sorted by `sequence`: `take` gets the rows of a user after those of the user before, in arrays that
 * the next call overwrites; a user with more than `most` rows comes in parts. No value may be null.
 */
export async function readUsers(
  connection: DuckDBConnection,
  table: string,
  columns: readonly NumberColumn[],
  take: (part: UserPart, columns: readonly Numbers[]) => void | Promise<void>,
  { onRows, most = MOST_ROWS }: { onRows?: (done: number) => void; most?: number } = {},
): Promise<void> {
  const casts = columns.map(({ name, type }) => `${name}::${type === "int32" ? "INTEGER" : "DOUBLE"}`);
  const allocate = (rows: number): Numbers[] => [
    new Int32Array(rows),
    ...columns.map(({ type }) => (type === "int32" ? new Int32Array(rows) : new Float64Array(rows))),
  ];
  let buffers = allocate(2 * most);
  let filled = 0;
  let done = 0;
  /** Whether rows of the user who comes next have been passed on already. */
  let begun = false;
  let parts: UserPart[] = [];
  /** Rows [from, to) are of one user. */
  const cut = (from: number, to: number, isEnd: boolean) => {
    for (let at = from; at < to; at += most) {
      const ends = isEnd && at + most >= to;
      parts.push({ sequence: buffers[0][at], from: at, to: Math.min(to, at + most), begins: !begun, ends });
      begun = !ends;
    }
  };
  const pass = async () => {
    const values = buffers.slice(1);
    for (const part of parts) {
      // There may be many users, and little to wait for.
      const waiting = take(part, values);
      if (waiting !== undefined) await waiting;
    }
    parts = [];
  };
  await readChunks(connection, `SELECT ${["sequence", ...casts].join(", ")} FROM ${table}`, async (vectors, rows) => {
    if (filled + rows > buffers[0].length) {
      const larger = allocate(filled + rows);
      larger.forEach((buffer, index) => {
        buffer.set(buffers[index].subarray(0, filled));
      });
      buffers = larger;
    }
    vectors.forEach((vector, column) => {
      const buffer = buffers[column];
      for (let i = 0; i < rows; i++) buffer[filled + i] = vector.getItem(i) as number;
    });
    // Of the rows kept before, all are of one user.
    const first = Math.max(1, filled);
    filled += rows;
    const sequences = buffers[0];
    // The last user's rows may go on in the next chunk, and one is kept back to end them with.
    let from = 0;
    for (let row = first; row < filled; row++) {
      if (sequences[row] === sequences[row - 1]) continue;
      cut(from, row, true);
      from = row;
    }
    while (filled - from > most) {
      cut(from, from + most, false);
      from += most;
    }
    await pass();
    for (const buffer of buffers) buffer.copyWithin(0, from, filled);
    filled -= from;
    done += rows;
    onRows?.(done);
  });
  if (filled > 0) cut(0, filled, true);
  await pass();
}
