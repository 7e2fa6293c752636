/**
 * Where experiments get their runs from: it trains what is not trained yet, goes on with what was begun, and reads what
 * is finished. So an experiment that was stopped or killed goes on where it was, and experiments that share an output
 * folder share their runs.
 */
import { UserError } from "../errors.ts";
import { configKeys } from "../train/config.ts";
import type { TrainSummary } from "../train/summary.ts";
import { type TrainEvent, train } from "../train/train.ts";
import { type LabDataset, openDatasets } from "./datasets.ts";
import {
  dropCheckpoint,
  epochsSoFar,
  type Found,
  findRun,
  type Run,
  readStopped,
  type Trial,
  trialConfig,
  trialFolder,
  trialName,
  writeStopped,
} from "./trials.ts";
import type { Variant } from "./variants.ts";

export interface LabOptions {
  /** Dataset folders. */
  readonly data: readonly string[];
  /** Folder of the runs and reports. */
  readonly out: string;
  /** Runs of each variant: seeds 1 to this. */
  readonly seeds: number;
  /** Settings of all runs by dotted key, for every model that has the key. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly threads?: number;
  /** Aborting saves a checkpoint of the run under way; the same call goes on from there. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: LabEvent) => void;
}

/** What happens in a lab: a run under way, run `index` of `count`, from 0; or its end. Seconds are those of this call. */
export type LabEvent = { readonly name: string; readonly index: number; readonly count: number } & (
  | { readonly kind: "training"; readonly event: TrainEvent }
  | { readonly kind: "finished"; readonly summary: TrainSummary; readonly seconds: number }
);

/** Thrown out of an experiment whose signal was aborted; everything it needs to go on is on the disk. */
export class Interrupted extends Error {}

export class Lab {
  readonly datasets: readonly LabDataset[];
  readonly options: LabOptions;

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
   * Trains what is not finished of `trials`, one after the other, and returns them all as runs.
   * @throws Interrupted when the signal was aborted
   * @throws UserError where a folder holds another run, or a key of the settings belongs to none of the models
   */
  async train(trials: readonly Trial[]): Promise<Run[]> {
    checkSettings(this.options.settings, trials);
    const found: Found[] = [];
    // All folders are looked at before anything is trained: a night's work must not end at a folder in the way.
    for (const trial of trials) found.push(await findRun(this.#place(trial)));
    const count = found.filter(({ state }) => state !== "finished").length;
    let index = 0;
    const runs: Run[] = [];
    for (const [i, trial] of trials.entries()) {
      const what = found[i];
      const summary =
        what.state === "finished"
          ? what.summary
          : await this.#trainOne(trial, what.state, { name: trialName(trial), index: index++, count });
      if (summary === undefined) throw new Interrupted();
      runs.push({ ...trial, folder: trialFolder(this.options.out, trial), summary });
    }
    return runs;
  }

  /**
   * As `train` with one trial, which `stop` may end after any epoch: it is given the validation AUC of the epochs so far.
   * A trial that was stopped stays so. It is trial `index` of `count`.
   * @returns the validation AUC of each epoch, and the run unless it was stopped
   */
  async trainUntil(
    trial: Trial,
    stop: (validAuc: readonly number[]) => boolean,
    { index, count }: { readonly index: number; readonly count: number },
  ): Promise<{ readonly validAuc: readonly number[]; readonly run?: Run }> {
    const { out, settings } = this.options;
    checkSettings(settings, [trial]);
    const folder = trialFolder(out, trial);
    const finished = (summary: TrainSummary) => ({
      validAuc: summary.epochs.map(({ valid_auc }) => valid_auc),
      run: { ...trial, folder, summary },
    });
    const found = await findRun(this.#place(trial));
    if (found.state === "finished") return finished(found.summary);
    const stopped = await readStopped(folder);
    if (stopped) return { validAuc: stopped };
    const validAuc = found.state === "begun" ? await epochsSoFar(folder) : [];
    const controller = new AbortController();
    const decide = () => {
      if (stop(validAuc)) controller.abort();
    };
    // A run that was killed right after an epoch is judged by it now.
    if (validAuc.length > 0) decide();
    const onEpoch = (epoch: number, auc: number) => {
      validAuc[epoch - 1] = auc;
      decide();
    };
    const place = { name: trialName(trial), index, count };
    const summary = await this.#trainOne(trial, found.state, place, controller.signal, onEpoch);
    if (summary) return finished(summary);
    if (!controller.signal.aborted) throw new Interrupted();
    await writeStopped(folder, validAuc);
    await dropCheckpoint(folder);
    return { validAuc };
  }

  #place(trial: Trial) {
    const { out, settings, threads } = this.options;
    return { trial, folder: trialFolder(out, trial), config: trialConfig(trial, settings, threads) };
  }

  /** Undefined where the lab's signal, or `stop`, ended it before it was finished. */
  async #trainOne(
    trial: Trial,
    state: "absent" | "begun",
    place: Pick<LabEvent, "name" | "index" | "count">,
    stop?: AbortSignal,
    onEpoch?: (epoch: number, validAuc: number) => void,
  ): Promise<TrainSummary | undefined> {
    const { signal, onProgress } = this.options;
    if (signal?.aborted) return undefined;
    const { folder, config } = this.#place(trial);
    const start = performance.now();
    const summary = await train({
      data: trial.dataset.folder,
      out: folder,
      config,
      resume: state === "begun",
      signal: AbortSignal.any([signal, stop].filter((signal) => signal !== undefined)),
      onProgress: (event) => {
        if (event.kind === "epoch") onEpoch?.(event.epoch, event.valid.auc);
        onProgress?.({ ...place, kind: "training", event });
      },
    });
    if (summary.interrupted) return undefined;
    await dropCheckpoint(folder);
    onProgress?.({ ...place, kind: "finished", summary, seconds: (performance.now() - start) / 1000 });
    return summary;
  }
}

/** Every key of the settings must mean something to one of the models at least. */
function checkSettings(settings: Readonly<Record<string, unknown>>, trials: readonly Trial[]): void {
  const models = [...new Set(trials.map(({ variant }) => String(variant.settings["model.name"])))];
  for (const key of Object.keys(settings)) {
    if (!models.some((model) => configKeys(model).has(key))) {
      throw new UserError(`no model of the experiment has the key '${key}': its models are ${models.join(", ")}`);
    }
  }
}
