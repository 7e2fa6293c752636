/** Logarithmic loss: the mean binary cross-entropy of predicted probabilities. */

/** Probabilities are kept this far from 0 and 1, so that one sure and wrong prediction costs 16.1, not infinity. */
const CLIP = 1e-7;

/** Mean of -log(probability of what happened) over samples, in nats; NaN where they weigh nothing. Label is 0 or 1. */
export function logloss(label: ArrayLike<number>, probability: ArrayLike<number>, weight?: ArrayLike<number>): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < probability.length; i++) {
    const p = Math.min(Math.max(probability[i], CLIP), 1 - CLIP);
    const own = weight === undefined ? 1 : weight[i];
    sum -= own * (label[i] > 0 ? Math.log(p) : Math.log1p(-p));
    total += own;
  }
  return sum / total;
}
