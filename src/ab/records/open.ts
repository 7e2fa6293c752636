/**
 * Records in a folder of one server's own:
 *
 *   DIR/exposures-00000001.parquet   full files
 *   DIR/exposures-00000002.ndjson    the one that grows; outcomes likewise
 *   DIR/index                        what is remembered of them (remembered.ts)
 *   DIR/lock                         the claim of the server
 *
 * An exposure survives a kill of the process when its answer is given, for the system has it then. It is flushed within a
 * second, and before an outcome that follows it is acknowledged. An outcome is flushed before it is acknowledged.
 */
import { chmod, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { failure, UserError } from "../../errors/failure.ts";
import { flushFolder, placeOf } from "../../files/aside.ts";
import { type Claim, folderPlace, holdClaim } from "../../files/claim.ts";
import { fileError, unlessAbsent } from "../../files/failures.ts";
import { note } from "../../files/notes.ts";
import { makeFolder } from "../../files/plain.ts";
import { checkOptions } from "../../options/problems.ts";
import { AppendedFile } from "./appended.ts";
import { attribute } from "./attribute.ts";
import { nameOf, type RecordFile } from "./files.ts";
import { RecentKeys } from "./recent-keys.ts";
import type { RecordCounts, Recorded, RecordedRequest, Records, RecordsOptions } from "./records.ts";
import { type Recovered, recover } from "./recover.ts";
import {
  idsOf,
  type KnownRequest,
  type Position,
  type Remembered,
  rememberedError,
  requestOf,
  requestsOf,
} from "./remembered.ts";
import { makeParquet } from "./rotate.ts";
import { KINDS, type Kind, lineOf, linesOf, type NewExposure, type NewOutcome, type Outcome } from "./rows.ts";
import { Groups, Turns } from "./turns.ts";

const recordsOptions = z.strictObject({
  window: z.number().positive(),
  clock: z.custom<() => number>((given) => typeof given === "function", "expected a function").optional(),
  rotateBytes: z
    .int()
    .min(1)
    .default(64 * 2 ** 20),
  rotateSeconds: z.number().positive().max(2_000_000).default(3600),
});

type Settled = Required<z.output<typeof recordsOptions>>;

/** Who was shown what, and bought what, is for those to say who keep it. */
const PRIVATE = 0o700;
/** Milliseconds within which an exposure is flushed. */
const FLUSH_WITHIN = 1000;
/** Milliseconds within which the index knows of it: one write for many requests. */
const SETTLE_WITHIN = 50;
/** Users of whom it is known without the index that they were exposed. */
const SEEN_USERS = 100_000;

/** The rows of an answer. */
interface Exposing {
  readonly rows: readonly NewExposure[];
  /** Whether no request of this id can have come before. */
  readonly isNew: boolean;
}

/** Exposures that are in a file, and in no index yet. */
class Pending {
  readonly requests = new Map<string, KnownRequest>();
  /** Up to where the file is known here. */
  position: Position | undefined;

  add(requests: ReadonlyMap<string, KnownRequest>, position: Position): void {
    for (const [request, known] of requests) this.requests.set(request, known);
    this.position = position;
  }
}

/** Opens the records in a folder, which is made where there is none. @throws UserError where another process has them */
export async function openRecords(folder: string, options: RecordsOptions): Promise<Records> {
  const given = checkOptions("openRecords", recordsOptions, options);
  const settled = { ...given, clock: given.clock ?? Date.now };
  try {
    const place = await placeOf(folder);
    const isNew = (await stat(place).catch(unlessAbsent)) === undefined;
    await makeFolder(place);
    if (isNew) await chmod(place, PRIVATE);
    const claim = await holdClaim(folderPlace(place, "records.in-use"));
    try {
      return new FolderRecords(folder, place, claim, await recover(place, settled.window, settled.clock), settled);
    } catch (error) {
      await claim.release();
      throw error;
    }
  } catch (error) {
    throw fileError(rememberedError(error, folder), "open", folder);
  }
}

class FolderRecords implements Records {
  /** What errors call the folder, and where it is. */
  readonly #name: string;
  readonly #folder: string;
  readonly #claim: Claim;
  readonly #remembered: Remembered;
  readonly #options: Settled;
  readonly #next: Record<Kind, number>;
  readonly #turns = { exposures: new Turns(), outcomes: new Turns() } as const;
  /** Those that grow; a file is made for its first row. */
  readonly #files: Partial<Record<Kind, AppendedFile>> = {};
  readonly #exposing = new Groups(this.#turns.exposures, (group: readonly Exposing[]) => this.#recordExposures(group));
  readonly #counting = new Groups(this.#turns.outcomes, (group: readonly (readonly NewOutcome[])[]) =>
    this.#recordOutcomes(group),
  );
  readonly #counts = {
    ...{ exposures: 0, knownExposures: 0, added: 0, known: 0, unattributed: 0 },
    ...{ torn: 0, rotated: 0, rotationsFailed: 0 },
  };
  /** Files become Parquet one after the other. */
  readonly #rotating = new Turns();
  /** Requests whose exposures may not be on the disk yet. */
  #unflushed = new Set<string>();
  /** Exposures that the index does not know yet, and those of them that are on their way to it. */
  #pending = new Pending();
  #remembering: Promise<void> = Promise.resolve();
  #settling: NodeJS.Timeout | undefined;
  /** Some of the users who were exposed. */
  readonly #seen = new RecentKeys(SEEN_USERS);
  #flushing: NodeJS.Timeout | undefined;
  /** The latest flush. */
  #flushed: Promise<void> = Promise.resolve();
  readonly #aging: NodeJS.Timeout;
  /** Why nothing can be recorded any more. */
  #reason: string | undefined;

  constructor(name: string, folder: string, claim: Claim, recovered: Recovered, options: Settled) {
    this.#name = name;
    this.#folder = folder;
    this.#claim = claim;
    this.#remembered = recovered.remembered;
    this.#options = options;
    this.#next = { ...recovered.next };
    this.#counts.torn = recovered.torn;
    for (const file of recovered.lines) this.#rotate(file);
    this.#aging = setInterval(() => void this.#rollAll(), options.rotateSeconds * 1000).unref();
  }

  async expose(rows: readonly NewExposure[], isNew = false): Promise<void> {
    this.#checkOpen();
    if (rows.length > 0) await this.#exposing.add({ rows, isNew });
  }

  async request(id: string): Promise<RecordedRequest | undefined> {
    this.#checkOpen();
    const [known] = (await this.#knownRequests(idsOf(id))).values();
    return known;
  }

  async outcome(rows: readonly NewOutcome[]): Promise<Recorded> {
    this.#checkOpen();
    return rows.length > 0 ? await this.#counting.add(rows) : { added: 0, known: 0, unattributed: 0 };
  }

  async rotate(): Promise<void> {
    this.#checkOpen();
    await this.#rollAll();
    await this.#rotating.take(async () => {});
  }

  counts(): RecordCounts {
    return { ...this.#counts };
  }

  async close(): Promise<void> {
    if (this.#reason === CLOSED) return;
    this.#reason ??= CLOSED;
    clearInterval(this.#aging);
    await this.#rollAll();
    await this.#rotating.take(async () => {});
    clearTimeout(this.#flushing);
    this.#reason = CLOSED;
    await this.#settle();
    await this.#remembered.close();
    await this.#claim.release();
  }

  #checkOpen(): void {
    if (this.#reason !== undefined) throw failure("records.unavailable", { path: this.#name, reason: this.#reason });
  }

  /** Records what is new of a group: of each request as many rows as are not recorded yet. */
  async #recordExposures(group: readonly Exposing[]): Promise<undefined[]> {
    const requests = group.map(({ rows }) => requestOf(rows[0]));
    // Only a request that a client has named can have come before.
    const named = requests.filter((_, i) => !group[i].isNew);
    const [known, users] = await Promise.all([this.#knownRequests(named), this.#knownUsers(group)]);
    const changed = new Map<string, KnownRequest>();
    let lines = "";
    let count = 0;
    for (const [i, { rows }] of group.entries()) {
      const before = changed.get(requests[i]) ?? known.get(requests[i]);
      const { time, experiment, arm, user } = rows[0];
      const key = userOf(rows[0]);
      const first = before?.first ?? !users.has(key);
      users.add(key);
      const fresh = rows.slice(before?.rows ?? 0);
      lines += linesOf(fresh, first);
      count += fresh.length;
      this.#counts.knownExposures += rows.length - fresh.length;
      if (fresh.length === 0) continue;
      changed.set(requests[i], { ...(before ?? { time, experiment, arm, user, first }), rows: rows.length });
    }
    if (count === 0) return [];
    const file = await this.#append("exposures", lines);
    this.#counts.exposures += count;
    this.#pending.add(changed, { number: file.file.number, bytes: file.bytes });
    for (const [request, { experiment, user }] of changed) {
      this.#unflushed.add(request);
      this.#seen.add(userOf({ experiment, user }));
    }
    this.#settling ??= setTimeout(() => this.#settle().catch(() => {}), SETTLE_WITHIN).unref();
    this.#flushing ??= setTimeout(() => {
      this.#flushing = undefined;
      this.#flush().catch(() => {});
    }, FLUSH_WITHIN).unref();
    await this.#rollFull("exposures");
    return [];
  }

  /** Those of the requests that are recorded. */
  async #knownRequests(requests: readonly string[]): Promise<Map<string, KnownRequest>> {
    const known = new Map<string, KnownRequest>();
    const asked: string[] = [];
    for (const request of requests) {
      const pending = this.#pending.requests.get(request);
      if (pending === undefined) asked.push(request);
      else known.set(request, pending);
    }
    if (asked.length === 0) return known;
    await this.#remembering;
    const found = await this.#attempt(() => this.#remembered.requests(asked));
    for (const [request, one] of found) known.set(request, one);
    return known;
  }

  /** The keys of those users of a group who were exposed before. */
  async #knownUsers(group: readonly Exposing[]): Promise<Set<string>> {
    const known = new Set<string>();
    const asked: NewExposure[] = [];
    for (const { rows } of group) {
      if (this.#seen.has(userOf(rows[0]))) known.add(userOf(rows[0]));
      else asked.push(rows[0]);
    }
    if (asked.length === 0) return known;
    await this.#remembering;
    const found = await this.#attempt(() => this.#remembered.users(asked));
    for (const [i, row] of asked.entries()) if (found[i]) known.add(userOf(row));
    return known;
  }

  /** Has the index remember what is only known here. Until it does, the lines of the file tell a next start. */
  #settle(): Promise<void> {
    clearTimeout(this.#settling);
    this.#settling = undefined;
    const { requests, position } = this.#pending;
    if (position === undefined) return this.#remembering;
    this.#pending = new Pending();
    const users = [...requests.values()].filter(({ first }) => first);
    // One after the other, or an earlier position could come to stand last.
    this.#remembering = this.#remembering.then(() =>
      this.#remember({ requests, users, position: ["exposures", position] }),
    );
    this.#remembering.catch(() => {});
    return this.#remembering;
  }

  /** Records what is new of a group, attributed, and waits until it is on the disk. */
  async #recordOutcomes(group: readonly (readonly NewOutcome[])[]): Promise<Recorded[]> {
    await this.#settle();
    const all = group.flat();
    const wanted = all.flatMap(({ impression }) => requestsOf(impression).map(({ request }) => request));
    const [known, requests] = await this.#attempt(() =>
      Promise.all([
        this.#remembered.outcomes(all.map(({ id }) => id)),
        this.#remembered.requests([...new Set(wanted)]),
        // Few clicks come within a second: seldom is there anything to wait for.
        wanted.some((request) => this.#unflushed.has(request)) ? this.#flush() : this.#flushed,
      ]),
    );
    const fresh: Outcome[] = [];
    const results = group.map((rows): Recorded => {
      const result = { added: 0, known: 0, unattributed: 0 };
      for (const row of rows) {
        if (known.has(row.id)) {
          result.known++;
          continue;
        }
        known.add(row.id);
        const outcome = attribute(row, requests, this.#options.window);
        fresh.push(outcome);
        result.added++;
        if (!outcome.attributed) result.unattributed++;
      }
      return result;
    });
    if (fresh.length > 0) {
      const file = await this.#append("outcomes", fresh.map(lineOf).join(""));
      await file.sync();
      const position = ["outcomes", { number: file.file.number, bytes: file.bytes }] as const;
      await this.#remember({ outcomes: fresh.map(({ id }) => id), position });
    }
    for (const result of results) {
      for (const key of ["added", "known", "unattributed"] as const) this.#counts[key] += result[key];
    }
    await this.#rollFull("outcomes");
    return results;
  }

  async #append(kind: Kind, lines: string): Promise<AppendedFile> {
    const file = this.#files[kind] ?? (await this.#newFile(kind));
    this.#files[kind] = file;
    file.append(lines);
    return file;
  }

  async #newFile(kind: Kind): Promise<AppendedFile> {
    const file = { kind, number: this.#next[kind]++, format: "ndjson" } as const;
    const made = await AppendedFile.create(join(this.#folder, nameOf(file)), file);
    await flushFolder(this.#folder);
    return made;
  }

  /** What is on the disk is remembered, or nothing is recorded until the next start, which mends that. */
  async #remember(changes: Parameters<Remembered["add"]>[0]): Promise<void> {
    await this.#attempt(() => this.#remembered.add(changes)).catch((error: Error) => {
      this.#reason ??= `${error.message}; start again`;
      throw error;
    });
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw rememberedError(error, this.#name);
    }
  }

  /** Waits until all exposures that are recorded now are on the disk. */
  #flush(): Promise<void> {
    this.#unflushed = new Set();
    this.#flushed = (this.#files.exposures?.sync() ?? Promise.resolve()).catch((error: Error) => {
      this.#reason ??= `${error.message}; start again`;
      throw error;
    });
    return this.#flushed;
  }

  /** Ends a file that is full. Within a turn of its kind. */
  async #rollFull(kind: Kind): Promise<void> {
    if ((this.#files[kind]?.bytes ?? 0) >= this.#options.rotateBytes) await this.#roll(kind);
  }

  async #rollAll(): Promise<void> {
    await Promise.all(KINDS.map((kind) => this.#turns[kind].take(() => this.#roll(kind))));
  }

  /** Ends the file that grows; the next row begins another. */
  async #roll(kind: Kind): Promise<void> {
    const file = this.#files[kind];
    if (file === undefined) return;
    await file.sync();
    await file.close();
    delete this.#files[kind];
    this.#rotate(file.file);
  }

  /** Has a file of lines made Parquet, when those before it are. Where that fails, the lines stay, for the next start. */
  #rotate(file: RecordFile): void {
    const path = join(this.#folder, nameOf(file));
    this.#rotating
      .take(async () => {
        // What only the lines could tell must not be gone with them.
        await this.#settle();
        await this.#remembered.flush();
        await makeParquet(file.kind, path);
        this.#counts.rotated++;
      })
      .catch((error: unknown) => {
        this.#counts.rotationsFailed++;
        note(`${path} stays as it is: ${error instanceof UserError ? error.message : String(error)}`);
      });
  }
}

const CLOSED = "they were closed";

const userOf = ({ experiment, user }: Pick<NewExposure, "experiment" | "user">) => `${experiment}\0${user}`;
