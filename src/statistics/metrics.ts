/** The metrics that every evaluation reports, from plain arrays: nothing here knows a model or a dataset. */
import { auc } from "./auc.ts";
import { calibrationOf } from "./calibration.ts";
import { gauc } from "./gauc.ts";
import { type KnownMetrics, knownMetrics } from "./known.ts";
import { logloss } from "./logloss.ts";

/** NaN says that a metric is not defined for the samples (no positive, no negative); JSON writes it as null. */
export interface Metrics {
  auc: number;
  gauc: number;
  logloss: number;
  /** Expected calibration error over ten bins of equal counts. */
  ece: number;
  samples: number;
  /** Of the samples whose candidate training knows, where that is said and some are of others. */
  known?: KnownMetrics;
}

/** Scored samples, one element each. */
export interface Scores {
  /** 0 or 1. */
  readonly label: ArrayLike<number>;
  /** Predicted probability of 1. */
  readonly score: ArrayLike<number>;
  /** The user that the sample belongs to: a non-negative integer. */
  readonly group: Int32Array;
  /** Whether training knows the candidate: 0 if not. */
  readonly known?: ArrayLike<number>;
  /** What the sample weighs, 0 or more; without it all weigh the same. */
  readonly weight?: ArrayLike<number> | undefined;
}

/** All metrics of scored samples. Throws RangeError where the arrays differ in length or a score is NaN. */
export function evaluateScores({ label, score, group, known: isKnown, weight }: Scores): Metrics {
  if (label.length !== score.length || group.length !== score.length) {
    throw new RangeError(`${label.length} labels, ${score.length} scores, ${group.length} groups`);
  }
  const known = isKnown && knownMetrics(label, score, isKnown, weight);
  return {
    auc: auc(label, score, undefined, weight),
    gauc: gauc(label, score, group, weight),
    logloss: logloss(label, score, weight),
    ece: calibrationOf(label, score, 10, weight).ece,
    samples: score.length,
    ...(known && { known }),
  };
}
