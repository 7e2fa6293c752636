/**
 * Area under the ROC curve: the probability that a random positive scores above a random negative, ties counted one
 * half (the Mann-Whitney statistic, https://doi.org/10.1214/aoms/1177730491). Exact: no bins, no sampling. Of samples with
 * weights each pair counts by the product of its two.
 */
import { Ranked } from "./ranked.ts";

/**
 * AUC of `score[i]` for `label[i]` in {0, 1}, of all or of those with the indices `samples`; NaN where one class is absent,
 * or weighs nothing. Throws RangeError where a score is NaN: it has no place in an order.
 */
export function auc(
  label: ArrayLike<number>,
  score: ArrayLike<number>,
  samples?: Int32Array,
  weight?: ArrayLike<number>,
): number {
  if (weight !== undefined) return weightedAuc(label, score, weight, samples);
  const { positives, negatives } = scoresByClass(label, score, samples);
  return rankedPairs(positives, negatives) / (positives.length * negatives.length);
}

function weightedAuc(
  label: ArrayLike<number>,
  score: ArrayLike<number>,
  weight: ArrayLike<number>,
  samples?: Int32Array,
): number {
  const positives = new Ranked(label, score, weight, true, samples);
  const negatives = new Ranked(label, score, weight, false, samples);
  const count = samples === undefined ? score.length : samples.length;
  let pairs = 0;
  for (let k = 0; k < count; k++) {
    const i = samples === undefined ? k : samples[k];
    if (label[i] > 0) pairs += weight[i] * negatives.below(score[i]);
  }
  return pairs / (positives.total * negatives.total);
}

/** The scores of each class, ascending. */
export interface ClassScores {
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
}

/**
 * The scores of all samples, or of those with the indices `samples`, by class. Throws RangeError where a score is NaN.
 */
export function scoresByClass(label: ArrayLike<number>, score: ArrayLike<number>, samples?: Int32Array): ClassScores {
  const count = samples === undefined ? score.length : samples.length;
  const scores = new Float64Array(count);
  let positives = 0;
  let negatives = 0;
  for (let k = 0; k < count; k++) {
    const i = samples === undefined ? k : samples[k];
    if (Number.isNaN(score[i])) throw new RangeError(`score ${i} is NaN`);
    if (label[i] > 0) scores[positives++] = score[i];
    else scores[count - ++negatives] = score[i];
  }
  return { positives: scores.subarray(0, positives).sort(), negatives: scores.subarray(positives).sort() };
}

/**
 * The number of correctly ordered pairs (positive, negative), ties counted one half, by a merge of the sorted lists. It
 * is exact up to 2^52 pairs.
 */
export function rankedPairs(positives: Float64Array, negatives: Float64Array): number {
  let below = 0; // negatives under the current positive
  let upTo = 0; // negatives under it or equal to it
  let pairs = 0;
  for (const score of positives) {
    while (below < negatives.length && negatives[below] < score) below++;
    while (upTo < negatives.length && negatives[upTo] <= score) upTo++;
    pairs += (below + upTo) / 2;
  }
  return pairs;
}
