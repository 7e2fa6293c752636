/** Scoring a dataset with the best model of a run. */
import type { Split } from "../dataset/dataset.ts";
import type { Manifest } from "../dataset/manifest.ts";
import { chooseMachine, type MachineOptions } from "../engine/machine.ts";
import { loadFinalWeights, weightTensors } from "../engine/state.ts";
import { WorkerPool } from "../engine/worker-pool.ts";
import { failure } from "../errors/failure.ts";
import type { Engine } from "../kernels/load.ts";
import { listener } from "../options/pieces.ts";
import { checkOptions } from "../options/problems.ts";
import { describeModel, haveSameIds } from "../run/model-description.ts";
import { readModelDescription } from "../run/model-folder.ts";
import { openDatasetOf } from "../run/open-dataset.ts";
import { weightsSha256InTurns } from "../run/sha256.ts";
import type { Scores } from "../statistics/metrics.ts";
import { evaluateOptions } from "./options.ts";
import { SplitScorer } from "./split-scorer.ts";

const scoreArguments = evaluateOptions
  .omit({ against: true, calibration: true, calibrated: true })
  .extend({ onProgress: listener });

/** How far scoring is, in samples. */
export type ScoreProgress = (done: number, total: number) => void;

/** Which run to score on which data. */
export interface ScoredOn extends MachineOptions {
  /** Folder of the run, and of the dataset. */
  readonly run: string;
  readonly data: string;
}

export interface ScoreOptions extends ScoredOn {
  readonly split: Split;
  readonly onProgress?: ScoreProgress;
}

/** The samples of a part in the dataset's order, scored; `group` is the sample's sequence, which stands for the user. */
export interface ScoredRun extends Scores {
  readonly label: Float32Array;
  readonly score: Float32Array;
  readonly known: Uint8Array;
  readonly weight?: Float32Array;
  /** Time that the scoring took. */
  readonly seconds: number;
}

/**
 * Scores a part of a dataset with a run's best model.
 * @throws UserError where the run or the dataset cannot be read, or the dataset's fields are not the model's
 */
export async function scoreRun(options: ScoreOptions): Promise<ScoredRun> {
  checkOptions("scoreRun", scoreArguments, options);
  return await withRunOn(options, (opened) => opened.score(options.split, options.onProgress));
}

/** A run over a dataset, ready to score its parts. */
export interface RunOnDataset {
  readonly manifest: Manifest;
  /** The kernels that score. */
  readonly engine: Engine;
  score(split: Split, onProgress?: ScoreProgress): Promise<ScoredRun>;
  /** SHA-256 of the run's weights. */
  weightsSha256(): Promise<string>;
}

/**
 * Opens a run over a dataset for as long as `work` takes.
 * @param manifest of the dataset, where this command has opened it before
 * @throws UserError as `scoreRun`
 */
export async function withRunOn<T>(
  { run, data, ...given }: ScoredOn,
  work: (opened: RunOnDataset) => Promise<T>,
  manifest?: Manifest,
): Promise<T> {
  const machine = chooseMachine(given);
  const model = await readModelDescription(run);
  const { schema, config } = model;
  const dataset = await openDatasetOf(config, data, manifest);
  let pool: WorkerPool | undefined;
  try {
    if (!haveSameIds(model, await describeModel(dataset, config))) {
      throw failure("run.other-fields", { path: run, dataset: data });
    }
    const workers = new WorkerPool({ schema, config, training: false, ...machine }, dataset);
    pool = workers;
    await loadFinalWeights(run, workers.workspace, model.sha256);
    return await work({
      manifest: dataset.manifest,
      engine: machine.engine,
      weightsSha256: () => weightsSha256InTurns(weightTensors(workers.workspace)),
      async score(split, onProgress) {
        const start = performance.now();
        const score = await new SplitScorer(dataset, split).score(workers, onProgress);
        const { label, user, known, weight } = await dataset.targets(split);
        return {
          ...{ label, score, group: user, known, ...(weight && { weight }) },
          seconds: (performance.now() - start) / 1000,
        };
      },
    });
  } finally {
    await pool?.close();
    await dataset.close();
  }
}
