/**
 * Raw logs into a table of DuckDB: the same rows whichever format they come in. DuckDB reads, checks and stores; only
 * the rows that are to be told of come to JavaScript.
 *
 * A file is read once where all is well. Each row goes in with a note of its file and of how it was found; where the
 * notes say that something is wrong, the file is read once more, in order and with numbers, to tell which row it is.
 */
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { UserError } from "../../errors.ts";
import { didYouMean } from "../../suggest.ts";
import type { InputFile } from "../manifest.ts";
import { identifier, quote } from "../sql.ts";
import { openCsv } from "./csv.ts";
import { identify } from "./inputs.ts";
import { openNdjson } from "./ndjson.ts";
import { openParquet } from "./parquet.ts";
import { copyPostgres } from "./postgres.ts";
import { type BrokenRow, queryFile, type TextRows, unreadable } from "./rows.ts";
import { labelRule, numberRule, numberText, timeRule, zoneRule } from "./rules.ts";
import { findFiles, isPostgres, type SourceFile } from "./source.ts";

/** Which columns of a source are wanted. */
export interface LogColumns {
  readonly user?: string;
  readonly item?: string;
  readonly time?: string;
  readonly label?: string;
  readonly type?: string;
  readonly fields: readonly { readonly name: string; readonly column: string; readonly kind: "category" | "number" }[];
}

export interface LoadOptions {
  /** Minutes east of UTC, of times that carry no offset. */
  readonly utcOffset: number;
  /** Leaves bad rows out and counts them; else the first one is an error. */
  readonly skipBadRows: boolean;
  /** An existing folder for temporary files, which the caller removes. */
  readonly workFolder: string;
  /** Of tables of users and items: the key that may occur once. */
  readonly unique?: "user" | "item";
  /** Bytes read so far; of a server nobody knows the total. */
  readonly onProgress?: (done: number, total: number | undefined) => void;
}

export interface LoadedTable {
  readonly rows: number;
  readonly skipped: number;
  /** The first five of those skipped: "file: row 5: column time: ...". */
  readonly told: readonly string[];
  readonly inputs: readonly InputFile[];
}

/** Rows that are told of. */
const TOLD = 5;

/** How a row was found; kept with the number of its file until all are read. */
const NOTE = { local: 0, zoned: 1, bad: 2, kinds: 4 } as const;

/** A wanted column: where it comes from, what becomes of it, and what its text must be. */
interface Wanted {
  readonly column: string;
  readonly stored: string;
  readonly type: string;
  /** SQL of the stored value of a text that is not null. */
  value(text: string): string;
  /** SQL of whether a text, which may be null, can be used. */
  isGood(text: string): string;
  readonly expected: string;
}

/**
 * Creates the table `table` with "user", "item" VARCHAR, "time" BIGINT (milliseconds since 1970 UTC), never null; "label"
 * TINYINT (0, 1, null where the cell is empty), "type" VARCHAR (null where empty): each where `columns` names it; and
 * one "f_NAME" VARCHAR a field (null where missing or empty). The order of its rows is not determined.
 * @param source a path, a pattern, or postgres://USER@HOST:PORT/DATABASE?table=NAME (or ?query=SELECT...)
 * @throws UserError where the source cannot be read, lacks a column, has no rows, a bad row (unless these are skipped), times
 *   with and without offsets, or a key twice; the table does not exist then
 */
export async function loadTable(
  connection: DuckDBConnection,
  table: string,
  source: string,
  columns: LogColumns,
  options: LoadOptions,
): Promise<LoadedTable> {
  const wanted = wantedColumns(columns, options.utcOffset);
  const names = [...new Set(wanted.map(({ column }) => column))];
  const spilled = join(options.workFolder, `postgres-${randomUUID()}.csv`);
  const into = identifier(table);
  await connection.run(
    `CREATE TABLE ${into} (${wanted.map(({ stored, type }) => `${identifier(stored)} ${type}`).join(", ")}, note UINTEGER)`,
  );
  try {
    const parts = isPostgres(source)
      ? [await loadPostgres(connection, into, source, spilled, wanted, names, options)]
      : await loadFiles(connection, into, await findFiles(connection, source), wanted, names, options);
    return await finish(connection, into, source, parts, wanted, names, options);
  } catch (error) {
    await connection.run(`DROP TABLE ${into}`);
    throw error;
  } finally {
    await rm(spilled, { force: true });
  }
}

function wantedColumns(columns: LogColumns, utcOffset: number): Wanted[] {
  const given = (text: string) => `${text} IS NOT NULL`;
  const always = () => "true";
  const self = (text: string) => text;
  const where = (text: string, value: string) => `CASE WHEN ${given(text)} THEN ${value} END`;
  const list: (Omit<Wanted, "column"> & { readonly column: string | undefined })[] = [
    { column: columns.user, stored: "user", type: "VARCHAR", value: self, isGood: given, expected: "a user" },
    { column: columns.item, stored: "item", type: "VARCHAR", value: self, isGood: given, expected: "an item" },
    {
      column: columns.time,
      stored: "time",
      type: "BIGINT",
      value: (text) => where(text, timeRule(text, utcOffset)),
      isGood: (text) => `(${where(text, timeRule(text, utcOffset))}) IS NOT NULL`,
      expected: "a time",
    },
    {
      column: columns.label,
      stored: "label",
      type: "TINYINT",
      value: labelRule,
      isGood: (text) => `(${text} IS NULL OR (${labelRule(text)}) IS NOT NULL)`,
      expected: "0, 1, true, false or nothing",
    },
    { column: columns.type, stored: "type", type: "VARCHAR", value: self, isGood: always, expected: "" },
    ...columns.fields.map(({ name, column, kind }) => ({
      column,
      stored: `f_${name}`,
      type: "VARCHAR",
      value: self,
      isGood: kind === "number" ? (text: string) => `(${text} IS NULL OR ${numberRule(text)})` : always,
      expected: "a number",
    })),
  ];
  return list.filter((column): column is Wanted => column.column !== undefined);
}

/** What was loaded of one file. */
interface Part {
  readonly rows: TextRows;
  readonly broken: readonly BrokenRow[];
  readonly input: InputFile;
}

async function loadFiles(
  connection: DuckDBConnection,
  into: string,
  files: readonly SourceFile[],
  wanted: readonly Wanted[],
  names: readonly string[],
  { onProgress }: LoadOptions,
): Promise<Part[]> {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const parts: Part[] = [];
  let done = 0;
  for (const [index, file] of files.entries()) {
    const identity = identify(file);
    const loading = (async () => {
      const rows = await openFile(connection, file);
      if (typeof rows.columns !== "function") checkColumns(rows.name, rows.columns, names);
      const broken = await insert(connection, into, index, rows, wanted, names, (share) =>
        onProgress?.(done + share * file.bytes, total),
      );
      return { rows, broken };
    })();
    // A damaged file also looks like one of broken rows; the damage is what is told.
    const [input, loaded] = await Promise.allSettled([identity, loading]);
    if (input.status === "rejected") throw input.reason;
    if (loaded.status === "rejected") throw loaded.reason;
    parts.push({ ...loaded.value, input: input.value });
    done += file.bytes;
    onProgress?.(done, total);
  }
  return parts;
}

export function openFile(
  connection: DuckDBConnection,
  { path, format, compression }: SourceFile,
): Promise<TextRows> | TextRows {
  switch (format) {
    case "csv":
    case "tsv":
      return openCsv(connection, path, { name: path, delimiter: format === "csv" ? "," : "\t", compression });
    case "ndjson":
      return openNdjson(connection, path, path, compression);
    case "parquet":
      return openParquet(connection, path, path);
  }
}

async function loadPostgres(
  connection: DuckDBConnection,
  into: string,
  source: string,
  spilled: string,
  wanted: readonly Wanted[],
  names: readonly string[],
  { onProgress }: LoadOptions,
): Promise<Part> {
  const choose = (name: string, columns: readonly string[]) => {
    checkColumns(name, columns, names);
    return names;
  };
  const { input, ...copied } = await copyPostgres(source, spilled, {
    choose,
    onBytes: (bytes) => onProgress?.(bytes, undefined),
  });
  const rows = await openCopied(connection, spilled, copied);
  const broken = await insert(connection, into, 0, rows, wanted, names, (share) =>
    onProgress?.(share * input.bytes, input.bytes),
  );
  return { rows, broken, input };
}

/** The rows of a copy of a Postgres table. */
export function openCopied(
  connection: DuckDBConnection,
  path: string,
  { name, reals }: { name: string; reals: ReadonlySet<string> },
) {
  const convert = (column: string, text: string) => (reals.has(column) ? numberText(`${text}::DOUBLE`) : text);
  return openCsv(connection, path, { name, delimiter: ",", compression: "none", convert });
}

/** @throws UserError that names a column which is not there, and those that are */
function checkColumns(name: string, there: readonly string[], wanted: readonly string[]): void {
  const missing = wanted.find((column) => !there.includes(column));
  if (missing === undefined) return;
  throw new UserError(
    `${name}: there is no column ${quote(missing)}, only ${there.join(", ")}${didYouMean(missing, there)}`,
  );
}

/** SQL of the text of a wanted column, in a SELECT of `TextRows`. */
const textOf = (names: readonly string[], { column }: Wanted) => `c${names.indexOf(column)}`;

/** SQL of whether all values of a row can be used. */
function goodRow(wanted: readonly Wanted[], names: readonly string[]): string {
  return ["fault IS NULL", ...wanted.map((one) => one.isGood(textOf(names, one)))].join(" AND ");
}

/** SQL of how a row is found: an entry of `NOTE`. */
function noteOf(wanted: readonly Wanted[], names: readonly string[]): string {
  const time = wanted.find(({ stored }) => stored === "time");
  const zoned = time ? `WHEN ${zoneRule(textOf(names, time))} THEN ${NOTE.zoned}` : "";
  return `CASE WHEN NOT (${goodRow(wanted, names)}) THEN ${NOTE.bad} ${zoned} ELSE ${NOTE.local} END`;
}

async function insert(
  connection: DuckDBConnection,
  into: string,
  file: number,
  rows: TextRows,
  wanted: readonly Wanted[],
  names: readonly string[],
  onShare: (share: number) => void,
): Promise<readonly BrokenRow[]> {
  const values = wanted.map((one) => one.value(textOf(names, one)));
  await connection.run(
    "SET enable_progress_bar = true; SET enable_progress_bar_print = false; SET progress_bar_time = 0",
  );
  const timer = setInterval(() => {
    const { percentage } = connection.progress;
    if (percentage > 0) onShare(percentage / 100);
  }, 200);
  try {
    await connection.run(
      `INSERT INTO ${into} SELECT ${[...values, `${file * NOTE.kinds} + ${noteOf(wanted, names)}`].join(", ")}
      FROM (${rows.select(names, false)})`,
    );
  } catch (error) {
    throw unreadable(rows.name, error);
  } finally {
    clearInterval(timer);
  }
  return (await rows.takeBroken?.()) ?? [];
}

/** Checks the notes of all rows, tells or leaves out the bad ones, and takes the notes away. */
async function finish(
  connection: DuckDBConnection,
  into: string,
  source: string,
  parts: readonly Part[],
  wanted: readonly Wanted[],
  names: readonly string[],
  { skipBadRows, unique }: LoadOptions,
): Promise<LoadedTable> {
  const counts = new Map(
    (await connection.runAndReadAll(`SELECT note, count(*) FROM ${into} GROUP BY note`))
      .getRowsJS()
      .map(([note, rows]) => [Number(note), Number(rows)]),
  );
  const count = (file: number, kind: number) => counts.get(file * NOTE.kinds + kind) ?? 0;
  const bad = parts.map(({ broken }, file) => count(file, NOTE.bad) + broken.length);
  const skipped = bad.reduce((sum, rows) => sum + rows, 0);
  const rows = [...counts].reduce((sum, [note, found]) => sum + (note % NOTE.kinds === NOTE.bad ? 0 : found), 0);
  const read = rows + skipped;
  const name = parts.length === 1 ? parts[0].rows.name : source;
  if (read === 0) throw new UserError(`${isPostgres(source) ? parts[0].rows.name : name} has no rows`);
  await checkKeys(connection, into, name, parts, wanted, names);
  const told: string[] = [];
  for (const [file, part] of parts.entries()) {
    if (bad[file] > 0 && told.length < TOLD) {
      told.push(...(await badRows(connection, part, wanted, names, count(file, NOTE.bad) > 0, TOLD - told.length)));
    }
    if (!skipBadRows && told.length > 0) throw new UserError(told[0]);
  }
  if (rows === 0) throw new UserError(`${name}: all ${skipped} rows are bad; the first: ${told[0]}`);
  await checkZones(connection, parts, wanted, names, count);
  if (skipped > 0) await connection.run(`DELETE FROM ${into} WHERE note % ${NOTE.kinds} = ${NOTE.bad}`);
  await connection.run(`ALTER TABLE ${into} DROP COLUMN note`);
  if (unique !== undefined) await checkUnique(connection, into, parts, wanted, names, unique);
  return { rows, skipped, told, inputs: parts.map(({ input }) => input) };
}

/** Where rows name their columns (NDJSON), a column with no value at all may be one that is not there. */
async function checkKeys(
  connection: DuckDBConnection,
  into: string,
  name: string,
  parts: readonly Part[],
  wanted: readonly Wanted[],
  names: readonly string[],
): Promise<void> {
  if (!parts.some(({ rows }) => typeof rows.columns === "function")) return;
  const counts = wanted.map(({ stored }) => `count(${identifier(stored)})`).join(", ");
  const [found] = (await connection.runAndReadAll(`SELECT ${counts} FROM ${into}`)).getRowsJS();
  if (!found.some((values) => Number(values) === 0)) return;
  const keys = new Set<string>();
  for (const { rows } of parts) {
    for (const key of typeof rows.columns === "function" ? await rows.columns() : rows.columns) keys.add(key);
  }
  checkColumns(name, [...keys].sort(), names);
}

/** The first `most` bad rows of a file, as sentences. `hasValues`: there are readable ones whose values are bad. */
async function badRows(
  connection: DuckDBConnection,
  { rows, broken }: Part,
  wanted: readonly Wanted[],
  names: readonly string[],
  hasValues: boolean,
  most: number,
): Promise<string[]> {
  const found: BrokenRow[] = broken.slice(0, most);
  if (hasValues) {
    const goods = wanted.map((one) => one.isGood(textOf(names, one)));
    // All texts are asked for, so that the same rows are readable as when they were loaded.
    const sql = `SELECT row, fault, [${names.map((_, index) => `c${index}`).join(", ")}], [${goods.join(", ")}]
      FROM (${rows.select(names, true)}) WHERE NOT (${goodRow(wanted, names)}) ORDER BY row LIMIT ${most}`;
    for (const [row, fault, texts, isGood] of await queryFile(connection, rows.name, sql)) {
      const first = (isGood as boolean[]).indexOf(false);
      const why =
        fault === null
          ? complaint(wanted[first], (texts as string[])[names.indexOf(wanted[first].column)])
          : String(fault);
      found.push({ row: numberWithBroken(Number(row), broken), why });
    }
  }
  return found
    .sort((a, b) => a.row - b.row)
    .slice(0, most)
    .map(({ row, why }) => `${rows.name}: row ${row}: ${why}`);
}

function complaint({ column, expected }: Wanted, text: string | null): string {
  return `column ${column}: expected ${expected}, found ${text === null ? "nothing" : JSON.stringify(shorten(text))}`;
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/** The number in the file of the nth readable row. */
function numberWithBroken(row: number, broken: readonly BrokenRow[]): number {
  for (const other of broken) {
    if (other.row > row) break;
    row++;
  }
  return row;
}

/** @throws UserError where some times carry an offset and others none, naming the first that differs from those before */
async function checkZones(
  connection: DuckDBConnection,
  parts: readonly Part[],
  wanted: readonly Wanted[],
  names: readonly string[],
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
  const text = textOf(names, time);
  const sql = `SELECT note, min(row), arg_min(${text}, row) FROM (SELECT *, ${noteOf(wanted, names)} AS note FROM (${rows.select(names, true)}))
    WHERE note IN (${kinds.join(", ")}) GROUP BY note ORDER BY 2 DESC`;
  const [[note, row, found]] = await queryFile(connection, rows.name, sql);
  const which =
    Number(note) === NOTE.zoned ? "carries an offset, those before carry none" : "carries no offset, those before do";
  throw new UserError(
    `${rows.name}: row ${numberWithBroken(Number(row), broken)}: column ${time.column}: mixed time zones: ${JSON.stringify(found)} ${which}`,
  );
}

/** @throws UserError that names the second row of a key */
async function checkUnique(
  connection: DuckDBConnection,
  into: string,
  parts: readonly Part[],
  wanted: readonly Wanted[],
  names: readonly string[],
  unique: "user" | "item",
): Promise<void> {
  const sql = `SELECT ${identifier(unique)} FROM ${into} GROUP BY 1 HAVING count(*) > 1 LIMIT 1`;
  const [found] = (await connection.runAndReadAll(sql)).getRowsJS();
  if (found === undefined) return;
  const key = wanted.find(({ stored }) => stored === unique)!;
  const text = textOf(names, key);
  const places: string[] = [];
  for (const { rows, broken } of parts) {
    const lines = `SELECT row FROM (${rows.select(names, true)}) WHERE ${text} = ${quote(String(found[0]))} AND ${goodRow(wanted, names)}`;
    for (const [row] of await queryFile(connection, rows.name, `${lines} ORDER BY row LIMIT 2`)) {
      places.push(`${rows.name}: row ${numberWithBroken(Number(row), broken)}`);
    }
  }
  throw new UserError(
    `${places[1]}: column ${key.column}: ${JSON.stringify(found[0])} occurs twice, first in ${places[0]}`,
  );
}
