/**
 * What a model is worth on candidates that training knows. Of others a model has only their fields, so the AUC of all
 * samples is a mixture of two tasks; this is the other number to look at.
 */
import { auc } from "./auc.ts";

export interface KnownMetrics {
  auc: number;
  /** How many there are. */
  samples: number;
}

/**
 * The metrics of the samples whose candidate training knows: where known[i] is not 0. Undefined where they are all: they
 * are then those of all samples.
 */
export function knownMetrics(
  label: ArrayLike<number>,
  score: ArrayLike<number>,
  known: ArrayLike<number>,
  weight?: ArrayLike<number>,
): KnownMetrics | undefined {
  const kept = new Int32Array(known.length);
  let samples = 0;
  for (let i = 0; i < known.length; i++) if (known[i] !== 0) kept[samples++] = i;
  if (samples === known.length) return undefined;
  return { auc: auc(label, score, kept.subarray(0, samples), weight), samples };
}
