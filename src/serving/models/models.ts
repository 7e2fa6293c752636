/**
 * The models that are served, by name. A name stands for the run it is loaded from, and has a version that answers and the
 * one before it.
 *
 * A new version is read, checked, started and warmed beside the one that answers, and then takes its place between two
 * requests: each is scored by one version from its first candidate to its last. The version before stays as it is, ready
 * to answer, for `rollback`: its files may be gone by then. The one before that is closed when it has answered what it
 * had begun.
 */
import { z } from "zod";
import { chooseMachine, machineOptions } from "../../engine/machine.ts";
import { failure, UserError } from "../../errors/failure.ts";
import type { Engine } from "../../kernels/load.ts";
import { listener, path } from "../../options/pieces.ts";
import { checkOptions } from "../../options/problems.ts";
import type { ModelDescription } from "../../run/model-description.ts";
import type { Explanation } from "../../scoring/explain.ts";
import type { ScoringEvent } from "../../scoring/pool/events.ts";
import type { Scored } from "../../scoring/pool/job.ts";
import type { ScoringOptions } from "../../scoring/pool/pool.ts";
import type { PredictRequest, RankRequest } from "../../scoring/request.ts";
import type { StoredItem } from "../../store/event.ts";
import type { ModelListener } from "./events.ts";
import { Memories } from "./memories.ts";
import { Shadow } from "./shadow.ts";
import { type ScoredBy, type ServedRun, Version, type VersionOptions } from "./version.ts";
import { stateOf, watch } from "./watch.ts";

const named = z.strictObject({
  name: z.string().min(1),
  run: path,
  /** Whether its probabilities are calibrated, by what `calibrateRun` has put into the run. */
  calibrated: z.boolean().default(false),
});
const areDistinct = (runs: readonly { readonly name: string }[]) =>
  new Set(runs.map(({ name }) => name)).size === runs.length;

export const modelsOptions = z.strictObject({
  ...machineOptions.shape,
  /** The first is the default. */
  runs: z.array(named).min(1).refine(areDistinct, "expected another name for each"),
  /** Candidates of a model that may wait for their scores. */
  mostWaiting: z.int().min(1).default(20_000),
  /** Seconds between two looks at the runs; without it none is looked at. */
  watch: z.number().positive().optional(),
  /** Names of models, by those of the models whose requests they score as well. */
  shadows: z.record(z.string(), z.string()).default({}),
  onEvent: listener,
});

export interface ModelsOptions extends Readonly<Omit<z.input<typeof modelsOptions>, "onEvent">> {
  readonly onEvent?: ModelListener;
}

/** The version of a model that answered when it was asked for. */
export interface ServedModel {
  readonly name: string;
  /** SHA-256 of its weights. */
  readonly version: string;
  /** SHA-256 of the calibration that its probabilities go through; absent where they are the model's own. */
  readonly calibration?: string;
  /** When it began to answer. */
  readonly since: Date;
  readonly description: ModelDescription;
  /** As `ScoringPool.knowsItem`. */
  knowsItem(item: StoredItem): boolean;
  /**
   * As `ScoringPool.score`. Where this version was closed since, the one that answers now scores instead: `version` and
   * `calibration` of what comes back are those which scored.
   */
  score(request: RankRequest, options?: ScoringOptions): Promise<Scored & ScoredBy>;
  /** As `ScoringPool.explain`, and `score`. */
  explain(request: PredictRequest, options?: ScoringOptions): Promise<Explanation & ScoredBy>;
}

export interface Models {
  /** The kernels that score. */
  readonly engine: Engine;
  /** In the order in which they were named. */
  list(): readonly ServedModel[];
  /** @param name default: the first one. @throws UserError where there is none of that name */
  get(name?: string): ServedModel;
  /**
   * Loads a model from `run`, by default from where it is; the version before goes on until the new one is ready, and for
   * good where that cannot be loaded. Where the run still holds the same, nothing changes.
   * @throws UserError where the run cannot be read or is damaged, has other fields than requests may name, or does not score
   */
  load(name: string, run?: string): Promise<ServedModel>;
  /** Goes back to the version before, at once; a second time forward again. @throws UserError where there is none */
  rollback(name: string): Promise<ServedModel>;
  /** Has a listener told of everything from now on, as `onEvent` of the options is. */
  onEvent(listener: ModelListener): void;
  /** What waits for scores, and what is being scored. */
  readonly queue: { readonly waiting: number; readonly running: number };
  /** Answers what has begun, then ends all threads. */
  close(): Promise<void>;
}

/**
 * Opens models for serving.
 * @throws UserError where one of them cannot be loaded; then none is
 */
export async function openModels(options: ModelsOptions): Promise<Models> {
  const { runs, mostWaiting, shadows, watch: seconds, ...machine } = checkOptions("openModels", modelsOptions, options);
  const { threads, engine } = machine;
  const shared = { ...chooseMachine({ threads, engine }), mostWaiting, memories: new Memories() };
  const models = new NamedModels(shared, options.onEvent ?? (() => {}));
  try {
    for (const { name, ...from } of runs) await models.add(name, from);
    for (const [name, shadow] of Object.entries(shadows)) models.addShadow(name, shadow);
  } catch (error) {
    await models.close();
    throw error;
  }
  if (seconds !== undefined) models.watch(seconds);
  return models;
}

/** A name, with what it stands for. */
interface NamedModel {
  readonly name: string;
  run: string;
  readonly calibrated: boolean;
  /** What the run held when it was loaded, or could not be. */
  state: string | undefined;
  current: Version;
  before: Version | undefined;
  since: Date;
  shadow?: Shadow;
  /** The latest load or rollback; the next one waits for its end. */
  latest: Promise<unknown>;
}

class NamedModels implements Models {
  readonly #options: VersionOptions;
  readonly #listeners: ModelListener[];
  readonly #tell: ModelListener = (event) => {
    for (const listener of this.#listeners) listener(event);
  };
  readonly #entries = new Map<string, NamedModel>();
  readonly #closing = new AbortController();

  get engine(): Engine {
    return this.#options.engine;
  }

  constructor(options: VersionOptions, tell: ModelListener) {
    this.#options = options;
    this.#listeners = [tell];
  }

  /** Loads a model under a name that no other one has. */
  async add(name: string, from: ServedRun): Promise<void> {
    const start = performance.now();
    const state = await stateOf(from.run);
    const current = await this.#open(name, from);
    const entry = { name, ...from, state, before: undefined, since: new Date(), latest: Promise.resolve() };
    this.#entries.set(name, { ...entry, current: current! });
    this.#tell({ kind: "loaded", model: name, version: current!.sha256, took: secondsSince(start) });
  }

  /** Has one model score what another one has scored. */
  addShadow(name: string, shadow: string): void {
    const entry = this.#entryOf(name);
    this.#entryOf(shadow);
    entry.shadow = new Shadow(name, shadow, (request) => this.#entryOf(shadow).current.pool.score(request), this.#tell);
  }

  watch(seconds: number): void {
    const load = async (name: string) => void (await this.load(name).catch(() => {}));
    void watch(seconds, () => this.#entries, load, this.#closing.signal);
  }

  list(): readonly ServedModel[] {
    return [...this.#entries.values()].map((entry) => this.#served(entry));
  }

  get(name?: string): ServedModel {
    return this.#served(this.#entryOf(name));
  }

  load(name: string, run?: string): Promise<ServedModel> {
    return this.#next(name, async (entry) => {
      const start = performance.now();
      const from = run ?? entry.run;
      const state = await stateOf(from);
      if (from === entry.run) entry.state = state;
      const next = await this.#open(name, { ...entry, run: from }, entry.current).catch((error) => {
        const code = error instanceof UserError && { code: error.code };
        this.#tell({ kind: "load-refused", model: name, reason: (error as Error).message, ...code });
        throw error;
      });
      Object.assign(entry, { run: from, state });
      if (next === undefined) return;
      const retired = entry.before;
      Object.assign(entry, { before: entry.current, current: next, since: new Date() });
      this.#tell({ kind: "loaded", model: name, version: next.sha256, took: secondsSince(start) });
      await retired?.close();
    });
  }

  rollback(name: string): Promise<ServedModel> {
    return this.#next(name, async (entry) => {
      const { current, before } = entry;
      if (before === undefined) throw failure("served.no-version-before", { name });
      Object.assign(entry, { before: current, current: before, since: new Date() });
      this.#tell({ kind: "rolled-back", model: name, version: before.sha256, took: 0 });
    });
  }

  onEvent(listener: ModelListener): void {
    this.#listeners.push(listener);
  }

  get queue(): { readonly waiting: number; readonly running: number } {
    const sums = { waiting: 0, running: 0 };
    for (const { current, before } of this.#entries.values()) {
      for (const version of [current, before]) {
        sums.waiting += version?.pool.queue.waiting ?? 0;
        sums.running += version?.pool.queue.running ?? 0;
      }
    }
    return sums;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const entries = [...this.#entries.values()];
    await Promise.all(entries.map(({ latest }) => latest));
    await Promise.all(entries.flatMap(({ current, before }) => [current.close(), before?.close()]));
  }

  /** Does `work` on a model when everything before it is done; what it comes to is served then. */
  async #next(name: string, work: (entry: NamedModel) => Promise<void>): Promise<ServedModel> {
    const entry = this.#entryOf(name);
    const done = entry.latest.then(() => {
      if (this.#closing.signal.aborted) throw failure("scoring.closed", { name });
      return work(entry);
    });
    entry.latest = done.catch(() => {});
    await done;
    return this.#served(entry);
  }

  #open(name: string, from: ServedRun, served?: Version): Promise<Version | undefined> {
    const tell = (version: string) => (event: ScoringEvent) => this.#tell({ ...event, model: name, version });
    return Version.open(name, from, this.#options, tell, served);
  }

  #entryOf(name: string | undefined): NamedModel {
    const known = [...this.#entries.keys()];
    const entry = this.#entries.get(name ?? known[0]);
    if (entry === undefined) throw failure("settings.unknown-model", { name: name ?? "", known, field: "model" });
    return entry;
  }

  #served(entry: NamedModel): ServedModel {
    const { name, since, current } = entry;
    const { description } = current;
    const answering = () => {
      if (this.#closing.signal.aborted) throw failure("scoring.closed", { name });
      return current.isClosed ? entry.current : current;
    };
    return {
      ...{ name, ...current.by, since, description },
      knowsItem: (item) => current.pool.knowsItem(item),
      async score(request, options) {
        const version = answering();
        const scored = await version.pool.score(request, options);
        entry.shadow?.follow(request, scored.probabilities);
        return { ...scored, ...version.by };
      },
      async explain(request, options) {
        const version = answering();
        return { ...(await version.pool.explain(request, options)), ...version.by };
      },
    };
  }
}

const secondsSince = (start: number) => (performance.now() - start) / 1000;
