/** What a calibration is fitted on: scores of samples whose labels are known. */

export interface LabelledScores {
  /** 0 or 1. */
  readonly label: ArrayLike<number>;
  /** Of a model, in [0, 1]. */
  readonly score: ArrayLike<number>;
  /** The user that a sample belongs to: a non-negative integer. */
  readonly group: ArrayLike<number>;
  /** What the sample weighs, 0 or more; without it all weigh the same. */
  readonly weight?: ArrayLike<number> | undefined;
}

/** Weights whose mean is 1, so that their sum says of how many samples a fit is. */
export function unitWeights({ score, weight }: Pick<LabelledScores, "score" | "weight">): Float64Array {
  if (weight === undefined) return new Float64Array(score.length).fill(1);
  let sum = 0;
  for (let i = 0; i < weight.length; i++) sum += weight[i];
  return Float64Array.from(weight, (own) => (own * weight.length) / sum);
}

/** The samples at some places. */
export function samplesAt({ label, score, group, weight }: LabelledScores, places: Int32Array): LabelledScores {
  const at = (values: ArrayLike<number>) => Float64Array.from(places, (i) => values[i]);
  return { label: at(label), score: at(score), group: at(group), weight: weight && at(weight) };
}

/**
 * Shares of clicks to fit instead of labels (Platt 1999, "Probabilistic outputs for support vector machines and comparisons
 * to regularized likelihood methods", section 2.2): (N+ + 1) / (N+ + 2) of the N+ clicked samples and 1 / (N- + 2) of the N-
 * others. So a fit is finite where scores separate clicked samples from others, and nothing is certain.
 */
export function smoothedTargets(label: ArrayLike<number>, weight: Float64Array): Float64Array {
  let [clicks, others] = [0, 0];
  for (let i = 0; i < label.length; i++) {
    if (label[i] > 0) clicks += weight[i];
    else others += weight[i];
  }
  const [high, low] = [(clicks + 1) / (clicks + 2), 1 / (others + 2)];
  return Float64Array.from(label, (each) => (each > 0 ? high : low));
}
