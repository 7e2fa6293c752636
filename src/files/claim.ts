/**
 * Claims: one process at a time writes to a place.
 *
 * A claim is a small file that its holder keeps locked by the operating system. The lock ends with the process, also
 * when that is killed; it is seen by other processes whatever their number and host are called, by other parts of the
 * same process, and on network disks whose server keeps locks (docs/decisions/0016-claims.md).
 *
 * The file has a line for each holder since it was made, {"id", "pid", "host"}. The last is the present one; those
 * before it died, for a holder that ends removes the file. What they left is put away by the next (leftovers.ts).
 */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, open, readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { failure } from "../errors/failure.ts";
import { fileError, unlessAbsent } from "./failures.ts";
import { clearFolder, finishReplacement, isLeftover, leftIn, replacementsLeft, temporaryName } from "./leftovers.ts";
import { tryLock } from "./native.ts";
import { note } from "./notes.ts";
import { whileUnfinished } from "./unfinished.ts";

/** What can be claimed. */
export interface Place {
  readonly path: string;
  readonly lock: string;
  /** Whether the place is replaced as a whole, or is a folder in which files are replaced. */
  readonly whole: boolean;
  /** The error where another process holds it. */
  readonly busy: "file.in-use" | "run.in-training" | "store.in-use" | "records.in-use";
}

/** A folder that lives on: its claim lies in it. */
export function folderPlace(path: string, busy: Place["busy"] = "file.in-use"): Place {
  return { path, lock: join(path, LOCK), whole: false, busy };
}

/** A file or folder that is replaced as a whole: its claim lies beside it. Links in `path` were followed. */
export function wholePlace(path: string, busy: Place["busy"] = "file.in-use"): Place {
  return { path, lock: `${path}.${LOCK}`, whole: true, busy };
}

const LOCK = "lock";

/** Locks of earlier builds had no id, and so name nothing that could be removed. */
const holderSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[0-9a-f]{12,}$/)
    .optional(),
  pid: z.int().positive(),
  host: z.string(),
});
type Holder = z.output<typeof holderSchema>;

const idsOf = (holders: readonly Holder[]) => holders.flatMap(({ id }) => id ?? []);

/** The ids of the claims that this process holds, by place. */
const held = new Map<string, string>();

/** The id of the claim that this process holds on `path` or on a folder around it: temporary names are made of it. */
export function claimAround(path: string): string | undefined {
  for (let place = resolve(path); ; place = dirname(place)) {
    const id = held.get(place);
    if (id !== undefined || place === dirname(place)) return id;
  }
}

/**
 * Does `work` while nobody else writes to a place. What a process that died at it had under way is put away before, and
 * told in a note.
 * @throws UserError where another process, or another part of this one, has the place; where the folder of the lock is
 *   absent, a lock cannot be made there, or something else is in its place
 */
export async function withClaim<T>(place: Place, work: (id: string) => Promise<T>): Promise<T> {
  const { path, lock } = place;
  const [file, dead] = await take(place);
  const ids = idsOf(dead);
  try {
    return await whileUnfinished(lock, async () => {
      const id = await sign(file, lock);
      ids.push(id);
      // A folder that is replaced as a whole is written under its temporary name.
      const claimed = [path, temporaryName(path, id)].map((name) => resolve(name));
      for (const name of claimed) held.set(name, id);
      try {
        await putAway(place, dead);
        return await work(id);
      } finally {
        for (const name of claimed) held.delete(name);
      }
    });
  } finally {
    await release(place, file, ids);
  }
}

/** What is held until it is let go of. */
export interface Claim {
  readonly id: string;
  release(): Promise<void>;
}

/** `withClaim` for what stays open longer than a call. @throws UserError as `withClaim` */
export async function holdClaim(place: Place): Promise<Claim> {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return await new Promise((resolve, reject) => {
    const held = withClaim(place, async (id) => {
      const release = async () => {
        end();
        await held;
      };
      resolve({ id, release });
      await ended;
    });
    held.catch(reject);
  });
}

/** How often the file of a claim may be gone when it is locked, before that is no coincidence. */
const ATTEMPTS = 1000;

/** The locked file of a claim, and who died holding it. */
async function take(place: Place): Promise<[FileHandle, Holder[]]> {
  const { path, lock, busy } = place;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const file = await openLock(place);
    try {
      if (!(await file.stat()).isFile()) throw failure("file.no-lock", { path: lock });
      if (!tryLock(file.fd, lock)) throw failure(busy, { path, owner: await ownerOf(lock) });
      // Its holder may have removed it before it let go, and another have made the next.
      if (await stands(file, lock)) {
        const holders = await readHolders(file);
        if (holders === undefined) throw failure("file.no-lock", { path: lock });
        return [file, holders];
      }
    } catch (error) {
      await file.close();
      throw fileError(error, "lock", lock);
    }
    await file.close();
  }
  throw failure("file.cannot-lock", { path: lock, reason: "it is removed again and again" });
}

/** Makes the file of a claim where there is none. */
async function openLock({ path, lock }: Place): Promise<FileHandle> {
  // A link that somebody put there is not followed.
  const { O_RDWR, O_CREAT, O_APPEND, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  try {
    return await open(lock, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const found = await lstat(lock).catch(() => undefined);
    if (found !== undefined && !found.isFile()) throw failure("file.no-lock", { path: lock });
    throw fileError(error, "write", found === undefined ? path : lock);
  }
}

/** Who holds a claim, in words. Its line may not be written yet, and on some systems a locked file cannot be read. */
async function ownerOf(lock: string): Promise<string> {
  const holder = (await holdersOf(lock))?.at(-1);
  return holder === undefined ? "another process" : `process ${holder.pid} on ${holder.host}`;
}

/** Whether `lock` is the name of the open file. */
async function stands(file: FileHandle, lock: string): Promise<boolean> {
  const named = await lstat(lock, { bigint: true }).catch(unlessAbsent);
  const opened = await file.stat({ bigint: true });
  return named !== undefined && named.ino === opened.ino && named.dev === opened.dev;
}

/** No claim is larger. */
const LARGEST = 1 << 20;

/** Those named in a claim that is not held here; undefined where it is none, or cannot be read. */
async function holdersOf(lock: string): Promise<Holder[] | undefined> {
  // Opening a pipe would wait for its other end.
  const { O_RDONLY, O_NONBLOCK = 0 } = constants;
  const file = await open(lock, O_RDONLY | O_NONBLOCK).catch(() => undefined);
  try {
    return file && (await readHolders(file));
  } catch {
    return undefined;
  } finally {
    await file?.close();
  }
}

/** Those named in the file of a claim; undefined where it is none. */
async function readHolders(file: FileHandle): Promise<Holder[] | undefined> {
  const found = await file.stat();
  if (!found.isFile() || found.size > LARGEST) return undefined;
  // A loss of power may leave zeros where a line should be.
  const lines = (await file.readFile("utf8")).split(/[\n\0]+/).filter((line) => line !== "" && !isCutOff(line));
  const holders = lines.map((line) => holderSchema.safeParse(parsed(line)).data);
  return holders.every((holder) => holder !== undefined) ? holders : undefined;
}

const BEGINNING = '{"id":"';

/** A full disk or a loss of power may cut a line off; nothing was written under its id by then. */
function isCutOff(line: string): boolean {
  return parsed(line) === undefined && (line.startsWith(BEGINNING) || BEGINNING.startsWith(line));
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Adds this process to the holders; returns its id. */
async function sign(file: FileHandle, lock: string): Promise<string> {
  const id = randomBytes(6).toString("hex");
  const line = JSON.stringify({ id, pid: process.pid, host: hostname() } satisfies Holder);
  try {
    // The line before may lack its end.
    await file.appendFile((await file.stat()).size === 0 ? `${line}\n` : `\n${line}\n`);
  } catch (error) {
    throw fileError(error, "write", lock);
  }
  return id;
}

/** Puts away what the dead left at a place. */
async function putAway({ path, whole }: Place, dead: readonly Holder[]): Promise<void> {
  const ids = idsOf(dead);
  const done = await (whole ? finishReplacement(path, ids) : clearFolder(path, ids)).catch((error) => {
    throw fileError(error, "write", path);
  });
  if (done.length === 0) return;
  const { pid, host } = dead.at(-1)!;
  note(`${path}: process ${pid} on ${host} was killed while it wrote there; ${done.join(", ")}`);
}

/**
 * Removes the file of a claim while it is locked, then lets go. Where something of its holders could not be removed, it
 * stays with their ids, for the next one to try.
 */
async function release({ path, lock, whole }: Place, file: FileHandle, ids: readonly string[]): Promise<void> {
  try {
    const left = whole ? replacementsLeft(path, ids) : await leftIn(path, ids);
    // The folder may have been moved, and somebody may have removed the file by hand.
    if (left.length === 0 && (await stands(file, lock))) await rm(lock);
  } catch {
    // A file that stays is no lock: the next process takes it.
  } finally {
    await file.close();
  }
}

/** Whether a place has a claim that somebody, living or dead, has put a name to. */
export async function isSigned({ lock }: Place): Promise<boolean> {
  return ((await holdersOf(lock)) ?? []).length > 0;
}

/** What is in a folder but its claim and what killed holders of it left. */
export async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  if (!names.includes(LOCK)) return names;
  const lock = join(folder, LOCK);
  const holders = await holdersOf(lock);
  if (holders === undefined) {
    // Its holder may have let go just now.
    const found = await lstat(lock).catch(unlessAbsent);
    return found === undefined ? await namesIn(folder) : names;
  }
  const ids = idsOf(holders);
  return names.filter((name) => name !== LOCK && !isLeftover(name, ids));
}
