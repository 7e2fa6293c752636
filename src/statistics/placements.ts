/**
 * Placement values: what each sample alone contributes to an AUC. That of a positive is the share of negatives that it
 * scores above, that of a negative the share of positives that score above it, ties one half. Either class's mean is
 * the AUC, and their variance shows how certain the AUC is (DeLong et al. 1988, https://doi.org/10.2307/2531595).
 */
import { scoresByClass } from "./auc.ts";
import { firstWhere, Ranked } from "./ranked.ts";

/** Placements of one side of a comparison: a model, in one or more runs. */
export interface Placements {
  /** Of each sample, the mean over the runs. */
  readonly value: Float64Array;
  /** AUC of each run, and their mean. */
  readonly aucs: readonly number[];
  readonly auc: number;
}

/**
 * Placements of the same samples by several runs. Without weights, what is added up are counts of pairs, which is exact, so
 * the order of the runs changes no bit. Values and AUC are NaN where a class is absent, or weighs nothing.
 * Throws RangeError where a score is NaN.
 */
export function placementsOf(
  label: ArrayLike<number>,
  scores: readonly ArrayLike<number>[],
  weight?: ArrayLike<number>,
): Placements {
  const { positives, negatives } = classTotals(label, weight);
  const pairs = positives * negatives;
  const value = new Float64Array(label.length);
  const counts = scores.map((score) =>
    weight === undefined ? addPlacements(label, score, value) : addWeighted(label, score, weight, value),
  );
  for (let i = 0; i < value.length; i++) value[i] /= scores.length * (label[i] > 0 ? negatives : positives);
  const total = counts.reduce((sum, count) => sum + count, 0);
  return { value, aucs: counts.map((count) => count / pairs), auc: total / (scores.length * pairs) };
}

/** How many samples each class has, or what they weigh. */
export function classTotals(label: ArrayLike<number>, weight?: ArrayLike<number>) {
  let positives = 0;
  let negatives = 0;
  for (let i = 0; i < label.length; i++) {
    const own = weight === undefined ? 1 : weight[i];
    if (label[i] > 0) positives += own;
    else negatives += own;
  }
  return { positives, negatives };
}

/**
 * Adds to `sums`, for each sample, its correctly ordered pairs with the other class, ties counted one half, and returns
 * the number of all such pairs. Sorts each class and looks every sample up in the other: O(n log n).
 */
function addPlacements(label: ArrayLike<number>, score: ArrayLike<number>, sums: Float64Array): number {
  const { positives, negatives } = scoresByClass(label, score);
  let pairs = 0;
  for (let i = 0; i < label.length; i++) {
    if (label[i] > 0) {
      const count = rank(negatives, score[i]);
      sums[i] += count;
      pairs += count;
    } else sums[i] += positives.length - rank(positives, score[i]);
  }
  return pairs;
}

/** How many of the sorted values lie below `value`, those equal to it one half. */
function rank(sorted: Float64Array, value: number): number {
  const below = firstWhere(sorted, (other) => other >= value);
  if (sorted[below] !== value) return below;
  return (below + firstWhere(sorted, (other) => other > value)) / 2;
}

/** As `addPlacements` where pairs count by the weights of both samples: each sample's are without its own weight. */
function addWeighted(
  label: ArrayLike<number>,
  score: ArrayLike<number>,
  weight: ArrayLike<number>,
  sums: Float64Array,
): number {
  const positives = new Ranked(label, score, weight, true);
  const negatives = new Ranked(label, score, weight, false);
  let pairs = 0;
  for (let i = 0; i < label.length; i++) {
    if (label[i] > 0) {
      const own = negatives.below(score[i]);
      sums[i] += own;
      pairs += weight[i] * own;
    } else sums[i] += positives.total - positives.below(score[i]);
  }
  return pairs;
}
