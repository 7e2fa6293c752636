/**
 * The chi-square distribution, and sample ratio mismatch by Pearson's test of it. P(X > x) with k degrees of freedom is
 * the regularised upper incomplete gamma function Q(k/2, x/2): 1 less a series where x is small
 * (https://dlmf.nist.gov/8.7.E1), a continued fraction elsewhere (https://dlmf.nist.gov/8.9.E2), relatively right in the tail.
 */

/** P(X > x) for a whole number of `degrees` of freedom; NaN for others, and where x is NaN. */
export function chiSquareP(x: number, degrees: number): number {
  if (!(degrees > 0 && Number.isInteger(degrees)) || Number.isNaN(x)) return Number.NaN;
  if (x <= 0) return 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  const [a, y] = [degrees / 2, x / 2];
  const factor = Math.exp(a * Math.log(y) - y - logGammaOfHalves(degrees));
  return y < a + 1 ? 1 - factor * lowerSeries(a, y) : factor * upperFraction(a, y);
}

/**
 * Sample ratio mismatch: the probability of users that fit the weights as badly as these by chance. Below .001 the
 * assignment or the recording is broken, and no effect can be trusted (Fabijan et al., KDD 2019,
 * https://doi.org/10.1145/3292500.3330722). 1 without users; an arm of weight 0 with users in it is impossible, 0.
 */
export function sampleRatioP(users: readonly number[], weights: readonly number[]): number {
  const total = users.reduce((sum, value) => sum + value, 0);
  const weight = weights.reduce((sum, value) => sum + value, 0);
  if (total === 0) return 1;
  let x = 0;
  let arms = 0;
  for (const [i, observed] of users.entries()) {
    const expected = (weights[i] / weight) * total;
    if (expected > 0) {
      x += (observed - expected) ** 2 / expected;
      arms++;
    } else if (observed > 0) return 0;
  }
  return arms < 2 ? 1 : chiSquareP(x, arms - 1);
}

/** log(Gamma(degrees / 2)): from Gamma(1) = 1 or Gamma(1/2) = sqrt(pi), a factor at a time. */
function logGammaOfHalves(degrees: number): number {
  let log = degrees % 2 === 0 ? 0 : Math.log(Math.PI) / 2;
  for (let a = degrees / 2 - 1; a > 0; a--) log += Math.log(a);
  return log;
}

/** 1/a + y / (a (a+1)) + y^2 / (a (a+1) (a+2)) + ... */
function lowerSeries(a: number, y: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= y / (a + n);
    sum += term;
  }
  return sum;
}

/** 1 / (y + 1 - a - 1 (1 - a) / (y + 3 - a - 2 (2 - a) / (y + 5 - a - ...))) by Lentz (https://dlmf.nist.gov/3.10#iii). */
function upperFraction(a: number, y: number): number {
  let b = y + 1 - a;
  let c = Number.POSITIVE_INFINITY;
  let d = 1 / b;
  let value = d;
  for (let n = 1; ; n++) {
    const numerator = -n * (n - a);
    b += 2;
    d = 1 / (b + numerator * d);
    c = b + numerator / c;
    const change = c * d;
    value *= change;
    if (Math.abs(change - 1) < 1e-15) return value;
  }
}
