/**
 * Always-valid reading: an asymptotic confidence sequence with the mixture boundary of Waudby-Smith, Arbour, Sinha, Kennedy
 * and Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences"
 * (https://arxiv.org/abs/2103.06476). Whoever looks every day, and stops when it says so, errs as rarely as `alpha`
 * promises. GrowthBook's "sequential testing" is this one. It refuses nothing at small n: it is asymptotic, as Welch's
 * test is on data that are not normal.
 */

/**
 * Equation 161: the squared rho with which the interval is narrowest at `tuning` users. It has to be chosen before the
 * data are seen: what the experiment is planned to have is a good choice.
 */
function squaredRho(alpha: number, tuning: number): number {
  const twice = -2 * Math.log(alpha);
  return (twice + Math.log(twice + 1)) / tuning;
}

/** Equation 9: how many standard errors an effect may lie from zero after `users` before that counts. */
export function sequentialBound(users: number, tuning: number, alpha: number): number {
  const information = users * squaredRho(alpha, tuning);
  return Math.sqrt((2 * (information + 1) * Math.log(Math.sqrt(information + 1) / alpha)) / information);
}

/**
 * Equation 155: the p-value for an effect that lies `z` standard errors from zero after `users`. At any time it is below
 * `alpha` where `sequentialBound` is passed.
 */
export function sequentialP(z: number, users: number, tuning: number, alpha: number): number {
  const information = users * squaredRho(alpha, tuning);
  const exponent = (information * z * z) / (2 * (information + 1));
  return Math.min(1, Math.sqrt(information + 1) * Math.exp(-exponent));
}
