/**
 * Reads records of both formats, of one server or of several, also while they are being written: the views `exposures` and
 * `outcomes` of a DuckDB connection have each row once.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { parquetFailure } from "../../database/errors.ts";
import { withWorkDatabase } from "../../database/open.ts";
import { identifier, literalPath, quote } from "../../database/sql.ts";
import { failure, isFailure } from "../../errors/failure.ts";
import { fileError, unlessAbsent } from "../../files/failures.ts";
import { withTemporaryFolder } from "../../files/scratch.ts";
import { counting, filesIn, isParquet, nameOf } from "./files.ts";
import { columns, KINDS, type Kind } from "./rows.ts";

/** Where records are: of each kind folders that servers write, files, and patterns of files (`records/exposures-*`). */
export type RecordPaths = Readonly<Record<Kind, readonly string[]>>;

/** What is told of a reading. */
export interface RecordReading {
  /** How many files were read. */
  readonly files: Readonly<Record<Kind, number>>;
  /** Lines that are no rows and were left out, such as one that is being written. */
  readonly unreadable: Readonly<Record<Kind, number>>;
}

const MEMORY = 2 ** 30;
/** How often files may become others while they are read. */
const ATTEMPTS = 5;

/** The same row in two files is one: an outcome that was posted to two servers, a request that was sent again to another. */
const KEYS = { exposures: ["id", "item"], outcomes: ["id"] } as const satisfies Record<Kind, readonly string[]>;
/** What every row has. */
const FILLED = {
  exposures: ["id", "time", "experiment", "arm", "user", "item"],
  outcomes: ["id", "time", "user", "type", "impression"],
} as const satisfies Record<Kind, readonly string[]>;

/**
 * Runs `body` with a connection that has the views `exposures` and `outcomes`, whose columns are those of `columns`. It may
 * be run again where a file became Parquet while it was read, so it does nothing but read.
 * @throws UserError where a file is absent or cannot be read
 */
export async function readRecords<T>(
  paths: RecordPaths,
  body: (connection: DuckDBConnection, reading: RecordReading) => Promise<T>,
): Promise<T> {
  return await withTemporaryFolder("dien-records", async (folder) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await withWorkDatabase(join(folder, String(attempt)), MEMORY, async (connect) => {
          const connection = await connect();
          return await body(connection, await makeViews(connection, paths));
        });
      } catch (error) {
        if (attempt === ATTEMPTS || !isGone(error)) throw error;
      }
    }
  });
}

/** A file that was there when the files were listed, and is not any more. */
const isGone = (error: unknown) => isFailure(error, "database.failed") && /^No files found/.test(error.values.reason);

async function makeViews(connection: DuckDBConnection, paths: RecordPaths): Promise<RecordReading> {
  const files = { exposures: 0, outcomes: 0 };
  const unreadable = { exposures: 0, outcomes: 0 };
  for (const kind of KINDS) {
    const all = await filesOf(connection, kind, paths[kind]);
    for (const path of all.filter(isParquet)) await checkParquet(connection, kind, path);
    files[kind] = all.length;
    const rows = rowsOf(kind, all);
    const isRow = wholeRow(kind);
    const keys = KEYS[kind].map(identifier).join(", ");
    await connection.run(
      `CREATE VIEW ${kind} AS FROM (${rows}) WHERE ${isRow} QUALIFY row_number() OVER (PARTITION BY ${keys} ORDER BY time) = 1`,
    );
    const counted = await connection.runAndReadAll(`SELECT count(*) FROM (${rows}) WHERE NOT (${isRow})`);
    unreadable[kind] = Number(counted.getRows()[0][0]);
  }
  return { files, unreadable };
}

/** The files that count of what is given. */
async function filesOf(connection: DuckDBConnection, kind: Kind, given: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of given) {
    const place = await stat(path).catch(unlessAbsent);
    if (place?.isDirectory()) {
      const files = await filesIn(path).catch((error) => {
        throw fileError(error, "read", path);
      });
      found.push(...files.filter((file) => file.kind === kind).map((file) => join(path, nameOf(file))));
    } else if (place !== undefined) found.push(path);
    else {
      const matched = await connection.runAndReadAll(`SELECT file FROM glob(${quote(path)}) ORDER BY file`);
      if (matched.currentRowCount === 0) throw failure("file.absent", { action: "read", path });
      found.push(...matched.getRows().map(([file]) => String(file)));
    }
  }
  return counting(found);
}

/** @throws UserError that names a Parquet file which lacks a column, or is none */
async function checkParquet(connection: DuckDBConnection, kind: Kind, path: string): Promise<void> {
  const names = Object.keys(columns[kind]).map(identifier).join(", ");
  await connection.run(`SELECT ${names} FROM read_parquet(${literalPath(path)}) LIMIT 0`).catch((error) => {
    throw parquetFailure(error, path);
  });
}

/** A query for all rows of files, twice where they are twice; what is no row is NULL. */
function rowsOf(kind: Kind, files: readonly string[]): string {
  const types = Object.entries(columns[kind]);
  const list = types.map(([name, type]) => `${identifier(name)}::${type} AS ${identifier(name)}`).join(", ");
  const literals = (paths: readonly string[]) => `[${paths.map(literalPath).join(", ")}]`;
  const lines = files.filter((path) => !isParquet(path));
  const parquet = files.filter(isParquet);
  const parts = [
    ...(parquet.length > 0 ? [`SELECT ${list} FROM read_parquet(${literals(parquet)})`] : []),
    ...(lines.length > 0 ? [`FROM ${linesOf(kind, literals(lines))}`] : []),
  ];
  const none = types.map(([name, type]) => `NULL::${type} AS ${identifier(name)}`).join(", ");
  return parts.length > 0 ? parts.join(" UNION ALL ") : `SELECT ${none} WHERE false`;
}

/** A condition in SQL: whether a row is one, and not what is left of a line that is none. */
export function wholeRow(kind: Kind): string {
  return FILLED[kind].map((name) => `${identifier(name)} IS NOT NULL`).join(" AND ");
}

/** What DuckDB reads lines of a kind as; of a line that is no row all columns are NULL. @param paths a list in SQL */
export function linesOf(kind: Kind, paths: string): string {
  const types = Object.entries(columns[kind]).map(([name, type]) => `${quote(name)}: ${quote(type)}`);
  return `read_ndjson(${paths}, columns = {${types.join(", ")}}, ignore_errors = true)`;
}
