/**
 * Grouped AUC: how well candidates are ordered within each user, whatever the level of the user's scores
 * (Zhou et al. 2018, https://arxiv.org/abs/1706.06978).
 */
import { rankedPairs } from "./auc.ts";

/**
 * Mean over groups of the AUC within the group, weighted by the group's samples. Groups of one class have no AUC and
 * are left out; NaN where all are. `group[i]` is a non-negative integer, best dense: memory grows with the largest.
 * Throws RangeError where a score is NaN.
 */
export function gauc(label: ArrayLike<number>, score: ArrayLike<number>, group: Int32Array): number {
  const { order, starts } = byGroup(group);
  const positives = new Float64Array(score.length);
  const negatives = new Float64Array(score.length);
  let weighted = 0;
  let weight = 0;
  for (let g = 0; g + 1 < starts.length; g++) {
    let p = 0;
    let n = 0;
    for (let k = starts[g]; k < starts[g + 1]; k++) {
      const i = order[k];
      if (Number.isNaN(score[i])) throw new RangeError(`score ${i} is NaN`);
      if (label[i] > 0) positives[p++] = score[i];
      else negatives[n++] = score[i];
    }
    if (p === 0 || n === 0) continue;
    const samples = p + n;
    weighted += (samples * rankedPairs(positives.subarray(0, p), negatives.subarray(0, n))) / (p * n);
    weight += samples;
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
