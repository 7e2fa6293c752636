/**
 * Area under the ROC curve: the probability that a random positive scores above a random negative, ties counted one
 * half (the Mann-Whitney statistic, https://doi.org/10.1214/aoms/1177730491). Exact: no bins, no sampling.
 */

/**
 * AUC of `score[i]` for `label[i]` in {0, 1}; NaN where one class is absent.
 * Throws RangeError where a score is NaN: it has no place in an order.
 */
export function auc(label: ArrayLike<number>, score: ArrayLike<number>): number {
  const positives = new Float64Array(score.length);
  const negatives = new Float64Array(score.length);
  let p = 0;
  let n = 0;
  for (let i = 0; i < score.length; i++) {
    if (Number.isNaN(score[i])) throw new RangeError(`score ${i} is NaN`);
    if (label[i] > 0) positives[p++] = score[i];
    else negatives[n++] = score[i];
  }
  return rankedPairs(positives.subarray(0, p), negatives.subarray(0, n)) / (p * n);
}

/**
 * Pairs (positive, negative) that are ordered rightly, ties one half, of two lists in any order. Sorts both in place,
 * then merges them: O(n log n). The count is exact up to 2^52 pairs.
 */
export function rankedPairs(positives: Float64Array, negatives: Float64Array): number {
  positives.sort();
  negatives.sort();
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
