/** Scoring a dataset with trained runs, and what the scores are worth. */
import type { z } from "zod";
import type { Split } from "../dataset/dataset.ts";
import type { Manifest } from "../dataset/manifest.ts";
import { chooseMachine, type MachineOptions } from "../engine/machine.ts";
import { loadFinalWeights } from "../engine/state.ts";
import { WorkerPool } from "../engine/worker-pool.ts";
import { failure } from "../errors/failure.ts";
import { listener } from "../options/pieces.ts";
import { checkOptions } from "../options/problems.ts";
import { describeModel, haveSameIds } from "../run/model-description.ts";
import { readModelDescription } from "../run/model-folder.ts";
import { openDatasetOf } from "../run/open-dataset.ts";
import { auc } from "../statistics/auc.ts";
import { type CalibrationBin, calibrationOf } from "../statistics/calibration.ts";
import { compareAuc, type Difference } from "../statistics/compare.ts";
import { evaluateScores, type Metrics, type Scores } from "../statistics/metrics.ts";
import { relaImpr } from "../statistics/relaimpr.ts";
import { evaluateOptions } from "./options.ts";
import { SplitScorer } from "./split-scorer.ts";

const evaluateArguments = evaluateOptions.extend({ onProgress: listener });
const scoreArguments = evaluateArguments.omit({ against: true, calibration: true });

/** Which run to score on which part of which data. */
export interface ScoreOptions extends MachineOptions {
  /** Folder of the run, and of the dataset. */
  readonly run: string;
  readonly data: string;
  readonly split: Split;
  readonly onProgress?: (done: number, total: number) => void;
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
  return (await scoreOn(options)).scored;
}

/** @param manifest of the dataset, where this command has opened it before */
async function scoreOn(
  options: ScoreOptions,
  manifest?: Manifest,
): Promise<{ readonly scored: ScoredRun; readonly manifest: Manifest }> {
  const { run, data, split, onProgress } = options;
  const machine = chooseMachine(options);
  const model = await readModelDescription(run);
  const { schema, config } = model;
  const dataset = await openDatasetOf(config, data, manifest);
  let pool: WorkerPool | undefined;
  try {
    if (!haveSameIds(model, await describeModel(dataset, config))) {
      throw failure("run.other-fields", { path: run, dataset: data });
    }
    const start = performance.now();
    pool = new WorkerPool({ schema, config, training: false, ...machine }, dataset);
    await loadFinalWeights(run, pool.workspace, model.sha256);
    const score = await new SplitScorer(dataset, split).score(pool, onProgress);
    const { label, user, known, weight } = await dataset.targets(split);
    const scored = {
      label,
      score,
      group: user,
      known,
      ...(weight && { weight }),
      seconds: (performance.now() - start) / 1000,
    };
    return { scored, manifest: dataset.manifest };
  } finally {
    await pool?.close();
    await dataset.close();
  }
}

export interface EvaluateOptions extends Readonly<z.input<typeof evaluateOptions>> {
  readonly onProgress?: (done: number, total: number) => void;
}

/** How much better a run is than another on the same samples. NaN where it is not defined. */
export interface RunComparison extends Difference {
  /** Folder and AUC of the other run. */
  readonly run: string;
  readonly auc: number;
  /** Relative improvement over it: a fraction. */
  readonly relaimpr: number;
}

export interface Evaluation extends Metrics {
  readonly seconds: number;
  readonly against?: RunComparison;
  readonly calibration?: readonly CalibrationBin[];
  /** Clicks predicted for each one observed; comes with `calibration`. */
  readonly calibration_ratio?: number;
}

/**
 * Metrics of a run's best model on a part of a dataset, and what else is asked for.
 * @throws UserError where an option cannot be used, and as `scoreRun`
 */
export async function evaluateRun(given: EvaluateOptions): Promise<Evaluation> {
  const { against, calibration, ...options } = checkOptions("evaluateRun", evaluateArguments, given);
  const { onProgress } = given;
  const runs = against === undefined ? 1 : 2;
  const { scored, manifest } = await scoreOn({
    ...options,
    onProgress: (done, total) => onProgress?.(done, runs * total),
  });
  const metrics = evaluateScores(scored);
  let comparison: Pick<Evaluation, "against"> = {};
  if (against !== undefined) {
    const progress = (done: number, total: number) => onProgress?.(total + done, runs * total);
    const { scored: other } = await scoreOn({ ...options, run: against, onProgress: progress }, manifest);
    comparison = { against: { run: against, ...compareRuns(scored, other) } };
  }
  return { ...metrics, seconds: scored.seconds, ...comparison, ...(calibration && calibrationOfRun(scored)) };
}

/** Compares the scores of a run with those of another on the same samples. */
function compareRuns({ label, group, score, weight }: ScoredRun, other: ScoredRun): Omit<RunComparison, "run"> {
  const aucOf = (scores: ArrayLike<number>) => auc(label, scores, undefined, weight);
  const otherAuc = aucOf(other.score);
  const difference = compareAuc({ label, group, weight, a: [score], b: [other.score] });
  return { auc: otherAuc, ...difference, relaimpr: relaImpr(aucOf(score), otherAuc) };
}

function calibrationOfRun({ label, score, weight }: ScoredRun): Pick<Evaluation, "calibration" | "calibration_ratio"> {
  const { bins, ratio } = calibrationOf(label, score, undefined, weight);
  return { calibration: bins, calibration_ratio: ratio };
}
