/** The first rows of a source, and what its columns look like there. */
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { identifier } from "../../../database/sql.ts";
import { failure } from "../../../errors/failure.ts";
import { isPostgres } from "./address.ts";
import { type GuessedLayout, guessLayout } from "./guess-layout.ts";
import { identify } from "./inputs.ts";
import type { Layout } from "./layout.ts";
import { type ColumnLook, lookAtColumns } from "./look.ts";
import { checkNoLayout, openCopied, openFile } from "./open.ts";
import { receive } from "./plain.ts";
import { checkWidth, queryFile, type TextRows } from "./rows.ts";
import { findFiles } from "./source.ts";

export const SAMPLE_ROWS = 20_000;
/** Of a log of very many columns fewer rows are looked at, so that all of them fit into memory. */
const SAMPLE_VALUES = 4_000_000;
/** Where every row names its columns, looking each of them up takes longer. */
const MOST_KEYS = 1000;
const NOTHING_GUESSED: GuessedLayout = { layout: {}, why: {} };
const rowsOf = (columns: readonly string[]) => Math.min(SAMPLE_ROWS, Math.ceil(SAMPLE_VALUES / columns.length));

export interface Sample {
  readonly rows: number;
  readonly columns: readonly ColumnLook[];
  /** How its files are written, as the first one shows. */
  readonly layout: GuessedLayout;
}

/**
 * Puts the first rows of a source into a table with a column `c0`, `c1`, ... for each column of the source.
 * @param layout what is known of how its files are written
 * @throws UserError where the source cannot be read or has no rows
 */
export async function takeSample(
  connection: DuckDBConnection,
  table: string,
  source: string,
  workFolder: string,
  layout: Layout = {},
): Promise<Sample> {
  const path = join(workFolder, `postgres-${randomUUID()}.csv`);
  if (isPostgres(source)) checkNoLayout(source, layout);
  try {
    const {
      names,
      nested,
      layout: found,
    } = isPostgres(source)
      ? await samplePostgres(connection, table, source, path)
      : await sampleFiles(connection, table, source, workFolder, layout);
    const [[rows]] = await queryFile(connection, table, `SELECT count(*) FROM ${identifier(table)}`);
    if (Number(rows) === 0)
      throw failure("source.no-rows", { source: isPostgres(source) ? "the postgres table" : source });
    return { rows: Number(rows), columns: await lookAtColumns(connection, table, names, nested), layout: found };
  } finally {
    await rm(path, { force: true });
  }
}

interface SampledColumns {
  readonly names: readonly string[];
  /** Those of them that are left empty, by what they hold. */
  readonly nested: ReadonlyMap<string, string>;
  readonly layout: GuessedLayout;
}

async function samplePostgres(
  connection: DuckDBConnection,
  table: string,
  source: string,
  path: string,
): Promise<SampledColumns> {
  const { copyPostgres } = await import("./postgres.ts");
  const copied = await copyPostgres(source, path, { choose: (_, columns) => columns, first: SAMPLE_ROWS });
  const rows = await openCopied(connection, path, copied);
  const columns = await columnsOf(rows);
  checkWidth(rows.name, columns.length);
  await addRows(connection, table, rows, columns, new Map(), rowsOf(columns));
  return { names: columns, nested: new Map(), layout: NOTHING_GUESSED };
}

async function sampleFiles(
  connection: DuckDBConnection,
  table: string,
  source: string,
  workFolder: string,
  given: Layout,
): Promise<SampledColumns> {
  const nested = new Map<string, string>();
  let layout: GuessedLayout | undefined;
  let columns: readonly string[] = [];
  let added = 0;
  for (const found of await findFiles(connection, source)) {
    const file = await receive(found, workFolder);
    const isWhole = async () => file.compression === "none" || (await identify(file));
    try {
      layout ??= await guessLayout(file, given);
      const rows = await openFile(connection, file, layout.layout, workFolder);
      const there = await columnsOf(rows);
      checkWidth(rows.name, there.length, typeof rows.columns === "function" ? MOST_KEYS : undefined);
      if (columns.length === 0) columns = there;
      // Preparing will say so.
      else if (typeof rows.columns !== "function" && !isSubset(columns, there)) break;
      if (columns.length > 0) {
        const found = await rows.nested?.(columns, rowsOf(columns));
        for (const [column, holds] of found ?? []) nested.set(column, holds);
        added += await addRows(connection, table, rows, columns, nested, rowsOf(columns) - added);
      }
    } catch (error) {
      // A damaged file also looks like one of broken rows; the damage is what is reported.
      await isWhole();
      throw error;
    }
    await isWhole();
    if (columns.length > 0 && added >= rowsOf(columns)) break;
  }
  if (columns.length === 0) throw failure("source.unreadable", { source });
  return { names: columns, nested, layout: layout ?? NOTHING_GUESSED };
}

function isSubset(columns: readonly string[], of: readonly string[]): boolean {
  const all = new Set(of);
  return columns.every((column) => all.has(column));
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
  nested: ReadonlyMap<string, string>,
  room: number,
): Promise<number> {
  const names = columns.map((_, index) => `c${index}`);
  await connection.run(
    `CREATE TABLE IF NOT EXISTS ${identifier(table)} (${names.map((name) => `${name} VARCHAR`).join(", ")})`,
  );
  const lists = columns.filter((column) => nested.get(column) === "lists");
  const plain = columns.filter((column) => !nested.has(column) || lists.includes(column));
  const places = new Map(plain.map((column, index) => [column, `c${index}`]));
  const texts = columns.map((column) => places.get(column) ?? "NULL");
  // Numbered, and so in the file's order.
  const first = `SELECT ${texts.join(", ")} FROM (${rows.select(plain, true, lists)}) LIMIT ${room}`;
  const [[added]] = await queryFile(connection, rows.name, `INSERT INTO ${identifier(table)} ${first}`);
  if (Number(added) === 0) await refuseBroken(connection, rows, plain, lists);
  return Number(added);
}

/** @throws UserError that names the first row of a file none of whose rows can be read, where it has any */
async function refuseBroken(
  connection: DuckDBConnection,
  rows: TextRows,
  columns: readonly string[],
  lists: readonly string[],
): Promise<void> {
  await queryFile(connection, rows.name, `SELECT count(COLUMNS(*)) FROM (${rows.select(columns, false, lists)})`);
  const [first] = (await rows.takeBroken?.()) ?? [];
  if (first !== undefined) throw failure("source.bad-row", { source: rows.name, row: first.row, problem: first.why });
}
