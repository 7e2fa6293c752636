/** What a server finds when it opens records: those of a process that was killed are put in order. */
import { createReadStream } from "node:fs";
import { rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { flush } from "../../files/aside.ts";
import { note } from "../../files/notes.ts";
import { filesIn, nameOf, type RecordFile } from "./files.ts";
import { readRecords } from "./read.ts";
import { type Position, Remembered, requestOf } from "./remembered.ts";
import { type Exposure, KINDS, type Kind, type Outcome, rowOn } from "./rows.ts";

export interface Recovered {
  readonly remembered: Remembered;
  /** Files of lines that are not Parquet yet, the oldest first. */
  readonly lines: readonly RecordFile[];
  /** The number of each kind's next file. */
  readonly next: Readonly<Record<Kind, number>>;
  /** Lines without an end, which were taken away. */
  readonly torn: number;
}

/** The folder of what is remembered. */
export const INDEX = "index";
/** Bytes of lines that are remembered at a time. */
const PAGE = 2 ** 20;

/** What is remembered of a row. */
type SeenExposure = Pick<Exposure, "id" | "time" | "experiment" | "arm" | "user" | "first" | "position">;
type Seen = SeenExposure | Pick<Outcome, "id">;

/** Puts in order what is in a folder that is claimed. @throws what the disk or the database throw */
export async function recover(folder: string, window: number, clock: () => number): Promise<Recovered> {
  const all = await filesIn(folder);
  const parquet = all.filter(({ format }) => format === "parquet");
  const lines = all.filter((file) => file.format === "ndjson" && !parquet.some((done) => isSame(done, file)));
  for (const file of all) {
    if (file.format === "ndjson" && !lines.includes(file)) await rm(join(folder, nameOf(file)));
  }
  const remembered = await openIndex(folder, parquet, lines, window, clock);
  let torn = 0;
  for (const file of lines) torn += await rememberLines(remembered, folder, file);
  return { remembered, lines, next: { exposures: nextOf("exposures", all), outcomes: nextOf("outcomes", all) }, torn };
}

const isSame = (one: RecordFile, other: RecordFile) => one.kind === other.kind && one.number === other.number;

function nextOf(kind: Kind, files: readonly RecordFile[]): number {
  return 1 + Math.max(0, ...files.filter((file) => file.kind === kind).map(({ number }) => number));
}

/** What is remembered of all but the latest lines. Where that is not so, it is made anew of the files. */
async function openIndex(
  folder: string,
  parquet: readonly RecordFile[],
  lines: readonly RecordFile[],
  window: number,
  clock: () => number,
): Promise<Remembered> {
  const index = join(folder, INDEX);
  const opened = await Remembered.open(index, window, clock);
  if (opened !== undefined) {
    if (await isInStep(opened, folder, parquet, lines)) return opened;
    await opened.close();
  }
  await rm(index, { recursive: true, force: true });
  const made = await Remembered.create(index, window, clock);
  const paths = (kind: Kind) => parquet.filter((file) => file.kind === kind).map((file) => join(folder, nameOf(file)));
  // Of what lies further back nothing is asked any more, but for users.
  const since = `make_timestamp(${Math.floor((clock() - 2 * window) * 1000)})`;
  const queries = {
    exposures:
      `SELECT id, epoch_ms(time)::DOUBLE, experiment, arm, "user", first, position FROM exposures ` +
      `WHERE first OR time > ${since}`,
    outcomes: `SELECT id FROM outcomes WHERE time > ${since}`,
  };
  await readRecords({ exposures: paths("exposures"), outcomes: paths("outcomes") }, async (connection) => {
    for (const kind of KINDS) {
      const result = await connection.stream(queries[kind]);
      for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
        await remember(made, kind, chunk.getRows().map(seenOf));
      }
      const last = Math.max(0, ...parquet.filter((file) => file.kind === kind).map(({ number }) => number));
      await made.add({ position: [kind, { number: last, bytes: 0 }] });
    }
  });
  return made;
}

function seenOf([id, time, experiment, arm, user, first, position]: readonly unknown[]): Seen {
  return { id, time, experiment, arm, user, first, position } as Seen;
}

/** Whether nothing lacks that only Parquet files tell, and nothing is remembered that is in no file. */
async function isInStep(
  remembered: Remembered,
  folder: string,
  parquet: readonly RecordFile[],
  lines: readonly RecordFile[],
): Promise<boolean> {
  for (const kind of KINDS) {
    const { number, bytes } = await positionOf(remembered, kind);
    if (parquet.some((file) => file.kind === kind && file.number > number)) return false;
    const present = lines.find((file) => file.kind === kind && file.number === number);
    // A loss of power may take lines that were not flushed, and leave what is remembered of them.
    if (present && (await stat(join(folder, nameOf(present)))).size < bytes) return false;
  }
  return true;
}

async function positionOf(remembered: Remembered, kind: Kind): Promise<Position> {
  return (await remembered.position(kind)) ?? { number: 0, bytes: 0 };
}

/** Remembers the lines that are not yet, and takes away a last one without an end. Returns how many of those there were. */
async function rememberLines(remembered: Remembered, folder: string, file: RecordFile): Promise<number> {
  const { kind, number } = file;
  const known = await positionOf(remembered, kind);
  if (number < known.number) return 0;
  const path = join(folder, nameOf(file));
  let bytes = number === known.number ? known.bytes : 0;
  let bad = 0;
  let begun = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { start: bytes, highWaterMark: PAGE })) {
    begun = Buffer.concat([begun, chunk]);
    const end = begun.lastIndexOf("\n") + 1;
    if (end === 0) continue;
    const rows = begun
      .toString("utf8", 0, end - 1)
      .split("\n")
      .map((line) => rowOn(kind, line));
    bad += rows.filter((row) => row === undefined).length;
    bytes += end;
    begun = begun.subarray(end);
    await remember(
      remembered,
      kind,
      rows.filter((row) => row !== undefined),
      { number, bytes },
    );
  }
  if (bad > 0) note(`${path}: ${bad} lines are no ${kind}; they count for nothing`);
  if (begun.length === 0) return 0;
  await truncate(path, bytes);
  await flush(path);
  return 1;
}

/** Remembers rows, and up to where they are known, at once. */
async function remember(remembered: Remembered, kind: Kind, rows: readonly Seen[], position?: Position): Promise<void> {
  const known = position && ([kind, position] as const);
  if (kind === "outcomes") {
    await remembered.add({ outcomes: rows.map(({ id }) => id), position: known });
    return;
  }
  const exposures = rows as readonly SeenExposure[];
  const requests = await remembered.requests([...new Set(exposures.map(requestOf))]);
  for (const row of exposures) {
    const { time, experiment, arm, user, first } = row;
    const key = requestOf(row);
    requests.set(key, { time, experiment, arm, user, first, rows: (requests.get(key)?.rows ?? 0) + 1 });
  }
  await remembered.add({ requests, users: exposures, position: known });
}
