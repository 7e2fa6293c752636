/**
 * Calibration: whether of the samples with a predicted probability of 0.3 three in ten are clicked. AUC does not measure
 * it, but it matters where a prediction is multiplied by a price.
 */

/** Samples of neighbouring scores. */
export interface CalibrationBin {
  readonly count: number;
  /** Mean predicted probability, and share of label 1. */
  readonly predicted: number;
  readonly observed: number;
}

export interface Calibration {
  /** By score, lowest first. */
  readonly bins: readonly CalibrationBin[];
  /**
   * Expected calibration error: the mean over samples of |predicted - observed| of their bin (Guo et al. 2017,
   * https://arxiv.org/abs/1706.04599, there with bins of equal width). NaN for no samples.
   */
  readonly ece: number;
  /** Clicks predicted for each one observed: above 1 the model promises too much. Not finite without a click. */
  readonly ratio: number;
}

/**
 * Calibration of `score[i]` for `label[i]` in {0, 1}. Bins are of equal counts as far as equal scores, which stay
 * together, allow; there are fewer than `bins` where ties fill several. Weights count in the means and sums, not in what
 * is a bin. Without them the order of samples changes no bit. Throws RangeError where a score is NaN.
 */
export function calibrationOf(
  label: ArrayLike<number>,
  score: ArrayLike<number>,
  bins = 10,
  weight?: ArrayLike<number>,
): Calibration {
  const order = byScore(score);
  const samples = order.length;
  const found: CalibrationBin[] = [];
  let errors = 0;
  let predicted = 0;
  let observed = 0;
  let weighed = 0;
  let start = 0;
  for (let bin = 1; bin <= bins; bin++) {
    let end = Math.max(start, Math.round((bin * samples) / bins));
    while (end > start && end < samples && score[order[end]] === score[order[end - 1]]) end++;
    if (end === start) continue;
    let scores = 0;
    let clicks = 0;
    let total = 0;
    for (const i of order.subarray(start, end)) {
      const own = weight === undefined ? 1 : weight[i];
      scores += own * score[i];
      if (label[i] > 0) clicks += own;
      total += own;
    }
    const count = end - start;
    start = end;
    if (total === 0) continue;
    found.push({ count, predicted: scores / total, observed: clicks / total });
    weighed += total;
    errors += Math.abs(scores - clicks);
    predicted += scores;
    observed += clicks;
  }
  return { bins: found, ece: errors / weighed, ratio: predicted / observed };
}

/** Places of the samples, lowest score first. */
function byScore(score: ArrayLike<number>): Uint32Array {
  const order = new Uint32Array(score.length);
  for (let i = 0; i < order.length; i++) {
    if (Number.isNaN(score[i])) throw new RangeError(`score ${i} is NaN`);
    order[i] = i;
  }
  return order.sort((i, j) => score[i] - score[j]);
}
