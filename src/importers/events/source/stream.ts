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
async function readChunks(
  connection: DuckDBConnection,
  query: string,
  take: (vectors: readonly DuckDBVector[], rows: number) => void,
): Promise<void> {
  const result = await connection.stream(query);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    const vectors = Array.from({ length: chunk.columnCount }, (_, index) => chunk.getColumnVector(index));
    take(vectors, chunk.rowCount);
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

/**
 * Reads a table that is sorted by `sequence`, a user at a time: `take(sequence, columns, from, to)` gets the rows of a
 * user as [from, to) of arrays that the next call overwrites. No value may be null.
 */
export async function readUsers(
  connection: DuckDBConnection,
  table: string,
  columns: readonly NumberColumn[],
  take: (sequence: number, columns: readonly Numbers[], from: number, to: number) => void,
  onRows?: (done: number) => void,
): Promise<void> {
  const casts = columns.map(({ name, type }) => `${name}::${type === "int32" ? "INTEGER" : "DOUBLE"}`);
  const allocate = (rows: number): Numbers[] => [
    new Int32Array(rows),
    ...columns.map(({ type }) => (type === "int32" ? new Int32Array(rows) : new Float64Array(rows))),
  ];
  let buffers = allocate(2 ** 14);
  let filled = 0;
  let done = 0;
  await readChunks(connection, `SELECT ${["sequence", ...casts].join(", ")} FROM ${table}`, (vectors, rows) => {
    if (filled + rows > buffers[0].length) {
      const larger = allocate(2 * (filled + rows));
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
    const [sequences, ...values] = buffers;
    // The last user's rows may go on in the next chunk.
    let from = 0;
    for (let row = first; row < filled; row++) {
      if (sequences[row] === sequences[row - 1]) continue;
      take(sequences[from], values, from, row);
      from = row;
    }
    for (const buffer of buffers) buffer.copyWithin(0, from, filled);
    filled -= from;
    done += rows;
    onRows?.(done);
  });
  const [sequences, ...values] = buffers;
  if (filled > 0) take(sequences[0], values, 0, filled);
}
