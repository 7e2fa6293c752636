/**
 * Raw logs into a table of DuckDB: the same rows whichever format they come in. DuckDB reads, checks and stores; only
 * the rows that are to be reported come to JavaScript.
 *
 * A file is read once where all is well. Each row goes in with a note of its file and of how it was found; where the
 * notes show that something is wrong, the file is read once more, in order and with numbers, to find which row it is.
 */
import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { identifier } from "../../../database/sql.ts";
import type { InputFile } from "../../../dataset/manifest.ts";
import { withoutAddress } from "../../../errors/addresses.ts";
import { failure, type UserError } from "../../../errors/failure.ts";
import { type Account, accountFor, lostLines } from "./account.ts";
import { isPostgres } from "./address.ts";
import { badRows, checkKeys, checkUnique, checkZones, type Part } from "./checks.ts";
import {
  checkColumns,
  isOrdered,
  type LogColumns,
  NOTE,
  namesOf,
  noteOf,
  selectWanted,
  type Wanted,
  wantedColumns,
} from "./columns.ts";
import { identify } from "./inputs.ts";
import type { Layout } from "./layout.ts";
import { LineCount } from "./line-count.ts";
import { checkNoLayout, openCopied, openFile } from "./open.ts";
import { receive } from "./plain.ts";
import { checkPlausible } from "./plausible.ts";
import { type BrokenRow, type TextRows, unreadable } from "./rows.ts";
import { findFiles, formatOf, type SourceFile } from "./source.ts";
import { oneNumber } from "./stream.ts";

export type { LogColumns };

export interface LoadOptions {
  /** Minutes east of UTC, of times that carry no offset. */
  readonly utcOffset: number;
  /** Texts that mean as much as an empty cell. */
  readonly missing: readonly string[];
  /** Leaves bad rows out and counts them; else the first one is an error. */
  readonly skipBadRows: boolean;
  /** An existing folder for temporary files, which the caller removes. */
  readonly workFolder: string;
  /** How files are written, where their names do not say. */
  readonly layout?: Layout;
  /** Of tables of users and items: the key that may occur once. */
  readonly unique?: "user" | "item";
  /** Bytes read so far; of a server nobody knows the total. */
  readonly onProgress?: (done: number, total: number | undefined) => void;
}

/** What does not depend on which columns are wanted. */
type Loading = Omit<LoadOptions, "utcOffset" | "missing">;

export interface LoadedTable {
  readonly rows: number;
  readonly skipped: number;
  /** The first five of those skipped: "file: row 5: column time: ...". */
  readonly examples: readonly string[];
  /** What looks odd of the rows that were kept. */
  readonly warnings: readonly string[];
  readonly inputs: readonly InputFile[];
}

/** Bad rows that are reported one by one. */
const REPORTED = 5;

/**
 * Creates the table `table` with "user", "item" VARCHAR, "time" BIGINT (milliseconds since 1970 UTC), never null (but "user" of nobody); "label"
 * TINYINT (0, 1, null where the cell is empty), "type" VARCHAR (null where empty): each where `columns` names it; and
 * one "f_NAME" VARCHAR a field (null where it is missing, empty or one of `missing`). The order of its rows is not determined.
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
  const wanted = wantedColumns(columns, options.utcOffset, options.missing);
  return await loadParts(connection, table, source, wanted, options, async (into, copies) =>
    isPostgres(source)
      ? [await loadPostgres(connection, into, source, join(copies, "postgres.csv"), wanted, options)]
      : await loadFiles(connection, into, await findFiles(connection, source), copies, wanted, options),
  );
}

/**
 * As `loadTable`, of given files and columns: what is wanted of a table that is no log.
 * @param source what errors about all of the files call them
 */
export async function loadWanted(
  connection: DuckDBConnection,
  table: string,
  { source, files }: { readonly source: string; readonly files: readonly SourceFile[] },
  wanted: readonly Wanted[],
  options: Loading,
): Promise<LoadedTable> {
  return await loadParts(connection, table, source, wanted, options, (into, copies) =>
    loadFiles(connection, into, files, copies, wanted, options),
  );
}

async function loadParts(
  connection: DuckDBConnection,
  table: string,
  source: string,
  wanted: readonly Wanted[],
  options: Loading,
  load: (into: string, copies: string) => Promise<Part[]>,
): Promise<LoadedTable> {
  const copies = join(options.workFolder, `copies-${randomUUID()}`);
  const into = identifier(table);
  await connection.run(
    `CREATE TABLE ${into} (${wanted.map(({ stored, type }) => `${identifier(stored)} ${type}`).join(", ")}, note UINTEGER)`,
  );
  try {
    await mkdir(copies);
    return await finish(connection, into, source, await load(into, copies), wanted, options);
  } catch (error) {
    await connection.run(`DROP TABLE ${into}`);
    throw error;
  } finally {
    await rm(copies, { recursive: true, force: true });
  }
}

async function loadFiles(
  connection: DuckDBConnection,
  into: string,
  files: readonly SourceFile[],
  copies: string,
  wanted: readonly Wanted[],
  { onProgress, layout = {} }: Loading,
): Promise<Part[]> {
  for (const file of files) formatOf(file, layout);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const parts: Part[] = [];
  let done = 0;
  for (const [index, found] of files.entries()) {
    const file = await receive(found, copies);
    const lines = new LineCount();
    const identity = identify(
      file,
      formatOf(file, layout) === "csv" || formatOf(file, layout) === "tsv" ? lines : undefined,
    );
    const loading = (async () => {
      const rows = await openFile(connection, file, layout, copies);
      if (typeof rows.columns !== "function") checkColumns(rows.name, rows.columns, wanted, rows.isHeaderDoubtful);
      const broken = await insert(connection, into, index, rows, wanted, (share) =>
        onProgress?.(done + share * file.bytes, total),
      );
      return { rows, broken };
    })();
    // A damaged file also looks like one of broken rows; the damage is what is reported.
    const [input, loaded] = await Promise.allSettled([identity, loading]);
    if (input.status === "rejected") throw input.reason;
    if (loaded.status === "rejected") throw loaded.reason;
    const counted = loaded.value.rows.lined?.areOfFile ? lines.lines : undefined;
    parts.push({ ...loaded.value, input: input.value, lines: counted });
    done += file.bytes;
    onProgress?.(done, total);
  }
  return parts;
}

async function loadPostgres(
  connection: DuckDBConnection,
  into: string,
  source: string,
  spilled: string,
  wanted: readonly Wanted[],
  { onProgress, layout = {} }: Loading,
): Promise<Part> {
  checkNoLayout(source, layout);
  const choose = (name: string, columns: readonly string[]) => {
    checkColumns(name, columns, wanted);
    return namesOf(wanted);
  };
  // Loaded where it is needed: its driver wakes Node's HTTP client, which reserves 10 GiB of address space.
  const { copyPostgres } = await import("./postgres.ts");
  if (isOrdered(wanted)) throw failure("source.no-order", { source: withoutAddress(source) });
  const { input, ...copied } = await copyPostgres(source, spilled, {
    choose,
    onBytes: (bytes) => onProgress?.(bytes, undefined),
  });
  const rows = await openCopied(connection, spilled, copied);
  const broken = await insert(connection, into, 0, rows, wanted, (share) =>
    onProgress?.(share * input.bytes, input.bytes),
  );
  // What the server sends is sound: its lines need no account.
  return { rows: { ...rows, lined: undefined }, broken, input, lines: undefined };
}

async function insert(
  connection: DuckDBConnection,
  into: string,
  file: number,
  rows: TextRows,
  wanted: readonly Wanted[],
  onShare: (share: number) => void,
): Promise<readonly BrokenRow[]> {
  const values = wanted.map((one) => one.value(one.text));
  await connection.run(
    "SET enable_progress_bar = true; SET enable_progress_bar_print = false; SET progress_bar_time = 0",
  );
  const timer = setInterval(() => {
    const { percentage } = connection.progress;
    if (percentage > 0) onShare(percentage / 100);
  }, 200);
  try {
    const ordered = isOrdered(wanted);
    const before = ordered ? await oneNumber(connection, `SELECT count(*) FROM ${into}`) : 0;
    // Rows that keep their order have to wait for those before them, in memory.
    await connection.run(`SET preserve_insertion_order = ${ordered}`);
    await connection.run(
      `INSERT INTO ${into} SELECT ${[...values, `${file * NOTE.kinds} + ${noteOf(wanted)}`].join(", ")}
      FROM (${selectWanted(rows, wanted, false, before)})`,
    );
  } catch (error) {
    throw unreadable(rows.name, error);
  } finally {
    clearInterval(timer);
    await connection.run("RESET preserve_insertion_order");
  }
  return (await rows.takeBroken?.()) ?? [];
}

/** Checks the notes of all rows, reports or leaves out the bad ones, and takes the notes away. */
async function finish(
  connection: DuckDBConnection,
  into: string,
  source: string,
  parts: readonly Part[],
  wanted: readonly Wanted[],
  { skipBadRows, unique }: Loading,
): Promise<LoadedTable> {
  const counts = new Map(
    (await connection.runAndReadAll(`SELECT note, count(*) FROM ${into} GROUP BY note`))
      .getRowsJS()
      .map(([note, rows]) => [Number(note), Number(rows)]),
  );
  const count = (file: number, kind: number) => counts.get(file * NOTE.kinds + kind) ?? 0;
  const found = (file: number) => [...Array(NOTE.kinds).keys()].reduce((sum, kind) => sum + count(file, kind), 0);
  const accounts: Account[] = [];
  for (const [file, part] of parts.entries()) accounts.push(await accountFor(connection, part, found(file)));
  const bad = parts.map(({ broken }, file) => count(file, NOTE.bad) + broken.length + accounts[file].lost);
  const skipped = bad.reduce((sum, rows) => sum + rows, 0);
  const rows = [...counts].reduce((sum, [note, found]) => sum + (note % NOTE.kinds === NOTE.bad ? 0 : found), 0);
  const read = rows + skipped;
  const name = parts.length === 1 ? parts[0].rows.name : source;
  if (read === 0) throw failure("source.no-rows", { source: name });
  await checkKeys(connection, into, name, parts, wanted);
  const reported: UserError[] = [];
  for (const [file, part] of parts.entries()) {
    if (bad[file] > 0 && reported.length < REPORTED) {
      const room = REPORTED - reported.length;
      reported.push(...(await badRows(connection, part, wanted, count(file, NOTE.bad) > 0, room)));
      if (accounts[file].lost > 0) reported.push(lostLines(part, accounts[file].lost));
    }
    if (!skipBadRows && reported.length > 0) throw reported[0];
  }
  const examples = reported.map(({ message }) => message);
  if (rows === 0) {
    throw failure("source.unusable-rows", {
      source: name,
      unit: "rows",
      bad: skipped,
      total: read,
      first: examples[0],
    });
  }
  await checkZones(connection, parts, wanted, count);
  if (skipped > 0) await connection.run(`DELETE FROM ${into} WHERE note % ${NOTE.kinds} = ${NOTE.bad}`);
  await connection.run(`ALTER TABLE ${into} DROP COLUMN note`);
  const files = parts.map(({ rows }) => rows);
  const odd = await checkPlausible(connection, into, name, files, wanted);
  if (unique !== undefined) await checkUnique(connection, into, parts, wanted, unique);
  const warnings = [...odd, ...accounts.flatMap(({ warning }) => warning ?? [])];
  return { rows, skipped, examples, warnings, inputs: parts.map(({ input }) => input) };
}
