/**
 * What the notes on a table's rows do not say: which row it is, and why. Each reads files once more, in order and with
 * numbers, and only where something is known to be wrong.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { identifier, quote } from "../../../database/sql.ts";
import type { InputFile } from "../../../dataset/manifest.ts";
import { failure, type UserError } from "../../../errors/failure.ts";
import { checkColumns, goodRow, NOTE, noteOf, selectWanted, type Wanted } from "./columns.ts";
import { type BrokenRow, queryFile, type TextRows } from "./rows.ts";

/** What was loaded of one file. */
export interface Part {
  readonly rows: TextRows;
  readonly broken: readonly BrokenRow[];
  readonly input: InputFile;
  /** Lines of the file that are not blank, where they were counted. */
  readonly lines: number | undefined;
}

/**
 * Where rows name their columns (NDJSON), a column with no value at all may be one that is not there; so may one that only
 * stands beside another, whatever that has.
 */
export async function checkKeys(
  connection: DuckDBConnection,
  into: string,
  name: string,
  parts: readonly Part[],
  wanted: readonly Wanted[],
): Promise<void> {
  if (!parts.some(({ rows }) => typeof rows.columns === "function")) return;
  const values = ({ stored, type }: Wanted) =>
    type.endsWith("[]") ? `count(*) FILTER (len(${identifier(stored)}) > 0)` : `count(${identifier(stored)})`;
  const [found] = (await connection.runAndReadAll(`SELECT ${wanted.map(values).join(", ")} FROM ${into}`)).getRowsJS();
  const isBeside = wanted.some(({ others = [] }) => others.length > 0);
  if (!isBeside && !found.some((values) => Number(values) === 0)) return;
  const keys = new Set<string>();
  for (const { rows } of parts) {
    for (const key of typeof rows.columns === "function" ? await rows.columns() : rows.columns) keys.add(key);
  }
  checkColumns(name, [...keys].sort(), wanted);
}

/** The first `most` bad rows of a file, as errors. `hasValues`: there are readable ones whose values are bad. */
export async function badRows(
  connection: DuckDBConnection,
  { rows, broken }: Part,
  wanted: readonly Wanted[],
  hasValues: boolean,
  most: number,
): Promise<UserError[]> {
  const found: BrokenRow[] = broken.slice(0, most);
  if (hasValues) {
    const goods = wanted.map((one) => one.isGood(one.text));
    // All texts are asked for, so that the same rows are readable as when they were loaded.
    const sql = `SELECT row, fault, [${wanted.map(({ text }) => text).join(", ")}], [${goods.join(", ")}]
      FROM (${selectWanted(rows, wanted, true)}) WHERE NOT (${goodRow(wanted)}) ORDER BY row LIMIT ${most}`;
    for (const [row, fault, texts, isGood] of await queryFile(connection, rows.name, sql)) {
      const first = (isGood as boolean[]).indexOf(false);
      const why = fault === null ? complaint(wanted[first], (texts as string[])[first]) : String(fault);
      found.push({ row: numberWithBroken(Number(row), broken), why });
    }
  }
  return found
    .sort((a, b) => a.row - b.row)
    .slice(0, most)
    .map(({ row, why }) => failure("source.bad-row", { source: rows.name, row, problem: why }));
}

function complaint({ column, others = [], expected, mayBe }: Wanted, text: string | null): string {
  const known = text === null ? undefined : mayBe?.(text);
  const found = text === null ? "nothing" : JSON.stringify(shorten(text));
  const columns = [column, ...others].join(" or ");
  return `column ${columns}: expected ${expected}, found ${found}${known === undefined ? "" : `; ${known}`}`;
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/** The number in the file of the nth readable row. */
export function numberWithBroken(row: number, broken: readonly BrokenRow[]): number {
  for (const other of broken) {
    if (other.row > row) break;
    row++;
  }
  return row;
}

/** @throws UserError where some times carry an offset and others none, naming the first that differs from those before */
export async function checkZones(
  connection: DuckDBConnection,
  parts: readonly Part[],
  wanted: readonly Wanted[],
  count: (file: number, kind: number) => number,
): Promise<void> {
  const time = wanted.find(({ stored }) => stored === "time");
  if (time === undefined) return;
  const has = (kind: number) => parts.findIndex((_, file) => count(file, kind) > 0);
  const [local, zoned] = [has(NOTE.local), has(NOTE.zoned)];
  if (local < 0 || zoned < 0) return;
  const file = Math.max(local, zoned);
  const kinds = local === zoned ? [NOTE.local, NOTE.zoned] : [local > zoned ? NOTE.local : NOTE.zoned];
  const { rows, broken } = parts[file];
  const text = time.text;
  const sql = `SELECT note, min(row), arg_min(${text}, row) FROM (SELECT *, ${noteOf(wanted)} AS note FROM (${selectWanted(rows, wanted, true)}))
    WHERE note IN (${kinds.join(", ")}) GROUP BY note ORDER BY 2 DESC`;
  const [[note, row, found]] = await queryFile(connection, rows.name, sql);
  throw failure("source.mixed-zones", {
    source: rows.name,
    row: numberWithBroken(Number(row), broken),
    column: time.column!,
    expected: Number(note) === NOTE.zoned ? "a time without an offset" : "a time with an offset",
    found: JSON.stringify(found),
  });
}

/** @throws UserError that names the second row of a key */
export async function checkUnique(
  connection: DuckDBConnection,
  into: string,
  parts: readonly Part[],
  wanted: readonly Wanted[],
  unique: "user" | "item",
): Promise<void> {
  const sql = `SELECT ${identifier(unique)} FROM ${into} GROUP BY 1 HAVING count(*) > 1 LIMIT 1`;
  const [found] = (await connection.runAndReadAll(sql)).getRowsJS();
  if (found === undefined) return;
  const key = wanted.find(({ stored }) => stored === unique)!;
  const text = key.text;
  const places: { source: string; row: number }[] = [];
  for (const { rows, broken } of parts) {
    const lines = `SELECT row FROM (${selectWanted(rows, wanted, true)}) WHERE ${text} = ${quote(String(found[0]))} AND ${goodRow(wanted)}`;
    for (const [row] of await queryFile(connection, rows.name, `${lines} ORDER BY row LIMIT 2`)) {
      places.push({ source: rows.name, row: numberWithBroken(Number(row), broken) });
    }
  }
  const [first, second] = places;
  throw failure("source.duplicate-key", {
    ...second,
    column: key.column!,
    key: JSON.stringify(found[0]),
    first: `${first.source}: row ${first.row}`,
  });
}
