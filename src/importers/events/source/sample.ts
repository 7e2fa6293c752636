/** The first rows of a source, and what its columns look like there. */
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { identifier } from "../../../database/sql.ts";
import { failure } from "../../../errors/failure.ts";
import { isPostgres } from "./address.ts";
import { identify } from "./inputs.ts";
import { openCopied, openFile } from "./open.ts";
import { queryFile, type TextRows } from "./rows.ts";
import { labelRule, numberRule, timeRule, zoneRule } from "./rules.ts";
import { findFiles } from "./source.ts";

export const SAMPLE_ROWS = 20_000;

/** What a column looks like in the sample; counts are of rows where it is not empty. */
export interface ColumnLook {
  readonly column: string;
  /** Its name in the table of the sample. */
  readonly text: string;
  readonly filled: number;
  readonly distinct: number;
  readonly times: number;
  /** Of times: some are not at midnight; some are texts of ISO 8601; some carry an offset; the earliest. */
  readonly hasTimeOfDay: boolean;
  readonly hasIso: boolean;
  readonly hasOffset: boolean;
  readonly earliest: number | null;
  readonly labels: number;
  readonly numbers: number;
  readonly meanLength: number;
  /** Its most frequent values, most frequent first. */
  readonly values: readonly string[];
}

export interface Sample {
  readonly rows: number;
  readonly columns: readonly ColumnLook[];
}

/**
 * Puts the first rows of a source into a table with a column `c0`, `c1`, ... for each column of the source.
 * @throws UserError where the source cannot be read or has no rows
 */
export async function takeSample(
  connection: DuckDBConnection,
  table: string,
  source: string,
  workFolder: string,
): Promise<Sample> {
  const path = join(workFolder, `postgres-${randomUUID()}.csv`);
  try {
    const names = isPostgres(source)
      ? await samplePostgres(connection, table, source, path)
      : await sampleFiles(connection, table, source, workFolder);
    const [[rows]] = await queryFile(connection, table, `SELECT count(*) FROM ${identifier(table)}`);
    if (Number(rows) === 0)
      throw failure("source.no-rows", { source: isPostgres(source) ? "the postgres table" : source });
    const columns: ColumnLook[] = [];
    for (const [index, name] of names.entries()) columns.push(await lookAt(connection, table, name, `c${index}`));
    return { rows: Number(rows), columns };
  } finally {
    await rm(path, { force: true });
  }
}

async function samplePostgres(connection: DuckDBConnection, table: string, source: string, path: string) {
  const { copyPostgres } = await import("./postgres.ts");
  const copied = await copyPostgres(source, path, { choose: (_, columns) => columns, first: SAMPLE_ROWS });
  const rows = await openCopied(connection, path, copied);
  const columns = await columnsOf(rows);
  await addRows(connection, table, rows, columns, SAMPLE_ROWS);
  return columns;
}

async function sampleFiles(
  connection: DuckDBConnection,
  table: string,
  source: string,
  workFolder: string,
): Promise<readonly string[]> {
  let columns: readonly string[] = [];
  let room = SAMPLE_ROWS;
  for (const file of await findFiles(connection, source)) {
    const isWhole = async () => file.compression === "none" || (await identify(file));
    try {
      const rows = await openFile(connection, file, workFolder);
      const there = await columnsOf(rows);
      if (columns.length === 0) columns = there;
      // Preparing will say so.
      else if (typeof rows.columns !== "function" && !columns.every((column) => there.includes(column))) break;
      if (columns.length > 0) room -= await addRows(connection, table, rows, columns, room);
    } catch (error) {
      // A damaged file also looks like one of broken rows; the damage is what is reported.
      await isWhole();
      throw error;
    }
    if (room <= 0) break;
    // What was looked at ends with the file; so that has to be its end.
    await isWhole();
  }
  if (columns.length === 0) throw failure("source.unreadable", { source });
  return columns;
}

async function columnsOf({ columns }: TextRows): Promise<readonly string[]> {
  return typeof columns === "function" ? await columns(SAMPLE_ROWS) : columns;
}

/** Adds the first `room` usable rows; returns how many there were. */
async function addRows(
  connection: DuckDBConnection,
  table: string,
  rows: TextRows,
  columns: readonly string[],
  room: number,
): Promise<number> {
  const names = columns.map((_, index) => `c${index}`);
  await connection.run(
    `CREATE TABLE IF NOT EXISTS ${identifier(table)} (${names.map((name) => `${name} VARCHAR`).join(", ")})`,
  );
  // Numbered, and so in the file's order; a fault is of a nested value, which is empty then.
  const first = `SELECT ${names.join(", ")} FROM (${rows.select(columns, true)}) LIMIT ${room}`;
  const [[added]] = await queryFile(connection, rows.name, `INSERT INTO ${identifier(table)} ${first}`);
  if (Number(added) === 0) await refuseBroken(connection, rows, columns);
  return Number(added);
}

/** @throws UserError that names the first row of a file none of whose rows can be read, where it has any */
async function refuseBroken(connection: DuckDBConnection, rows: TextRows, columns: readonly string[]): Promise<void> {
  await queryFile(connection, rows.name, `SELECT count(COLUMNS(*)) FROM (${rows.select(columns, false)})`);
  const [first] = (await rows.takeBroken?.()) ?? [];
  if (first !== undefined) throw failure("source.bad-row", { source: rows.name, row: first.row, problem: first.why });
}

async function lookAt(connection: DuckDBConnection, table: string, column: string, text: string): Promise<ColumnLook> {
  const time = timeRule(text, 0);
  const sql = `SELECT count(*), count(DISTINCT ${text}), count(time), coalesce(bool_or(time % 86400000 <> 0), false),
      coalesce(bool_or(time IS NOT NULL AND substr(${text}, 5, 1) = '-'), false),
      coalesce(bool_or(time IS NOT NULL AND ${zoneRule(text)}), false), min(time),
      count(${labelRule(text)}), count(*) FILTER (${numberRule(text)}), coalesce(avg(length(${text})), 0)
    FROM (SELECT ${text}, ${time} AS time FROM ${identifier(table)} WHERE ${text} IS NOT NULL)`;
  const [[filled, distinct, times, hasTimeOfDay, hasIso, hasOffset, earliest, labels, numbers, meanLength]] =
    await queryFile(connection, table, sql);
  const frequent = await queryFile(
    connection,
    table,
    `SELECT ${text} FROM ${identifier(table)} WHERE ${text} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 8`,
  );
  return {
    column,
    text,
    filled: Number(filled),
    distinct: Number(distinct),
    times: Number(times),
    hasTimeOfDay: Boolean(hasTimeOfDay),
    hasIso: Boolean(hasIso),
    hasOffset: Boolean(hasOffset),
    earliest: earliest === null ? null : Number(earliest),
    labels: Number(labels),
    numbers: Number(numbers),
    meanLength: Number(meanLength),
    values: frequent.map(([value]) => String(value)),
  };
}
