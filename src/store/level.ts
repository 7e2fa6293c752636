/**
 * The embedded database (LevelDB) that records of users lie in, and what of it is not to be taken on trust: it leaves out
 * what it cannot read, and does not look at its own checksums when it reads. So a record has a checksum of ours, and how
 * much there should be is written with each change; all of it is looked at when a store is opened.
 *
 *   !        what this is, and how many users and events there are: JSON
 *   uUSER    of the rest the CRC-32, how many behaviours (both 32 bits, big end first), the behaviours (records.ts)
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { ClassicLevel } from "classic-level";
import { z } from "zod";
import { failure, UserError } from "../errors/failure.ts";
import { turn } from "../interruption.ts";
import type { StoredEvent } from "./event.ts";
import { type Change, eventsText, parseEvents } from "./records.ts";

export type EventDatabase = ClassicLevel<string, Buffer>;

const VERSION = 1;

const headSchema = z.strictObject({
  format: z.literal("dien-store"),
  version: z.literal(VERSION),
  users: z.int().min(0),
  events: z.int().min(0),
  /** How it was found that something is lost. It stays so. */
  damage: z.string().exactOptional(),
});
/** What a database says of itself. */
export type Head = z.output<typeof headSchema>;
export const EMPTY: Head = { format: "dien-store", version: VERSION, users: 0, events: 0 };

const HEAD_KEY = "!";
const keyOf = (user: string) => `u${user}`;
const BEHIND_ALL = "v";
/** Records that are read at a time. */
const PAGE = 512;

/** How files of the database are called. */
const FILE = /^(?:CURRENT|LOCK|LOG(?:\.old)?|MANIFEST-\d+|\d+\.(?:ldb|log|sst|dbtmp))$/;

/** Whether a folder with files of these names holds a database, or what is left of one. */
export const isLevel = (names: readonly string[]) => names.some((name) => FILE.test(name));

/** What the database notes where it leaves out what it cannot read. */
const LEFT_OUT = /dropping \d+ bytes|ignoring error/i;

/** Opens the database in `folder`. @param store what errors call it. @throws UserError where it is damaged or in use */
export async function openLevel(folder: string, store: string, create = false): Promise<EventDatabase> {
  // Without compression, whoever wants to know what is left of a user can search the files.
  const options = { keyEncoding: "utf8", valueEncoding: "buffer", compression: false } as const;
  const level = new ClassicLevel<string, Buffer>(folder, options);
  try {
    await level.open({ createIfMissing: create, errorIfExists: create });
  } catch (error) {
    throw levelError(error, store);
  }
  return level;
}

/** Looks at every record; returns what the database says of itself. @throws UserError where it is not whole */
export async function checkLevel(level: EventDatabase, folder: string, store: string): Promise<Head> {
  const damaged = (problem: string) => failure("store.damaged", { path: store, problem });
  const head = await readHead(level, store);
  if (head.damage !== undefined) throw damaged(head.damage);
  const notes = await readFile(join(folder, "LOG"), "utf8").catch(() => "");
  if (LEFT_OUT.test(notes)) {
    const damage = "its latest writes could not be read";
    await level.batch([headEntry({ ...head, damage })], { sync: true });
    throw damaged(damage);
  }
  let [users, events] = [0, 0];
  for await (const page of pages(level, store)) {
    for (const [key, value] of page) {
      users++;
      events += countOf(value, key, store);
    }
    await turn();
  }
  if (users !== head.users || events !== head.events) {
    throw damaged(`expected ${head.users} users with ${head.events} behaviours, found ${users} with ${events}`);
  }
  return head;
}

async function readHead(level: EventDatabase, store: string): Promise<Head> {
  const value = await level.get(HEAD_KEY).catch((error) => {
    throw levelError(error, store);
  });
  let head: unknown;
  try {
    head = JSON.parse(String(value));
  } catch {
    throw failure("store.damaged", { path: store, problem: "it does not say what it is" });
  }
  const { data } = z.object({ format: z.literal(EMPTY.format), version: z.int() }).safeParse(head);
  if (data !== undefined && data.version !== VERSION) {
    throw failure("store.other-version", { path: store, expected: VERSION, found: String(data.version) });
  }
  const parsed = headSchema.safeParse(head);
  if (!parsed.success) throw failure("store.damaged", { path: store, problem: "what it says of itself is no sense" });
  return parsed.data;
}

/** Writes changes and what the database then says of itself, all or nothing; resolves when that is on the disk. */
export async function writeLevel(
  level: EventDatabase,
  changes: readonly Change[],
  head: Head,
  store: string,
): Promise<void> {
  const entries = changes.map(({ user, after }) =>
    after.length > 0
      ? { type: "put" as const, key: keyOf(user), value: recordOf(after) }
      : { type: "del" as const, key: keyOf(user) },
  );
  await level.batch([...entries, headEntry(head)], { sync: true }).catch((error) => {
    throw levelError(error, store);
  });
}

const headEntry = (head: Head) => ({ type: "put" as const, key: HEAD_KEY, value: Buffer.from(JSON.stringify(head)) });

/** The behaviours of users. */
export async function readLevel(
  level: EventDatabase,
  users: readonly string[],
  store: string,
): Promise<StoredEvent[][]> {
  const values = await level.getMany(users.map(keyOf)).catch((error) => {
    throw levelError(error, store);
  });
  return users.map((user, i) => {
    const value = values[i];
    return value === undefined ? [] : eventsOf(value, keyOf(user), store);
  });
}

/** Everything, a user at a time; `level` is asked for again where another may have come to its place. */
export async function* allOf(level: () => Promise<EventDatabase>, store: string): AsyncIterable<StoredEvent[]> {
  for await (const page of pages(level, store)) {
    for (const [key, value] of page) yield eventsOf(value, key, store);
  }
}

/** Writes all records of one database, and what it says of itself, to another that is empty. */
export async function copyLevel(from: EventDatabase, to: EventDatabase, head: Head, store: string): Promise<void> {
  for await (const page of pages(from, store)) {
    for (const [key, value] of page) countOf(value, key, store);
    await to.batch(page.map(([key, value]) => ({ type: "put" as const, key, value })));
    await turn();
  }
  await to.batch([headEntry(head)], { sync: true });
}

async function* pages(
  level: EventDatabase | (() => Promise<EventDatabase>),
  store: string,
): AsyncGenerator<[string, Buffer][]> {
  let after = keyOf("");
  for (;;) {
    const now = typeof level === "function" ? await level() : level;
    const range = { gt: after, lt: BEHIND_ALL, limit: PAGE };
    const page = await now
      .iterator(range)
      .all()
      .catch((error: unknown) => {
        throw levelError(error, store);
      });
    if (page.length > 0) yield page;
    if (page.length < PAGE) return;
    after = page[page.length - 1][0];
  }
}

const SUM_BYTES = 4;
const COUNT_BYTES = 4;
const HEAD_BYTES = SUM_BYTES + COUNT_BYTES;

function recordOf(events: readonly StoredEvent[]): Buffer {
  const text = eventsText(events);
  const record = Buffer.allocUnsafe(HEAD_BYTES + Buffer.byteLength(text));
  record.writeUInt32BE(events.length, SUM_BYTES);
  record.write(text, HEAD_BYTES);
  record.writeUInt32BE(crc32(record.subarray(SUM_BYTES)), 0);
  return record;
}

/** How many behaviours a record holds. @throws UserError where it is damaged */
function countOf(record: Buffer, key: string, store: string): number {
  const isWhole = record.length > HEAD_BYTES && crc32(record.subarray(SUM_BYTES)) === record.readUInt32BE(0);
  // Whose it is, nobody needs to read in a log.
  if (!isWhole)
    throw failure("store.damaged", { path: store, problem: `a record of ${key.length} letters is not whole` });
  return record.readUInt32BE(SUM_BYTES);
}

function eventsOf(record: Buffer, key: string, store: string): StoredEvent[] {
  countOf(record, key, store);
  return parseEvents(key.slice(1), record.toString("utf8", HEAD_BYTES));
}

/** A failure of the database as an error that says which store, and what is to be done; a defect comes back unchanged. */
export function levelError(error: unknown, store: string): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error;
  const { code, message } = (error.cause ?? error) as NodeJS.ErrnoException;
  if (code === "LEVEL_CORRUPTION") return failure("store.damaged", { path: store, problem: shown(message) }, error);
  if (/no space left|quota exceeded|file too large/i.test(message)) {
    return failure("store.disk-full", { path: store, reason: shown(message) }, error);
  }
  if (/create_if_missing|no such file|invalid argument/i.test(message)) {
    return failure("store.damaged", { path: store, problem: "a file of its database is gone or empty" }, error);
  }
  if (code?.startsWith("LEVEL_")) return failure("store.unavailable", { path: store, reason: shown(message) }, error);
  return error;
}

/** The database's words, without its kinds of errors; of the paths of its files no more than their names. */
const shown = (message: string) =>
  message
    .replace(/^(?:Corruption|IO error|Invalid argument): /, "")
    .replace(/(?:\/|[a-z]:\\)(?:[^/\\:]*[/\\])+(?=[^/\\:]+)/gi, "")
    .trim();
