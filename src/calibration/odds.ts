/** Probabilities and their log odds, in float64. */

/**
 * Half a step below the least and above the largest float32 between 0 and 1: where scores that were rounded to 0 and 1
 * are taken to stand, so that their log odds are finite and beyond those of all others.
 */
const LOWEST = 2 ** -150;
const HIGHEST = 1 - 2 ** -25;

/** A float32 score in [0, 1], within (0, 1); no two become the same. */
export function withinOdds(score: number): number {
  return Math.min(Math.max(score, LOWEST), HIGHEST);
}

/** ln(p / (1 - p)) of p in (0, 1). */
export function logit(p: number): number {
  return Math.log(p / (1 - p));
}

/** The probability of log odds. */
export function sigmoid(odds: number): number {
  if (odds >= 0) return 1 / (1 + Math.exp(-odds));
  const e = Math.exp(odds);
  return e / (1 + e);
}
