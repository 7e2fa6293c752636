/**
 * Trains the runs of an experiment: trains what is missing, resumes what was begun, and reads what is finished. So an
 * experiment that was stopped or killed continues where it was, and experiments that share an output folder share their
 * runs.
 */
import { existsSync } from "node:fs";
import type { TrainingMachineOptions } from "../../engine/machine.ts";
import { failure, UserError, within } from "../../errors/failure.ts";
import { configKeys } from "../../run/config.ts";
import { failureReason } from "../../run/failure.ts";
import { withLock } from "../../run/lock.ts";
import { createRun, runFiles } from "../../run/run-folder.ts";
import type { TrainSummary } from "../../run/summary.ts";
import { readProgress } from "../../training/checkpoint.ts";
import type { TrainEvent } from "../../training/events.ts";
import { train } from "../../training/train.ts";
import { type LabDataset, openDatasets } from "./datasets.ts";
import {
  dropCheckpoint,
  findRun,
  type RunPlace,
  type RunState,
  readStop,
  type Stop,
  type TrainedRun,
  type Trial,
  tidy,
  trialConfig,
  trialFolder,
  trialName,
  type Variant,
  writeStop,
} from "./trials.ts";

export interface LabOptions extends TrainingMachineOptions {
  /** Dataset folders. */
  readonly data: readonly string[];
  /** Folder of the runs and reports. */
  readonly out: string;
  /** Runs of each variant: seeds 1 to this. */
  readonly seeds: number;
  /** Settings of all runs by dotted key, for every model that has the key. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Aborting saves a checkpoint of the current run; the same call continues from there. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (event: LabEvent) => void;
}

/**
 * What happens to a run. `index` counts the runs that this lab trains, from 0; `count` is how many these will be, as
 * far as is known by now. Runs that were finished before do not count.
 */
export type LabEvent = { readonly name: string; readonly index: number; readonly count: number } & RunEvent;

/**
 * A run is being trained, is finished, or was stopped for good; or something else than training has come so far. Seconds
 * are those of this call.
 */
type RunEvent =
  | { readonly kind: "step"; readonly done: number; readonly total: number }
  | { readonly kind: "training"; readonly event: TrainEvent }
  | { readonly kind: "finished"; readonly summary: TrainSummary; readonly seconds: number }
  | { readonly kind: "stopped"; readonly stop: Stop; readonly seconds: number };

/** Thrown out of an experiment whose signal was aborted; everything that is needed to continue is on disk. */
export class Interrupted extends Error {}

/** The outcome of a trial that may fail. */
export type Attempt =
  | { readonly run: TrainedRun; readonly stop?: undefined }
  | { readonly run?: undefined; readonly stop: Stop };

export class Lab {
  readonly datasets: readonly LabDataset[];
  readonly options: LabOptions;
  /** The kernels that computed the runs that were asked for so far. */
  readonly engines = new Set<TrainSummary["engines"][number]>();
  /** How many runs this lab has trained. */
  #trained = 0;

  private constructor(datasets: readonly LabDataset[], options: LabOptions) {
    this.datasets = datasets;
    this.options = options;
  }

  /** Opens the datasets. @throws UserError where one cannot be read */
  static async open(options: LabOptions): Promise<Lab> {
    return new Lab(await openDatasets(options.data), options);
  }

  /** Every variant with every seed on every dataset. */
  trials(variants: readonly Variant[], datasets = this.datasets, seeds = this.options.seeds): Trial[] {
    return datasets.flatMap((dataset) =>
      variants.flatMap((variant) =>
        Array.from({ length: seeds }, (_, i): Trial => ({ dataset, variant, seed: i + 1 })),
      ),
    );
  }

  /**
   * Those of `trials` that are neither finished nor stopped for good.
   * @throws UserError where a folder holds something else
   */
  async untrained(trials: readonly Trial[]): Promise<Trial[]> {
    const left: Trial[] = [];
    for (const trial of trials) {
      const place = this.#place(trial);
      const { state } = await findRun(place);
      if (state !== "finished" && !(await readStop(place.folder))) left.push(trial);
    }
    return left;
  }

  /**
   * Trains what is not finished of `trials`, one after the other, and returns them all as runs.
   * @param ahead runs that are known to come after these
   * @throws Interrupted when the signal was aborted
   * @throws UserError where a folder holds another run, a key of the settings belongs to none of the models, or a run
   * fails
   */
  async train(trials: readonly Trial[], ahead = 0): Promise<TrainedRun[]> {
    checkSettings(this.options.settings, trials);
    // All folders are checked before anything is trained, so that hours of training do not end in an error.
    const states: RunState[] = [];
    for (const trial of trials) states.push(await this.#find(this.#place(trial)));
    let left = states.filter(({ state }) => state !== "finished").length + ahead;
    const runs: TrainedRun[] = [];
    for (const [i, trial] of trials.entries()) {
      const place = this.#place(trial);
      let found = states[i];
      if (found.state !== "finished") {
        left--;
        // Another process may have trained it since.
        found = await this.#find(place);
      }
      const summary = found.state === "finished" ? found.summary : await this.#trainOne(place, found.state, left);
      if (summary === undefined) throw new Interrupted();
      this.#note(summary);
      runs.push({ ...trial, folder: place.folder, summary });
    }
    return runs;
  }

  /**
   * Trains a trial that may fail: `isHopeless` may end it after any epoch but its last, given the validation AUC of the
   * epochs so far, and its settings may make training fail. A trial that ended like this is not trained again.
   * @param ahead as for `train`
   * @throws Interrupted when the signal was aborted
   */
  async attempt(trial: Trial, isHopeless: (validAuc: readonly number[]) => boolean, ahead: number): Promise<Attempt> {
    checkSettings(this.options.settings, [trial]);
    const place = this.#place(trial);
    const { folder, config } = place;
    const found = await this.#find(place);
    if (found.state === "finished") {
      this.#note(found.summary);
      return { run: { ...trial, folder, summary: found.summary } };
    }
    const known = await readStop(folder);
    if (known) {
      await tidy(folder);
      return { stop: known };
    }
    const validAuc = ((await readProgress(folder))?.epochs ?? []).map(({ valid_auc }) => valid_auc);
    const hopeless = new AbortController();
    const judge = () => {
      if (isHopeless(validAuc)) hopeless.abort();
    };
    // A run that was killed after an epoch and before its judgement is judged now; after its last epoch it is finished.
    if (validAuc.length > 0) judge();
    const onEpoch = (auc: number) => {
      validAuc.push(auc);
      judge();
    };
    let reason: Stop["reason"] = "early";
    const start = performance.now();
    try {
      const summary = await this.#trainOne(place, found.state, ahead, hopeless.signal, onEpoch);
      if (summary) {
        this.#note(summary);
        return { run: { ...trial, folder, summary } };
      }
      if (!hopeless.signal.aborted) throw new Interrupted();
    } catch (error) {
      const failed = failureReason(error);
      if (failed === undefined) throw error;
      reason = failed;
    }
    const stop: Stop = { reason, validAuc };
    await withLock(folder, async () => {
      // A run that is too large fails before it has a folder.
      if (!existsSync(runFiles(folder).config)) await createRun(folder, config);
      await writeStop(folder, stop);
      await dropCheckpoint(folder);
    });
    this.#report(trial, ahead, { kind: "stopped", stop, seconds: secondsSince(start) });
    this.#trained++;
    return { stop };
  }

  /** Tells how far something has come that is no training; it stands behind all runs. */
  step(name: string, done: number, total: number): void {
    const index = this.#trained;
    this.options.onProgress?.({ name, index, count: index, kind: "step", done, total });
  }

  #note({ engines }: TrainSummary): void {
    for (const engine of engines) this.engines.add(engine);
  }

  #place(trial: Trial): RunPlace {
    const { out, settings } = this.options;
    return { trial, folder: trialFolder(out, trial), config: trialConfig(trial, settings) };
  }

  /** As `findRun`; puts away what a run needs no more when it is finished. */
  async #find(place: RunPlace): Promise<RunState> {
    const found = await findRun(place);
    if (found.state === "finished") await tidy(place.folder);
    return found;
  }

  /** @returns undefined where the lab's signal, or `stop`, ended the run before it was finished */
  async #trainOne(
    place: RunPlace,
    state: "absent" | "begun",
    ahead: number,
    stop?: AbortSignal,
    onEpoch?: (validAuc: number) => void,
  ): Promise<TrainSummary | undefined> {
    const { trial, folder, config } = place;
    const { signal, engine, threads, checkpointSeconds } = this.options;
    if (signal?.aborted) throw new Interrupted();
    const start = performance.now();
    const summary = await train({
      data: trial.dataset.folder,
      out: folder,
      config,
      resume: state === "begun",
      engine,
      threads,
      checkpointSeconds,
      signal: AbortSignal.any([signal, stop].filter((signal) => signal !== undefined)),
      onProgress: (event) => {
        if (event.kind === "epoch") onEpoch?.(event.valid.auc);
        this.#report(trial, ahead, { kind: "training", event });
      },
    }).catch((error) => {
      throw error instanceof UserError ? within(trialName(trial), error) : error;
    });
    if (summary.interrupted) return undefined;
    // Also finds out where the dataset was replaced since the lab was opened.
    await this.#find(place);
    this.#report(trial, ahead, { kind: "finished", summary, seconds: secondsSince(start) });
    this.#trained++;
    return summary;
  }

  /** Reports what happens to the current run, after which `ahead` are to come. */
  #report(trial: Trial, ahead: number, event: RunEvent): void {
    const index = this.#trained;
    this.options.onProgress?.({ name: trialName(trial), index, count: index + 1 + ahead, ...event });
  }
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}

/** Every key of the settings must mean something to one of the models at least. */
function checkSettings(settings: Readonly<Record<string, unknown>>, trials: readonly Trial[]): void {
  if ("train.seed" in settings) {
    throw failure("experiment.settled-key", { key: "train.seed", reason: "its runs have the seeds 1, 2 and so on" });
  }
  const models = [...new Set(trials.map(({ variant }) => String(variant.settings["model.name"])))];
  for (const key of Object.keys(settings)) {
    if (!models.some((model) => configKeys(model).has(key))) {
      throw failure("experiment.unknown-key", { key, models });
    }
  }
}
