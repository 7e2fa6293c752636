/** The metrics that every evaluation reports, from plain arrays: nothing here knows a model or a dataset. */
import { auc } from "./auc.ts";
import { calibrationOf } from "./calibration.ts";
import { gauc } from "./gauc.ts";
import { logloss } from "./logloss.ts";

/** NaN says that a metric is not defined for the samples (no positive, no negative); JSON writes it as null. */
export interface Metrics {
  auc: number;
  gauc: number;
  logloss: number;
  /** Expected calibration error over ten bins of equal counts. */
  ece: number;
  samples: number;
}

/** Scored samples, one element each. */
export interface Scores {
  /** 0 or 1. */
  readonly label: ArrayLike<number>;
  /** Predicted probability of 1. */
  readonly score: ArrayLike<number>;
  /** The user that the sample belongs to: a non-negative integer. */
  readonly group: Int32Array;
}

/** All metrics of scored samples. Throws RangeError where the arrays differ in length or a score is NaN. */
export function evaluateScores({ label, score, group }: Scores): Metrics {
  if (label.length !== score.length || group.length !== score.length) {
    throw new RangeError(`${label.length} labels, ${score.length} scores, ${group.length} groups`);
  }
  return {
    auc: auc(label, score),
    gauc: gauc(label, score, group),
    logloss: logloss(label, score),
    ece: calibrationOf(label, score).ece,
    samples: score.length,
  };
}
