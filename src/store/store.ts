/**
 * Users' behaviours for serving: the latest of each user, ordered, each once. What a store does is here, whatever it lies
 * in; `UserRecords` say where that is.
 *
 * Writes of many callers go in groups: while one group is on its way to the disk, the next gathers, so that a flush
 * serves all who wait for it. There is one writer, which reads a record, adds to it and writes it back.
 */
import { failure } from "../errors/failure.ts";
import { checkEvents, type StoredEvent } from "./event.ts";
import { type Added, type HistoryQuery, latest, withEvents } from "./history.ts";
import type { Change, StoreSize, UserRecords } from "./records.ts";

/** All methods reject with UserError where the store cannot be reached, is full or damaged, or was closed. */
export interface BehaviourStore {
  /** The most behaviours that are kept of a user. */
  readonly most: number;
  /** Adds behaviours; those whose ids are known are left alone. Durable when it resolves. */
  append(events: readonly StoredEvent[]): Promise<Added>;
  /** The behaviours of a user, oldest first. */
  history(user: string, query: HistoryQuery): Promise<readonly StoredEvent[]>;
  /** Forgets a user and the ids of the user's events; returns how many there were. After `compact` no trace is left. */
  erase(user: string): Promise<number>;
  /** Everything, a user at a time, in the order of the bytes of their names. */
  all(): AsyncIterable<readonly StoredEvent[]>;
  size(): Promise<StoreSize>;
  /** Leaves nothing on the disk but what is kept. Writes wait for it, readers do not. */
  compact(): Promise<void>;
  /** Whether it can be used now. */
  check(): Promise<void>;
  /** Waits for the writes under way; what comes later is refused. */
  close(): Promise<void>;
}

/** A group has about so many events: a caller does not wait for all who came later. */
const GROUP_EVENTS = 10_000;
/** How often a record may have been changed by somebody else between its reading and its writing. */
const ATTEMPTS = 100;

/** What a caller wants done with records. */
interface RecordTask {
  /** Events, or one for each user to look at. */
  readonly weight: number;
  readonly users: readonly string[];
  /** Changes the histories of its users; what it returns is the result. It may be called again, with other histories. */
  readonly change: (histories: Map<string, readonly StoredEvent[]>) => unknown;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

export class RecordStore implements BehaviourStore {
  readonly most: number;
  readonly #records: UserRecords;
  readonly #address: string;
  #waiting: RecordTask[] = [];
  /** The writer, while it has something to do. */
  #writing: Promise<void> | undefined;
  #isClosed = false;

  /** @param address what errors call the store */
  constructor(records: UserRecords, most: number, address: string) {
    this.#records = records;
    this.most = most;
    this.#address = address;
  }

  async append(events: readonly StoredEvent[]): Promise<Added> {
    checkEvents(events);
    this.#checkOpen();
    if (events.length === 0) return { added: 0, known: 0, dropped: 0 };
    const ofUsers = byUser(events);
    return await this.#write([...ofUsers.keys()], events.length, (histories) => {
      const sum = { added: 0, known: 0, dropped: 0 };
      for (const [user, own] of ofUsers) {
        const { history, added, known, dropped } = withEvents(histories.get(user)!, own, this.most);
        histories.set(user, history);
        sum.added += added;
        sum.known += known;
        sum.dropped += dropped;
      }
      return sum;
    });
  }

  async history(user: string, query: HistoryQuery): Promise<readonly StoredEvent[]> {
    this.#checkOpen();
    const [{ events }] = await this.#records.read([user]);
    return latest(events, query);
  }

  async erase(user: string): Promise<number> {
    return await this.#write([user], 1, (histories) => {
      const { length } = histories.get(user)!;
      histories.set(user, []);
      return length;
    });
  }

  async *all(): AsyncIterable<readonly StoredEvent[]> {
    this.#checkOpen();
    yield* this.#records.all();
  }

  async size(): Promise<StoreSize> {
    this.#checkOpen();
    return await this.#records.size();
  }

  async compact(): Promise<void> {
    this.#checkOpen();
    await this.#records.compact();
  }

  async check(): Promise<void> {
    this.#checkOpen();
    await this.#records.check();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#writing;
    await this.#records.close();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw failure("store.unavailable", { path: this.#address, reason: "it was closed" });
  }

  async #write<T>(
    users: readonly string[],
    weight: number,
    change: (histories: Map<string, readonly StoredEvent[]>) => T,
  ): Promise<T> {
    this.#checkOpen();
    return await new Promise<T>((resolve, reject) => {
      this.#waiting.push({ users, weight, change, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    // Callers of this turn of the event loop are one group.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      try {
        const results = await this.#writeGroup(group);
        for (const [i, { resolve }] of group.entries()) resolve(results[i] as never);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#writing = undefined;
  }

  #takeGroup(): RecordTask[] {
    let weight = 0;
    const end = this.#waiting.findIndex((task) => {
      weight += task.weight;
      return weight > GROUP_EVENTS;
    });
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : Math.max(1, end));
  }

  /** The results of tasks, whose changes were written. */
  async #writeGroup(group: readonly RecordTask[]): Promise<unknown[]> {
    const users = [...new Set(group.flatMap((task) => task.users))];
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const records = await this.#records.read(users);
      const histories = new Map(users.map((user, i) => [user, records[i].events]));
      const results = group.map(({ change }) => change(histories));
      const changes = users.map((user, i): Change => ({ user, before: records[i], after: histories.get(user)! }));
      const made = changes.filter(
        ({ before, after }) => before.events !== after && before.events.length + after.length > 0,
      );
      if (made.length === 0 || (await this.#records.write(made))) return results;
    }
    const reason = "others change the same users again and again";
    throw failure("store.unavailable", { path: this.#address, reason });
  }
}

function byUser(events: readonly StoredEvent[]): Map<string, StoredEvent[]> {
  const ofUsers = new Map<string, StoredEvent[]>();
  for (const event of events) {
    const own = ofUsers.get(event.user);
    if (own === undefined) ofUsers.set(event.user, [event]);
    else own.push(event);
  }
  return ofUsers;
}
