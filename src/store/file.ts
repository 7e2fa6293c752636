/**
 * `file:DIR`: records in an embedded database, for one process. A kill, or a loss of power, loses nothing that was
 * acknowledged: each write is flushed.
 *
 *   DIR/data        the database (level.ts); replaced as a whole by `compact`
 *   DIR/data.lock   the claim of the process that has it open
 */
import { constants } from "node:fs";
import { access, chmod, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { failure } from "../errors/failure.ts";
import { placeOf } from "../files/aside.ts";
import { type Claim, holdClaim, wholePlace } from "../files/claim.ts";
import { fileError, unlessAbsent } from "../files/failures.ts";
import { makeFolder } from "../files/plain.ts";
import { publishClaimed } from "../files/publish.ts";
import type { StoredEvent } from "./event.ts";
import {
  allOf,
  checkLevel,
  copyLevel,
  EMPTY,
  type EventDatabase,
  type Head,
  isLevel,
  openLevel,
  readLevel,
  writeLevel,
} from "./level.ts";
import { type Change, growth, type StoreSize, type UserRecord, type UserRecords } from "./records.ts";

const DATA = "data";
/** What a file system may have in an empty folder. */
const OF_DISKS = ["lost+found"];
/** Who is told of a person's purchases is for that person to say. */
const PRIVATE = 0o700;

/** A database, and what it says of itself. */
interface Opened {
  readonly level: EventDatabase;
  readonly head: Head;
}

export class FileRecords implements UserRecords {
  /** What errors call the store, and where its database lies. */
  readonly #store: string;
  readonly #data: string;
  readonly #claim: Claim;
  /** Pending while the database is replaced or opened again; rejected where it cannot be. */
  #opened: Promise<Opened>;
  /** Whether the database must be opened again: what of a write that failed is there, it does not know. */
  #isInDoubt = false;
  /** The latest of the works that are done one after the other. */
  #latest: Promise<unknown> = Promise.resolve();

  private constructor(store: string, data: string, claim: Claim, opened: Opened) {
    this.#store = store;
    this.#data = data;
    this.#claim = claim;
    this.#opened = Promise.resolve(opened);
  }

  /**
   * Opens the store in a folder and looks at all that is in it. Where there is none, an empty one is made.
   * @throws UserError where another process has it, it is damaged, or something else is in the folder
   */
  static async open(store: string, { mustExist }: { readonly mustExist: boolean }): Promise<FileRecords> {
    const absent = (reason: string) => failure("store.absent", { path: store, reason });
    try {
      const folder = await placeOf(store);
      const data = join(folder, DATA);
      const isFolder = await checkContent(folder, store);
      if (mustExist && !isFolder) throw absent("there is no such folder");
      await makeFolder(folder);
      const claim = await holdClaim(wholePlace(data, "store.in-use"));
      try {
        if ((await stat(data).catch(unlessAbsent)) === undefined) {
          if (mustExist) throw absent("there is nothing in it");
          await makeData(data, claim.id, store);
        }
        return new FileRecords(store, data, claim, await openData(data, store));
      } catch (error) {
        await claim.release();
        throw error;
      }
    } catch (error) {
      throw fileError(error, "open", store);
    }
  }

  /**
   * Whether there is a store in a folder.
   * @throws UserError where there is none and none could be made
   */
  static async isThere(store: string): Promise<boolean> {
    try {
      const folder = await placeOf(store);
      if (await checkContent(folder, store)) {
        if ((await stat(join(folder, DATA)).catch(unlessAbsent)) !== undefined) return true;
      }
      await access(await nearestFolder(folder), constants.W_OK | constants.X_OK);
      return false;
    } catch (error) {
      throw fileError(error, "write", store);
    }
  }

  async read(users: readonly string[]): Promise<UserRecord[]> {
    const { level } = await this.#opened;
    return (await readLevel(level, users, this.#store)).map((events) => ({ events }));
  }

  async write(changes: readonly Change[]): Promise<boolean> {
    await this.#alone(async () => {
      const { level, head } = await this.#opened;
      const { users, events } = growth(changes);
      const after = { ...head, users: head.users + users, events: head.events + events };
      this.#isInDoubt = true;
      await writeLevel(level, changes, after, this.#store);
      this.#opened = Promise.resolve({ level, head: after });
      this.#isInDoubt = false;
    });
    return true;
  }

  async *all(): AsyncIterable<readonly StoredEvent[]> {
    yield* allOf(async () => (await this.#opened).level, this.#store);
  }

  async size(): Promise<StoreSize> {
    const { head } = await this.#opened;
    const names = await readdir(this.#data);
    // The database may remove a file meanwhile.
    const found = await Promise.all(names.map((name) => stat(join(this.#data, name)).catch(unlessAbsent)));
    return { users: head.users, events: head.events, bytes: found.reduce((sum, file) => sum + (file?.size ?? 0), 0) };
  }

  /** A new database with what is kept takes the place of the old one in one step. */
  async compact(): Promise<void> {
    await this.#alone(async () => {
      const { level, head } = await this.#opened;
      const write = async (folder: string) => {
        await withNew(folder, this.#store, (fresh) => copyLevel(level, fresh, head, this.#store));
        // Readers wait for what takes its place; where nothing does, it is opened again.
        this.#opened = published.catch(() => {}).then(() => openData(this.#data, this.#store));
        this.#opened.catch(() => {
          this.#isInDoubt = true;
        });
        await level.close();
      };
      const published = publishClaimed(this.#data, this.#claim.id, async () => {}, write);
      await published;
      await this.#opened;
    });
  }

  async check(): Promise<void> {
    if (this.#isInDoubt) await this.#alone(async () => {});
    await this.#opened;
  }

  async close(): Promise<void> {
    await this.#latest;
    await this.#opened.then(({ level }) => level.close()).catch(() => {});
    await this.#claim.release();
  }

  /** Does one work after the other, with a database that is in no doubt. */
  async #alone(work: () => Promise<void>): Promise<void> {
    const done = this.#latest.then(async () => {
      if (this.#isInDoubt) await this.#openAgain();
      await work();
    });
    this.#latest = done.catch(() => {});
    await done;
  }

  async #openAgain(): Promise<void> {
    const before = this.#opened;
    this.#opened = before
      .then(({ level }) => level.close())
      .catch(() => {})
      .then(() => openData(this.#data, this.#store));
    await this.#opened;
    this.#isInDoubt = false;
  }
}

/** Looks at what is in the folder of a store; false where there is no such folder. @throws UserError where it is something else */
async function checkContent(folder: string, store: string): Promise<boolean> {
  const all = await readdir(folder).catch(unlessAbsent);
  if (all === undefined) return false;
  const names = all.filter((name) => !OF_DISKS.includes(name));
  const absent = (reason: string) => failure("store.absent", { path: store, reason });
  if (names.includes(DATA)) {
    // Opening it would leave files of the database there.
    const files = await readdir(join(folder, DATA)).catch(() => []);
    if (!isLevel(files)) throw absent(`its ${DATA} is no database`);
  } else {
    const foreign = names.find((name) => !name.startsWith(`${DATA}.`));
    if (foreign !== undefined) throw absent(`there is ${foreign} in it`);
  }
  return true;
}

/** The folder itself, or the nearest around it that is there. */
async function nearestFolder(folder: string): Promise<string> {
  const found = await stat(folder).catch(unlessAbsent);
  return found !== undefined || dirname(folder) === folder ? folder : await nearestFolder(dirname(folder));
}

async function makeData(data: string, id: string, store: string): Promise<void> {
  const write = async (folder: string) => {
    await chmod(folder, PRIVATE);
    await withNew(folder, store, (level) => writeLevel(level, [], EMPTY, store));
  };
  await publishClaimed(data, id, async () => {}, write);
}

/** Makes a database in an empty folder. */
async function withNew(folder: string, store: string, fill: (level: EventDatabase) => Promise<void>): Promise<void> {
  const level = await openLevel(folder, store, true);
  try {
    await fill(level);
  } finally {
    await level.close();
  }
}

async function openData(data: string, store: string): Promise<Opened> {
  const level = await openLevel(data, store);
  try {
    return { level, head: await checkLevel(level, data, store) };
  } catch (error) {
    await level.close();
    throw error;
  }
}
