/**
 * What a server remembers of the records: which outcomes it has, and which request showed what to whom. It is an embedded
 * database (LevelDB) beside the files, made of them alone: where it is behind them it is carried on, where it is damaged
 * or gone it is made anew.
 *
 *   !               what this is, and its spans: JSON
 *   pKIND           up to where the files of a kind are in here
 *   uEXPERIMENT\0U  a user who was exposed
 *   SPANrREQUEST    of a ranking: who was shown how many items of which arm, and when; JSON
 *   SPANsREQUEST    of scores
 *   SPANoID         an outcome
 *
 * A span is a window long and is forgotten as a whole, when it lies two windows back: so memory is bounded, and whatever
 * may still be put down to an exposure is known. Users are not forgotten.
 */
import { ClassicLevel } from "classic-level";
import { z } from "zod";
import { failure } from "../../errors/failure.ts";
import type { Exposure, Kind, NewExposure } from "./rows.ts";

/** What is remembered of a request. */
export interface KnownRequest {
  readonly time: number;
  readonly experiment: string;
  readonly arm: string;
  readonly user: string;
  /** Whether it is the user's first one in the experiment. */
  readonly first: boolean;
  /** How many rows are recorded. */
  readonly rows: number;
}

/** Up to where files are known: so many bytes of that file, and all before it. */
export interface Position {
  readonly number: number;
  readonly bytes: number;
}

type IndexLevel = ClassicLevel<string, string>;
type Put = { readonly type: "put"; readonly key: string; readonly value: string };

const VERSION = 1;
const headSchema = z.strictObject({
  format: z.literal("dien-records"),
  version: z.literal(VERSION),
  spans: z.array(z.strictObject({ name: z.string(), since: z.number() })).min(1),
});
type IndexHead = z.output<typeof headSchema>;
const positionSchema = z.strictObject({ number: z.int(), bytes: z.int() });

/** Spans that are remembered: the present one and two before. */
const SPANS = 3;
const HEAD = "!";
const put = (key: string, value: string): Put => ({ type: "put", key, value });
const nameOf = (n: number) => n.toString(16).padStart(8, "0");
const userKey = (experiment: string, user: string) => `u${experiment}\0${user}`;

/** By which a request is known: that of a ranking is the id of its impressions without their positions. */
export function requestOf({ id, position }: Pick<Exposure, "id" | "position">): string {
  const end = `.${position}`;
  return position !== null && id.endsWith(end) ? `r${id.slice(0, -end.length)}` : `s${id}`;
}

/** By what a request of an id may be known. */
export const idsOf = (id: string): readonly string[] => [`r${id}`, `s${id}`];

/** Which requests an impression may be of, with its position. */
export function requestsOf(impression: string): { readonly request: string; readonly position: number }[] {
  const [, ranking, position] = /^(.+)\.(\d{1,9})$/s.exec(impression) ?? [];
  const scores = { request: `s${impression}`, position: 1 };
  return ranking === undefined ? [scores] : [scores, { request: `r${ranking}`, position: Number(position) }];
}

export class Remembered {
  readonly #level: IndexLevel;
  readonly #window: number;
  readonly #clock: () => number;
  #head: IndexHead;

  private constructor(level: IndexLevel, head: IndexHead, window: number, clock: () => number) {
    this.#level = level;
    this.#head = head;
    this.#window = window;
    this.#clock = clock;
  }

  /** Opens what lies in `folder`; undefined where that cannot be relied on. */
  static async open(folder: string, window: number, clock: () => number): Promise<Remembered | undefined> {
    const level: IndexLevel = new ClassicLevel(folder, {
      keyEncoding: "utf8",
      valueEncoding: "utf8",
      compression: false,
    });
    try {
      await level.open({ createIfMissing: false });
      const head = headSchema.parse(JSON.parse(String(await level.get(HEAD))));
      return new Remembered(level, head, window, clock);
    } catch {
      await level.close();
      return undefined;
    }
  }

  /** Makes an empty one in a folder that is not there. */
  static async create(folder: string, window: number, clock: () => number): Promise<Remembered> {
    const level: IndexLevel = new ClassicLevel(folder, {
      keyEncoding: "utf8",
      valueEncoding: "utf8",
      compression: false,
    });
    const head: IndexHead = { format: "dien-records", version: VERSION, spans: [{ name: nameOf(0), since: clock() }] };
    await level.open({ errorIfExists: true });
    await level.put(HEAD, JSON.stringify(head));
    return new Remembered(level, head, window, clock);
  }

  async position(kind: Kind): Promise<Position | undefined> {
    const value = await this.#level.get(`p${kind}`);
    return value === undefined ? undefined : positionSchema.parse(JSON.parse(value));
  }

  /** Those of the requests that are known. */
  async requests(requests: readonly string[]): Promise<Map<string, KnownRequest>> {
    const found = await this.#inSpans(requests);
    return new Map([...found].map(([request, value]) => [request, parseRequest(value)]));
  }

  /** Those of the ids that are known of outcomes. */
  async outcomes(ids: readonly string[]): Promise<Set<string>> {
    const found = await this.#inSpans(ids.map((id) => `o${id}`));
    return new Set([...found.keys()].map((key) => key.slice(1)));
  }

  /** Of each row whether its user is known in its experiment. */
  async users(rows: readonly Pick<NewExposure, "experiment" | "user">[]): Promise<boolean[]> {
    const values = await this.#level.getMany(rows.map(({ experiment, user }) => userKey(experiment, user)));
    return values.map((value) => value !== undefined);
  }

  async add(changes: {
    readonly requests?: ReadonlyMap<string, KnownRequest>;
    readonly outcomes?: readonly string[];
    readonly users?: readonly Pick<Exposure, "experiment" | "user">[];
    readonly position?: readonly [Kind, Position] | undefined;
  }): Promise<void> {
    const { requests = new Map(), outcomes = [], users = [], position } = changes;
    const { name } = this.#head.spans[this.#head.spans.length - 1];
    const puts = [
      ...[...requests].map(([request, known]) => put(`${name}${request}`, requestText(known))),
      ...outcomes.map((id) => put(`${name}o${id}`, "")),
      ...users.map(({ experiment, user }) => put(userKey(experiment, user), "")),
      ...(position === undefined ? [] : [put(`p${position[0]}`, JSON.stringify(position[1]))]),
    ];
    if (puts.length > 0) await this.#level.batch(puts);
    await this.#goOn();
  }

  /** Waits until all of it is on the disk. */
  async flush(): Promise<void> {
    await this.#level.put(HEAD, JSON.stringify(this.#head), { sync: true });
  }

  async close(): Promise<void> {
    await this.#level.close();
  }

  /** Begins a span where the present one is a window old, and forgets the one that is too old then. */
  async #goOn(): Promise<void> {
    const now = this.#clock();
    const { spans } = this.#head;
    const present = spans[spans.length - 1];
    if (now - present.since < this.#window) return;
    const next = { name: nameOf(Number.parseInt(present.name, 16) + 1), since: now };
    const left = [...spans, next];
    const gone = left.splice(0, left.length - SPANS);
    this.#head = { ...this.#head, spans: left };
    await this.#level.put(HEAD, JSON.stringify(this.#head));
    for (const { name } of gone) await this.#level.clear({ gte: name, lt: `${name}~` });
  }

  /** The latest values of keys, as far as there are any. */
  async #inSpans(keys: readonly string[]): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    if (keys.length === 0) return found;
    const { spans } = this.#head;
    const values = await this.#level.getMany(spans.flatMap(({ name }) => keys.map((key) => `${name}${key}`)));
    for (const [i, value] of values.entries()) if (value !== undefined) found.set(keys[i % keys.length], value);
    return found;
  }
}

function requestText({ time, experiment, arm, user, first, rows }: KnownRequest): string {
  return JSON.stringify([time, experiment, arm, user, first, rows]);
}

function parseRequest(text: string): KnownRequest {
  const [time, experiment, arm, user, first, rows] = JSON.parse(text);
  return { time, experiment, arm, user, first, rows };
}

/** A failure of the database as an error for users; what is none comes back unchanged. */
export function rememberedError(error: unknown, path: string): unknown {
  const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
  if (!code?.startsWith("LEVEL_") && !/^(?:IO error|Corruption)/.test(message)) return error;
  return failure("records.unavailable", { path, reason: message }, error);
}
