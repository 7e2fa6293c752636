/**
 * Tables of any size as files a team would have: CSV, gzipped newline-delimited JSON, Parquet. Rows are streamed, so
 * memory does not grow with the table.
 */
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { withDuckDB } from "../../database/open.ts";
import { csvToParquet } from "../../dataset/parquet.ts";
import { withTemporary } from "../../files/unfinished.ts";
import { currentSignal } from "../../interruption.ts";
import type { TableFormat } from "./options.ts";

/** What a cell holds: a text, a number, or null where the value is missing. */
export type Cell = string | number | null;

/** A table; rows hold a cell for each column. Times are texts in ISO 8601. */
export interface Table {
  readonly columns: readonly {
    readonly name: string;
    readonly type: "VARCHAR" | "INTEGER" | "DOUBLE" | "TIMESTAMPTZ";
  }[];
  readonly rows: Iterable<readonly Cell[]>;
}

/** Writes a table to `path`, whatever its name ends with. @throws UserError where the file cannot be written. */
export async function writeTable(path: string, table: Table, format: TableFormat): Promise<void> {
  if (format === "csv") return await writeLines(path, csvLines(table));
  if (format === "ndjson") return await writeLines(path, jsonLines(table), { gzip: true });
  // The end of the name says whose it is, should the process be killed.
  const csv = join(dirname(path), `csv-${basename(path)}`);
  await withTemporary(csv, async () => {
    await writeLines(csv, csvLines(table));
    await withDuckDB((connection) => csvToParquet(connection, csv, path, table.columns));
    await rm(csv);
  });
}

/** Writes lines, which end with their line feed, gzipped or not. */
export async function writeLines(path: string, lines: Iterable<string>, { gzip = false } = {}): Promise<void> {
  const source = Readable.from(pieces(lines, currentSignal()));
  if (gzip) await pipeline(source, createGzip({ level: 1 }), createWriteStream(path));
  else await pipeline(source, createWriteStream(path));
}

/** Characters written at once. */
const PIECE = 1 << 18;

/** Lines joined to few large strings. */
function* pieces(lines: Iterable<string>, signal: AbortSignal | undefined): Generator<string> {
  let piece = "";
  for (const line of lines) {
    piece += line;
    if (piece.length < PIECE) continue;
    signal?.throwIfAborted();
    yield piece;
    piece = "";
  }
  yield piece;
}

function* csvLines({ columns, rows }: Table): Generator<string> {
  yield `${columns.map(({ name }) => name).join(",")}\n`;
  for (const row of rows) yield `${row.map(csvCell).join(",")}\n`;
}

/** As RFC 4180 has it; a missing value is empty. */
function csvCell(cell: Cell): string {
  if (cell === null) return "";
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function* jsonLines({ columns, rows }: Table): Generator<string> {
  const keys = columns.map(({ name }) => `${JSON.stringify(name)}:`);
  for (const row of rows) yield `{${row.map((cell, i) => keys[i] + JSON.stringify(cell)).join(",")}}\n`;
}
