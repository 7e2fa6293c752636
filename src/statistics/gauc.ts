/**
 * Grouped AUC: how well candidates are ordered within each user, whatever the level of the user's scores
 * (Zhou et al. 2018, https://arxiv.org/abs/1706.06978).
 */
import { auc, rankedPairs, scoresByClass } from "./auc.ts";

/**
 * Mean over groups of the AUC within the group, weighted by the group's samples, or the sum of their weights. Groups of
 * one class have no AUC and are left out; NaN where all are. `group[i]` is a non-negative integer, best dense: memory
 * grows with the largest. Throws RangeError where a score is NaN.
 */
export function gauc(
  label: ArrayLike<number>,
  score: ArrayLike<number>,
  group: Int32Array,
  sampleWeight?: ArrayLike<number>,
): number {
  const { order, starts } = byGroup(group);
  let weighted = 0;
  let weight = 0;
  for (let g = 0; g + 1 < starts.length; g++) {
    const samples = order.subarray(starts[g], starts[g + 1]);
    if (sampleWeight !== undefined) {
      const own = auc(label, score, samples, sampleWeight);
      if (Number.isNaN(own)) continue;
      const total = samples.reduce((sum, i) => sum + sampleWeight[i], 0);
      weighted += total * own;
      weight += total;
      continue;
    }
    const { positives, negatives } = scoresByClass(label, score, samples);
    const pairs = positives.length * negatives.length;
    if (pairs === 0) continue;
    weighted += (samples.length * rankedPairs(positives, negatives)) / pairs;
    weight += samples.length;
  }
  return weighted / weight;
}

/** Counting sort: the samples of group g are order[starts[g] .. starts[g+1]-1]. */
function byGroup(group: Int32Array): { order: Int32Array; starts: Int32Array } {
  let groups = 0;
  for (const g of group) groups = Math.max(groups, g + 1);
  const starts = new Int32Array(groups + 1);
  for (const g of group) starts[g + 1]++;
  for (let g = 0; g < groups; g++) starts[g + 1] += starts[g];
  const next = starts.slice();
  const order = new Int32Array(group.length);
  for (let i = 0; i < group.length; i++) order[next[group[i]]++] = i;
  return { order, starts };
}
