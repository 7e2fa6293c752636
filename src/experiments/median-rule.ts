/**
 * When a search gives a trial up: the median stopping rule of Golovin et al. 2017
 * (https://doi.org/10.1145/3097983.3098043) with changes.
 *
 * As there, a trial ends where its best objective so far is below the median of what the others had come to by then. Unlike
 * there, what the others had come to is their best so far, not their running average, for early epochs of a run are below
 * its later ones as a rule; trials that were stopped count as far as they went, not the completed ones alone; and nothing
 * is judged by few others, nor by its first epoch, in which a low learning rate looks worse than it is.
 */

/** Nothing is stopped before so many others have shown what is usual. */
const WARM_UP = 4;
const FIRST_JUDGED_EPOCH = 2;

/** Whether to stop a trial, given the validation AUC of its epochs so far and of those of the trials before it. */
export function isBelowMedian(validAuc: readonly number[], others: readonly (readonly number[])[]): boolean {
  const epochs = validAuc.length;
  if (epochs < FIRST_JUDGED_EPOCH) return false;
  const rivals = others.filter((curve) => curve.length >= epochs).map((curve) => Math.max(...curve.slice(0, epochs)));
  if (rivals.length < WARM_UP) return false;
  rivals.sort((a, b) => a - b);
  const middle = (rivals.length - 1) / 2;
  const median = (rivals[Math.floor(middle)] + rivals[Math.ceil(middle)]) / 2;
  return Math.max(...validAuc) < median;
}
