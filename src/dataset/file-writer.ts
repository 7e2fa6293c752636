/**
 * Writes the files of a dataset folder by their layout (layout.ts), so no importer decides which columns a file has, in
 * which order and of which type. Rows go through a table of the database, so a file may be larger than memory.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { identifier } from "../database/sql.ts";
import { type FormatFile, VOCABULARIES } from "./layout.ts";
import { type ColumnValues, copyToParquet, storedColumn, TableWriter } from "./parquet.ts";

/** What the columns of a file hold, by their names. */
export type FileValues = Readonly<Record<string, ColumnValues>>;

/** A file that grows as its rows come. */
export class FileWriter {
  readonly #connection: DuckDBConnection;
  readonly #file: FormatFile;
  readonly #table: TableWriter;
  readonly #appended: readonly string[];
  #rows = 0;

  private constructor(connection: DuckDBConnection, file: FormatFile, table: TableWriter, appended: readonly string[]) {
    this.#connection = connection;
    this.#file = file;
    this.#table = table;
    this.#appended = appended;
  }

  /** @param queried columns that are not appended, but come from a query at the end */
  static async create(
    connection: DuckDBConnection,
    file: FormatFile,
    queried: readonly string[] = [],
  ): Promise<FileWriter> {
    const columns = file.columns.filter(({ name }) => !queried.includes(name));
    const table = await TableWriter.create(connection, tableOf(file), columns);
    return new FileWriter(
      connection,
      file,
      table,
      columns.map(({ name }) => name),
    );
  }

  /** The columns that are appended, in the order of the file. */
  get columns(): readonly string[] {
    return this.#appended;
  }

  /** Adds the first `rows` rows of the columns that are appended. */
  append(rows: number, values: FileValues): void {
    this.#rows += rows;
    this.#table.append(
      rows,
      this.#appended.map((name) => values[name]),
    );
  }

  /** `append` of any number of rows, which can be interrupted. */
  async appendMany(rows: number, values: FileValues): Promise<void> {
    this.#rows += rows;
    await this.#table.appendMany(
      rows,
      this.#appended.map((name) => values[name]),
    );
  }

  /**
   * Writes the file; nothing can be added any more.
   * @param query gives the columns that were not appended, row for row
   * @param file the layout to write, where some of the columns turned out not to be wanted
   * @throws UserError where the file cannot be written
   */
  async finish(
    folder: string,
    { query, file = this.#file }: { query?: string; file?: FormatFile } = {},
  ): Promise<void> {
    this.#table.finish();
    if (this.#rows !== file.rows) throw new Error(`${file.name}: ${this.#rows} rows came instead of ${file.rows}`);
    const table = identifier(tableOf(file));
    const rows = query === undefined ? table : `(${query}) POSITIONAL JOIN ${table}`;
    const columns = file.columns.map((column) => storedColumn(column)).join(", ");
    await copyToParquet(this.#connection, `SELECT ${columns} FROM ${rows}`, join(folder, file.name), file.rowGroup);
    await this.#connection.run(`DROP TABLE ${table}`);
  }
}

/** Makes the folders that files of a dataset folder lie in. */
export async function makeFolders(folder: string): Promise<void> {
  await mkdir(join(folder, VOCABULARIES));
}

/** Writes a file whose rows are all at hand. @throws UserError where it cannot be written */
export async function writeFile(
  connection: DuckDBConnection,
  folder: string,
  file: FormatFile,
  values: FileValues,
): Promise<void> {
  const writer = await FileWriter.create(connection, file);
  await writer.appendMany(file.rows, values);
  await writer.finish(folder);
}

const tableOf = ({ name }: FormatFile) => `rows of ${name}`;
