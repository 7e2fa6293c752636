/** What the scores of a run are worth. */
import type { z } from "zod";
import { type CalibrationMethod, calibrateAll } from "../calibration/calibrator.ts";
import type { Engine } from "../kernels/load.ts";
import { listener } from "../options/pieces.ts";
import { checkOptions } from "../options/problems.ts";
import { type RunCalibration, readCalibration } from "../run/calibration.ts";
import { auc } from "../statistics/auc.ts";
import type { CalibrationBin } from "../statistics/calibration.ts";
import { compareAuc, type Difference } from "../statistics/compare.ts";
import { evaluateScores, type Metrics } from "../statistics/metrics.ts";
import { relaImpr } from "../statistics/relaimpr.ts";
import { evaluateOptions } from "./options.ts";
import { reliabilityOf } from "./reliability.ts";
import { type ScoredRun, type ScoreProgress, withRunOn } from "./scored-run.ts";

const evaluateArguments = evaluateOptions.extend({ onProgress: listener });

export interface EvaluateOptions extends Readonly<z.input<typeof evaluateOptions>> {
  readonly onProgress?: ScoreProgress;
}

/** How much better a run is than another on the same samples. NaN where it is not defined. */
export interface RunComparison extends Difference {
  /** Folder and AUC of the other run. */
  readonly run: string;
  readonly auc: number;
  /** Relative improvement over it: a fraction. */
  readonly relaimpr: number;
}

/** A calibration that scores went through. */
export interface AppliedCalibration {
  readonly sha256: string;
  readonly method: CalibrationMethod;
  /** Negatives drawn for each one that there was. Logloss, ECE and bins are of the traffic that they were drawn from. */
  readonly rate: number;
}

export interface Evaluation extends Metrics {
  /** The kernels that computed the scores. */
  readonly engine: Engine;
  readonly seconds: number;
  /** Absent where scores are as the model gives them. */
  readonly calibrated?: AppliedCalibration;
  readonly against?: RunComparison;
  readonly calibration?: readonly CalibrationBin[];
  /** Clicks predicted for each one observed; comes with `calibration`. */
  readonly calibration_ratio?: number;
}

/**
 * Metrics of a run's best model on a part of a dataset, and what else is asked for.
 * @throws UserError where an option cannot be used, and as `scoreRun`; where probabilities are to be
 * calibrated, and the run has no calibration of its weights
 */
export async function evaluateRun(given: EvaluateOptions): Promise<Evaluation> {
  const { against, calibration, split, calibrated, ...on } = checkOptions("evaluateRun", evaluateArguments, given);
  const { onProgress } = given;
  const runs = against === undefined ? 1 : 2;
  const progress = (before: number) => (done: number, total: number) =>
    onProgress?.(before * total + done, runs * total);
  const { raw, applied, manifest, engine } = await withRunOn(on, async (opened) => ({
    manifest: opened.manifest,
    engine: opened.engine,
    applied: calibrated ? await readCalibration(on.run, await opened.weightsSha256()) : undefined,
    raw: await opened.score(split, progress(0)),
  }));
  const scored = { ...raw, ...(applied && { score: calibrateAll(applied, raw.score) }) };
  const metrics = evaluateScores(scored);
  let comparison: Pick<Evaluation, "against"> = {};
  if (against !== undefined) {
    // Its AUC is the same with and without a calibration.
    const other = await withRunOn({ ...on, run: against }, (opened) => opened.score(split, progress(1)), manifest);
    comparison = { against: { run: against, ...compareRuns(raw, other) } };
  }
  const { logloss, ece, ratio, bins } = reliabilityOf(scored, applied?.rate);
  return {
    ...{ ...metrics, logloss, ece, seconds: scored.seconds, engine },
    ...(applied && { calibrated: appliedOf(applied) }),
    ...comparison,
    ...(calibration && { calibration: bins, calibration_ratio: ratio }),
  };
}

function appliedOf({ sha256, fit: { method }, rate }: RunCalibration): AppliedCalibration {
  return { sha256, method, rate };
}

/** Compares the scores of a run with those of another on the same samples. */
function compareRuns({ label, group, score, weight }: ScoredRun, other: ScoredRun): Omit<RunComparison, "run"> {
  const aucOf = (scores: ArrayLike<number>) => auc(label, scores, undefined, weight);
  const otherAuc = aucOf(other.score);
  const difference = compareAuc({ label, group, weight, a: [score], b: [other.score] });
  return { auc: otherAuc, ...difference, relaimpr: relaImpr(aucOf(score), otherAuc) };
}
