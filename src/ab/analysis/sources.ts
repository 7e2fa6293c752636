/** Files of rows into tables of DuckDB: of a folder that a server keeps, or of paths and patterns. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { identifier } from "../../database/sql.ts";
import { failure, isFailure } from "../../errors/failure.ts";
import { fileError } from "../../files/failures.ts";
import { type LoadedTable, loadWanted } from "../../importers/events/source/load.ts";
import { openFile } from "../../importers/events/source/open.ts";
import { receive } from "../../importers/events/source/plain.ts";
import { findFiles, type SourceFile } from "../../importers/events/source/source.ts";
import { counting } from "../records/files.ts";
import { columnsThere, furtherAs, type Names, storedAs, type TableColumns, wantedOf } from "./columns.ts";

export interface LoadedRows {
  readonly files: number;
  readonly read: number;
  /** Left out: torn lines, and rows with values that cannot be used. */
  readonly bad: number;
  /** The first of those: "file: row 5: column time: ...". */
  readonly examples: readonly string[];
  /** What looks odd of the others. */
  readonly warnings: readonly string[];
  /** Documented columns, and further ones, that the files have. */
  readonly columns: ReadonlySet<string>;
}

interface LoadingOptions {
  readonly names: Names;
  /** Columns beside those documented, as texts. */
  readonly further?: readonly string[];
  /** An existing folder for temporary files. */
  readonly work: string;
  /** Bytes read so far. */
  readonly onProgress?: (done: number, total: number | undefined) => void;
}

/**
 * Creates the table `table.name` with `time` in milliseconds since 1970 and a column for each documented one (`storedAs`),
 * null where the files have none, and for each of `further` (`furtherAs`) that they have.
 * @param source a folder, a file or a pattern
 * @throws UserError where there are no files, or they are damaged or lack a column that every row needs
 */
export async function loadRows(
  connection: DuckDBConnection,
  table: TableColumns,
  source: string,
  { names, further = [], work, onProgress }: LoadingOptions,
): Promise<LoadedRows> {
  const files: SourceFile[] = [];
  for (const file of await filesOf(connection, table, source)) files.push(await receive(file, work));
  const there = await columnsOf(connection, files, work);
  const columns = columnsThere(table, there, names);
  const others = further.filter((column) => there.has(column));
  const wanted = wantedOf(table, columns, others);
  const options = { skipBadRows: true, workFolder: work, ...(onProgress && { onProgress }) };
  const loaded = await loadWanted(connection, table.name, { source, files }, wanted, options).catch(
    async (error: unknown): Promise<LoadedTable> => {
      if (table.name === "exposures" || !isFailure(error, "source.no-rows")) throw error;
      const empty = wanted.map(({ stored, type }) => `${identifier(stored)} ${type}`);
      await connection.run(`CREATE TABLE ${identifier(table.name)} (${empty.join(", ")})`);
      return { rows: 0, skipped: 0, examples: [], warnings: [], inputs: [] };
    },
  );
  for (const { name, kind } of table.columns) {
    if (columns.has(name)) continue;
    const type = kind === "number" ? "DOUBLE" : "VARCHAR";
    await connection.run(`ALTER TABLE ${identifier(table.name)} ADD COLUMN ${identifier(storedAs(name))} ${type}`);
  }
  for (const column of further.filter((column) => !there.has(column))) {
    await connection.run(`ALTER TABLE ${identifier(table.name)} ADD COLUMN ${identifier(furtherAs(column))} VARCHAR`);
  }
  const { rows, skipped, examples, warnings } = loaded;
  const has = new Set([...columns.keys(), ...others]);
  return { files: files.length, read: rows + skipped, bad: skipped, examples, warnings, columns: has };
}

const ENDINGS = /\.(?:(?:csv|tsv|ndjson|jsonl|json)(?:\.gz|\.zst)?|parquet)$/i;

/** Files that are being written have other endings, and are none. */
async function filesOf(connection: DuckDBConnection, { name }: TableColumns, source: string): Promise<SourceFile[]> {
  const listed = await readdir(source).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOTDIR" || error.code === "ENOENT") return undefined;
    throw fileError(error, "read", source);
  });
  if (listed === undefined) {
    const found = await findFiles(connection, source);
    const counted = new Set(counting(found.map(({ path }) => path)));
    return found.filter(({ path }) => counted.has(path));
  }
  const isOurs = (file: string) => ENDINGS.test(file) && new RegExp(`^${name}(?:[-_.]|$)`).test(file);
  const paths = counting(listed.filter(isOurs).map((file) => join(source, file))).sort();
  if (paths.length === 0) throw failure("ab.no-files", { path: source, name });
  return (await Promise.all(paths.map((path) => findFiles(connection, path)))).flat();
}

async function columnsOf(
  connection: DuckDBConnection,
  files: readonly SourceFile[],
  work: string,
): Promise<Set<string>> {
  const there = new Set<string>();
  for (const file of files) {
    const { columns } = await openFile(connection, file, {}, work);
    for (const column of typeof columns === "function" ? await columns() : columns) there.add(column);
  }
  return there;
}
