/**
 * An experiment while it is served: which model a request gets, and the record of what it was shown. Its definition may be
 * loaded anew between two requests.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { type ArmCounts, thompson } from "../../ab/bandit/thompson.ts";
import { readExperiment } from "../../ab/definition/read.ts";
import { assign, type Out } from "../../ab/experiment/assign.ts";
import type { UserFields } from "../../ab/experiment/conditions.ts";
import { inRound, type OnlineExperiment } from "../../ab/experiment/experiment.ts";
import type { Arm } from "../../ab/experiment/schema.ts";
import type { Records } from "../../ab/records/records.ts";
import type { NewExposure } from "../../ab/records/rows.ts";
import { failure, UserError } from "../../errors/failure.ts";
import type { ModelDescription } from "../../run/model-description.ts";
import { userKeyOf } from "../../scoring/behaviours.ts";
import type { Value, Values } from "../../scoring/request.ts";
import { isValues, itemNameOf, USER_KEY } from "../../scoring/values.ts";
import type { ScoredRequest } from "../exchange.ts";
import type { Models } from "../models/models.ts";
import { checkArms, checkSuccessor } from "./checks.ts";
import type { ExperimentEvent, ExperimentListener } from "./events.ts";
import { watchFile } from "./watch.ts";

/** An experiment to run. */
export interface RunningOptions {
  readonly definition: OnlineExperiment;
  readonly records: Records;
  /** Milliseconds since 1970 (default: `Date.now`). Whoever has a clock also says when a bandit looks, by `refresh`. */
  readonly clock?: (() => number) | undefined;
  /** Seconds between two looks at the definition's file; without it, it is loaded anew on request alone. */
  readonly watch?: number | undefined;
  /** What the arms have shown so far, by name: a bandit needs it (`earnedIn` reads it from the records). */
  readonly earned?: ((experiment: string) => Promise<ReadonlyMap<string, ArmCounts>>) | undefined;
}

/** An experiment that runs, as its owner sees it. */
export interface ServedExperiment {
  /** With the weights that it has now. */
  readonly definition: OnlineExperiment;
  /** When the definition began to count. */
  readonly since: Date;
  /** Has a listener told of everything from now on. */
  onEvent(listener: ExperimentListener): void;
  /**
   * Reads the definition anew; where it cannot be used, the one before goes on.
   * @throws UserError where it is damaged, a model of its arms is not served, or it would move users without need
   */
  load(): Promise<void>;
  /**
   * Begins the next round of a bandit: weights by what the arms have shown until now. Of fixed weights nothing changes.
   * @throws UserError where the records cannot be read; the round before goes on
   */
  refresh(): Promise<void>;
}

/** Why a request does not take part, beside what `assign` knows: it names a model, or nobody whom records could name. */
export type NoPart = Out | "model" | "user";

/** The part that a request takes. */
export interface Participation {
  readonly experiment: string;
  readonly arm: Arm;
  /** With which probability it was chosen; null where that was in another round. */
  readonly propensity: number | null;
  /** The share of rankings that chance orders. */
  readonly explore: number;
  readonly user: string;
  readonly fields: UserFields;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** What is shown, or of a request for scores may be: a candidate and its probability of a click. */
export interface Shown {
  /** Of the impression. */
  readonly id: string;
  /** From 1; null where the caller decides. */
  readonly position: number | null;
  readonly candidate: Value | Values;
  readonly probability: number;
  /** With which it was to be at its position; where it is absent, that of the arm counts. */
  readonly propensity?: number;
  /** What was asked, as JSON; of the first position, where it is recorded. */
  readonly request?: string;
}

const MINUTE = 60_000;
/** What records take for the key of a user. */
const LONGEST_KEY = 1000;

export class RunningExperiment implements ServedExperiment {
  readonly records: Records;
  readonly clock: () => number;
  readonly #options: RunningOptions;
  readonly #models: Models;
  readonly #listeners: ExperimentListener[] = [];
  readonly #closing = new AbortController();
  #definition: OnlineExperiment;
  /** The definition, in the present round of a bandit. */
  #current: OnlineExperiment;
  #since: Date;
  #latest: Promise<unknown> = Promise.resolve();

  private constructor(options: RunningOptions, models: Models) {
    this.records = options.records;
    this.clock = options.clock ?? Date.now;
    this.#options = options;
    this.#models = models;
    this.#definition = options.definition;
    this.#current = options.definition;
    this.#since = new Date(this.clock());
  }

  /** @throws UserError where an arm's model is not served or would refuse requests, or a condition is on no field */
  static async open(options: RunningOptions, models: Models): Promise<RunningExperiment> {
    checkArms(options.definition, models);
    if (options.definition.policy.kind === "thompson" && options.earned === undefined) {
      const problems =
        "experiment.earned is missing: expected a function that tells a bandit what its arms have earned";
      throw failure("settings.invalid", { name: "createServer", problems });
    }
    const running = new RunningExperiment(options, models);
    await running.refresh();
    if (options.clock === undefined) void running.#lookOften();
    if (options.watch !== undefined) running.#watch(options.watch);
    return running;
  }

  get definition(): OnlineExperiment {
    return this.#current;
  }

  get since(): Date {
    return this.#since;
  }

  onEvent(listener: ExperimentListener): void {
    this.#listeners.push(listener);
  }

  /**
   * Whether a request takes part, and with which arm. Under a bandit, one that is sent again has the arm that is recorded,
   * whatever round it is.
   * @param id where the client has named the request, and so may have sent it before
   * @throws UserError where its user's key is none
   */
  async part(user: Value | Values, id?: string): Promise<Participation | NoPart> {
    const { description } = this.#models.get();
    const key = userKeyOf(description, user);
    if (key === null || key.length > LONGEST_KEY || key.includes("\0")) return "user";
    const fields = fieldsOf(description, user);
    const time = this.clock();
    const { name, policy } = this.#current;
    const assignment = assign(this.#current, key, fields, time);
    if ("out" in assignment) return assignment.out;
    const explore = policy.kind === "fixed" ? policy.explore : 0;
    const isRepeatable = id !== undefined && policy.kind === "thompson";
    const recorded = isRepeatable ? await this.#recordedArm(id, key) : undefined;
    const { arm, propensity } = recorded === undefined ? assignment : { arm: recorded, propensity: null };
    return { experiment: name, arm, propensity, explore, user: key, fields, time };
  }

  /** The arm that a user's request of this id was recorded with. Where that cannot be known, exposing it says why. */
  async #recordedArm(id: string, user: string): Promise<Arm | undefined> {
    const { name, arms } = this.#current;
    const known = await this.records.request(id).catch(() => undefined);
    if (known === undefined || known.experiment !== name || known.user !== user) return undefined;
    return arms.find((arm) => arm.name === known.arm);
  }

  /**
   * Records what is shown of an answer. What cannot be recorded keeps nobody from being answered, and is told.
   * @param isNew that the request cannot have been answered before
   * @returns whether it was recorded
   */
  async expose(part: Participation, scored: ScoredRequest, shown: readonly Shown[], isNew: boolean): Promise<boolean> {
    const { experiment, arm, propensity, user, time } = part;
    const { model, version } = scored;
    const { description } = this.#models.get(model);
    const { [description.userKey ?? USER_KEY]: _, ...fields } = part.fields;
    const key = description.schema.item[0].name;
    // Field by field: there are many rows in a second, and to spread objects takes most of their time.
    const rows = shown.map(
      (one): NewExposure => ({
        id: one.id,
        time,
        experiment,
        arm: arm.name,
        user,
        model,
        version,
        item: itemNameOf(key, one.candidate),
        position: one.position,
        probability: one.probability,
        propensity: one.propensity ?? propensity,
        fields,
        request: one.request,
      }),
    );
    try {
      await this.records.expose(rows, isNew);
      return true;
    } catch (error) {
      this.#tell({ kind: "not-recorded", experiment, exposures: rows.length, ...reasonOf(error) });
      return false;
    }
  }

  load(): Promise<void> {
    return this.#next(async () => {
      const before = this.#definition;
      try {
        const definition = await readExperiment(before.path);
        checkArms(definition, this.#models);
        const moved = checkSuccessor(before, definition);
        await this.#begin(definition);
        this.#since = new Date(this.clock());
        this.#tell({ kind: "loaded", experiment: definition.name, moved });
      } catch (error) {
        this.#tell({ kind: "load-refused", experiment: before.name, ...reasonOf(error) });
        throw error;
      }
    });
  }

  refresh(): Promise<void> {
    return this.#next(() => this.#begin(this.#definition));
  }

  /** Ends what goes on by itself; the records are closed, too. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#latest;
    await this.records.close();
  }

  async #begin(definition: OnlineExperiment): Promise<void> {
    const { policy, arms, name } = definition;
    if (policy.kind === "fixed") {
      this.#definition = this.#current = definition;
      return;
    }
    const earned = (await this.#options.earned?.(name)) ?? new Map<string, ArmCounts>();
    const counts = arms.map((arm) => earned.get(arm.name) ?? { clicks: 0, impressions: 0 });
    this.#current = inRound(definition, this.clock(), thompson(counts, policy.floor));
    this.#definition = definition;
    this.#tell({ kind: "round", experiment: name });
  }

  /** One after the other. */
  async #next(work: () => Promise<void>): Promise<void> {
    const done = this.#latest.then(work);
    this.#latest = done.catch(() => {});
    await done;
  }

  /** Has a bandit look again and again. */
  async #lookOften(): Promise<void> {
    const { signal } = this.#closing;
    for (;;) {
      const { policy, name } = this.#definition;
      if (policy.kind === "fixed") return;
      await sleep(policy.refresh_minutes * MINUTE, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      await this.refresh().catch((error) =>
        this.#tell({ kind: "round-refused", experiment: name, ...reasonOf(error) }),
      );
    }
  }

  #watch(seconds: number): void {
    const load = () => this.load().catch(() => {});
    void watchFile(this.#definition.path, seconds, load, this.#closing.signal);
  }

  #tell(event: ExperimentEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

function reasonOf(error: unknown): Pick<Extract<ExperimentEvent, { reason: string }>, "reason" | "code"> {
  return { reason: (error as Error).message, ...(error instanceof UserError && { code: error.code }) };
}

/** What a request says of its user, by name. */
function fieldsOf({ schema, userKey = USER_KEY }: ModelDescription, user: Value | Values): UserFields {
  return isValues(user) ? user : { [schema.user[0]?.name ?? userKey]: user };
}
