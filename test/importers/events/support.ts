/** Logs in files of every format, and the tables they become. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { withDuckDB } from "../../../src/database/open.ts";
import {
  type LoadedTable,
  type LoadOptions,
  type LogColumns,
  loadTable,
} from "../../../src/importers/events/source/load.ts";
import { lastingFolder } from "../../support/source.ts";

export const folder = lastingFolder();
let files = 0;

/** Writes a file with a name of its own that ends in `ending`. */
export function write(ending: string, content: string | Uint8Array): string {
  const path = join(folder, `log-${files++}${ending}`);
  writeFileSync(path, content);
  return path;
}

export interface Loaded extends LoadedTable {
  /** Sorted. */
  readonly table: readonly (readonly unknown[])[];
  readonly types: readonly string[];
}

export const allColumns: LogColumns = {
  user: "uid",
  item: "iid",
  time: "ts",
  label: { column: "click" },
  type: "scene",
  fields: [
    { name: "city", column: "city", kind: "category" },
    { name: "price", column: "price", kind: "number" },
  ],
};

/** Loads into a database of its own, whose order of rows is free as in the pipeline. */
export function load(
  source: string,
  columns: LogColumns = allColumns,
  options: Partial<LoadOptions> = {},
): Promise<Loaded> {
  return withDuckDB(async (connection) => {
    await connection.run("SET preserve_insertion_order = false");
    return await loadInto(connection, source, columns, options);
  });
}

export async function loadInto(
  connection: DuckDBConnection,
  source: string,
  columns: LogColumns,
  options: Partial<LoadOptions> = {},
): Promise<Loaded> {
  const loaded = await loadTable(connection, "log", source, columns, {
    utcOffset: 0,
    missing: [],
    skipBadRows: false,
    workFolder: folder,
    ...options,
  });
  const result = await connection.runAndReadAll("SELECT * FROM log ORDER BY ALL");
  const plain = (value: unknown) => (typeof value === "bigint" ? Number(value) : value);
  return {
    ...loaded,
    table: result.getRowsJS().map((row) => row.map(plain)),
    types: result.columnNames().map((name, index) => `${name} ${result.columnType(index)}`),
  };
}

/** The message of the error that loading ends with. */
export async function refusal(source: string, columns?: LogColumns, options?: Partial<LoadOptions>): Promise<string> {
  try {
    await load(source, columns, options);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it was not refused");
}

/** A cell of CSV, quoted. */
export const cell = (value: string | null) => (value === null ? "" : `"${value.replaceAll('"', '""')}"`);

/** CSV of rows of texts. */
export function csv(header: readonly string[], rows: readonly (readonly (string | null)[])[], delimiter = ","): string {
  return [header, ...rows].map((row) => `${row.map(cell).join(delimiter)}\n`).join("");
}
