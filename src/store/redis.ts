/**
 * `redis://`: records in Redis, for several servers at once. The client finds its way back by itself when Redis was away;
 * meanwhile every call is an error that says so. What was acknowledged is as durable as that Redis is told to be
 * (`appendonly yes`, `appendfsync always`).
 *
 *   PREFIX:format     what this is
 *   PREFIX:totals     how many users and events there are, and the number of the latest revision
 *   PREFIX:users      the names of all users, in order
 *   PREFIX:user:NAME  the revision of a record, a blank, the behaviours (records.ts)
 *
 * A record is written only where it has the revision that it had when it was read. No revision is used twice, so a user who was
 * erased and came again is not taken for the old one.
 */
import { setTimeout } from "node:timers/promises";
import { createClient, ErrorReply } from "@redis/client";
import { withoutAddress } from "../errors/addresses.ts";
import { failure, UserError } from "../errors/failure.ts";
import type { StoredEvent } from "./event.ts";
import {
  type Change,
  eventsText,
  growth,
  parseEvents,
  type StoreSize,
  type UserRecord,
  type UserRecords,
} from "./records.ts";

const FORMAT = "dien-store 1";
const PREFIX = "dien";
/** Users that are read at a time. */
const PAGE = 512;
/** Milliseconds: for a connection, for an answer, and at most between two attempts to connect. */
const PATIENCE = { connect: 5000, answer: 5000, retry: 1000 } as const;
/** Milliseconds between two looks at whether Redis has written its files. */
const LOOK_EVERY = 50;

/** Writes records that are as they were, all or none: 1, or 0. */
const WRITE = `
local n = #KEYS - 2
for i = 1, n do
  local held = redis.call('GET', KEYS[i + 2])
  if (held and string.match(held, '^%d+') or '0') ~= ARGV[3 * i] then return 0 end
end
redis.call('HINCRBY', KEYS[1], 'users', ARGV[1])
redis.call('HINCRBY', KEYS[1], 'events', ARGV[2])
local revision = redis.call('HINCRBY', KEYS[1], 'revision', 1)
for i = 1, n do
  local user, record = ARGV[3 * i + 1], ARGV[3 * i + 2]
  if record == '' then
    redis.call('DEL', KEYS[i + 2])
    redis.call('ZREM', KEYS[2], user)
  else
    redis.call('SET', KEYS[i + 2], revision .. ' ' .. record)
    redis.call('ZADD', KEYS[2], 0, user)
  end
end
return 1`;

type Client = ReturnType<typeof createClient>;

export class RedisRecords implements UserRecords {
  readonly #client: Client;
  readonly #store: string;
  readonly #prefix: string;

  private constructor(client: Client, store: string, prefix: string) {
    this.#client = client;
    this.#store = store;
    this.#prefix = prefix;
  }

  /**
   * Connects to the Redis at `url`; its `?prefix=NAME` keeps stores in one Redis apart.
   * @throws UserError where it cannot be reached, or what is there is none of ours
   */
  static async open(url: string, { mustExist }: { readonly mustExist: boolean }): Promise<RedisRecords> {
    const store = withoutAddress(url);
    const [address, search] = url.split("?", 2);
    const prefix = prefixOf(search, store);
    let wasConnected = false;
    const reconnectStrategy = (retries: number) => wasConnected && Math.min(PATIENCE.retry, 2 ** retries * 10);
    let client: Client;
    try {
      const socket = { reconnectStrategy, connectTimeout: PATIENCE.connect };
      client = createClient({ url: address, socket, disableOfflineQueue: true }) as Client;
    } catch (error) {
      throw failure(
        "store.unknown-address",
        { path: store, expected: "redis://[:PASSWORD@]HOST:PORT[/DATABASE]" },
        error,
      );
    }
    // Each call says it for itself.
    client.on("error", () => {});
    const records = new RedisRecords(client, store, prefix);
    try {
      await records.#answerTo(client.connect());
      wasConnected = true;
      if (!mustExist) await records.#ask("SET", records.#key("format"), FORMAT, "NX");
      await records.check();
    } catch (error) {
      client.destroy();
      throw error;
    }
    return records;
  }

  async read(users: readonly string[]): Promise<UserRecord[]> {
    const found = (await this.#ask("MGET", ...users.map((user) => this.#userKey(user)))) as (string | null)[];
    return users.map((user, i) => this.#recordOf(user, found[i]));
  }

  async write(changes: readonly Change[]): Promise<boolean> {
    const { users, events } = growth(changes);
    const keys = [this.#key("totals"), this.#key("users"), ...changes.map(({ user }) => this.#userKey(user))];
    const records = changes.flatMap(({ user, before, after }) => [
      String(before.revision ?? 0),
      user,
      after.length > 0 ? eventsText(after) : "",
    ]);
    const written = await this.#ask(
      "EVAL",
      WRITE,
      String(keys.length),
      ...keys,
      String(users),
      String(events),
      ...records,
    );
    return Number(written) === 1;
  }

  async *all(): AsyncIterable<readonly StoredEvent[]> {
    for (let after = "-"; ; ) {
      const range = ["ZRANGE", this.#key("users"), after, "+", "BYLEX", "LIMIT", "0", String(PAGE)];
      const users = (await this.#ask(...range)) as string[];
      for (const { events } of users.length > 0 ? await this.read(users) : []) if (events.length > 0) yield events;
      if (users.length < PAGE) return;
      after = `(${users[users.length - 1]}`;
    }
  }

  async size(): Promise<StoreSize> {
    const [users, events] = (await this.#ask("HMGET", this.#key("totals"), "users", "events")) as (string | null)[];
    return { users: Number(users ?? 0), events: Number(events ?? 0) };
  }

  /** Has Redis write its files anew, those that it keeps. */
  async compact(): Promise<void> {
    const { aof_enabled: hasLog } = await this.#persistence();
    const [, saves] = (await this.#ask("CONFIG", "GET", "save").then(entriesOf)) as string[];
    for (const command of [...(hasLog === "1" ? ["BGREWRITEAOF"] : []), ...(saves ? ["BGSAVE"] : [])]) {
      await this.#quiet();
      await this.#ask(command);
    }
    await this.#quiet();
    const { aof_last_bgrewrite_status: log, rdb_last_bgsave_status: saved } = await this.#persistence();
    if (log === "ok" && saved === "ok") return;
    throw failure("store.unavailable", { path: this.#store, reason: "it could not write its files anew" });
  }

  async check(): Promise<void> {
    const found = await this.#ask("GET", this.#key("format"));
    if (found === FORMAT) return;
    const path = this.#store;
    if (found === null) throw failure("store.absent", { path, reason: `there is no key ${this.#key("format")}` });
    const version = /^dien-store (\d+)$/.exec(String(found))?.[1];
    if (version !== undefined) throw failure("store.other-version", { path, expected: 1, found: version });
    throw failure("store.damaged", { path, problem: `the key ${this.#key("format")} is of something else` });
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  #key(name: string): string {
    return `${this.#prefix}:${name}`;
  }

  #userKey(user: string): string {
    return this.#key(`user:${user}`);
  }

  #recordOf(user: string, text: string | null): UserRecord {
    if (text === null) return { events: [] };
    try {
      const end = text.indexOf(" ");
      return { events: parseEvents(user, text.slice(end + 1)), revision: Number(text.slice(0, end)) };
    } catch {
      throw failure("store.damaged", { path: this.#store, problem: "a record is not as it was written" });
    }
  }

  /** Waits until Redis writes none of its files in the background. */
  async #quiet(): Promise<void> {
    for (;;) {
      const {
        aof_rewrite_in_progress: log,
        aof_rewrite_scheduled: next,
        rdb_bgsave_in_progress: saving,
      } = await this.#persistence();
      if (log === "0" && next === "0" && saving === "0") return;
      await setTimeout(LOOK_EVERY);
    }
  }

  async #persistence(): Promise<Readonly<Record<string, string>>> {
    const lines = String(await this.#ask("INFO", "persistence")).split("\r\n");
    return Object.fromEntries(lines.map((line) => line.split(":", 2)));
  }

  async #ask(...command: string[]): Promise<unknown> {
    return await this.#answerTo(this.#client.sendCommand(command));
  }

  /** What Redis answers. @throws UserError where it refuses, or does not answer in time */
  async #answerTo<T>(asked: Promise<T>): Promise<T> {
    const ended = new AbortController();
    const late = setTimeout(PATIENCE.answer, undefined, { signal: ended.signal, ref: false }).then(() => {
      throw failure("store.unavailable", { path: this.#store, reason: "it does not answer" });
    });
    late.catch(() => {});
    try {
      return await Promise.race([asked, late]);
    } catch (error) {
      throw redisError(error, this.#store);
    } finally {
      ended.abort();
    }
  }
}

/** What the part of an address behind its `?` says. @throws UserError where that is something else */
function prefixOf(search: string | undefined, store: string): string {
  const { prefix = PREFIX, ...others } = Object.fromEntries(new URLSearchParams(search));
  if (prefix !== "" && Object.keys(others).length === 0) return prefix;
  throw failure("store.unknown-address", { path: store, expected: "nothing behind its ? but prefix=NAME" });
}

/** What RESP3 gives as a map, and RESP2 as a list. */
function entriesOf(reply: unknown): unknown[] {
  if (Array.isArray(reply)) return reply;
  return Object.entries(reply as object).flat();
}

/** An error of the client, or an answer that is one, in words that hold no address. */
function redisError(error: unknown, store: string): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error;
  const { message } = error;
  // An answer begins with its kind; of a connection that is refused the client keeps no more than the words.
  if (!(error instanceof ErrorReply || /^[A-Z]+ /.test(message))) {
    const code = (error as NodeJS.ErrnoException).code;
    return failure(
      "store.unavailable",
      { path: store, reason: `there is no connection to it (${code ?? error.name})` },
      error,
    );
  }
  if (message.startsWith("OOM"))
    return failure("store.disk-full", { path: store, reason: "its memory is full" }, error);
  if (message.startsWith("WRONGTYPE")) {
    return failure("store.damaged", { path: store, problem: "a key is of something else" }, error);
  }
  return failure("store.unavailable", { path: store, reason: `it answers ${message.slice(0, 100)}` }, error);
}
