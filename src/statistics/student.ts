/**
 * Student's t distribution, for tests and confidence intervals: tail probabilities that stay relatively right however
 * small they are, and quantiles. Degrees of freedom are any positive number; Infinity is the normal distribution.
 *
 * P(|T| > t) = I_x(df/2, 1/2) at x = df / (df + t^2), the regularised incomplete beta function: where it is small by
 * the continued fraction of Didonato and Morris (1992, https://doi.org/10.1145/131766.131776), elsewhere as
 * 1 - I_(1-x)(1/2, df/2) by a series of positive terms (https://dlmf.nist.gov/8.17.E8). Everything is written so that
 * df may grow without limit: there it becomes the incomplete gamma function, and so the normal distribution's tails.
 */

/** P(|T| > |t|); NaN where t or df is NaN or df is not positive. A |t| whose square overflows counts as infinite. */
export function twoSidedP(t: number, df: number): number {
  if (Number.isNaN(t) || !(df > 0)) return Number.NaN;
  const square = t * t;
  if (square === Number.POSITIVE_INFINITY) return 0;
  const a = df / 2;
  const y = 1 / (1 + df / square);
  const spread = 1 + square / df;
  const exponent = df === Number.POSITIVE_INFINITY ? square / 2 : a * Math.log1p(square / df);
  // (1-y)^a y^(1/2) / B(a, 1/2)
  const factor = Math.exp(logGammaStep(a) - exponent) * Math.sqrt(square / (2 * Math.PI * spread));
  const ay = ((square / 2) * (1 + 1 / df)) / spread; // (a + 1/2) y
  return ay + 2 * y > 1.5 ? factor * tailFraction(a, y, ay) : 1 - 2 * factor * centreSeries(y, ay);
}

/**
 * The t below which `probability` lies, by bisection of the tail: slow, and right to the last bits of the tail
 * probability. NaN where df is not positive or the probability not within [0, 1].
 */
export function quantileT(probability: number, df: number): number {
  if (!(df > 0) || !(probability >= 0 && probability <= 1)) return Number.NaN;
  return probability < 0.5 ? -upperQuantile(2 * probability, df) : upperQuantile(2 * (1 - probability), df);
}

/** The t for which P(|T| > t) is `tails`. */
function upperQuantile(tails: number, df: number): number {
  if (tails === 0) return Number.POSITIVE_INFINITY;
  if (tails === 1) return 0;
  let low = 0;
  let high = 1;
  while (twoSidedP(high, df) > tails) {
    low = high;
    high *= 2;
  }
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return middle;
    if (twoSidedP(middle, df) > tails) low = middle;
    else high = middle;
  }
}

/** 1 / (d0 + n1 / (d1 + n2 / (d2 + ...))) by the modified Lentz method (https://dlmf.nist.gov/3.10#iii). */
function tailFraction(a: number, y: number, ay: number): number {
  const x = 1 - y;
  const numerator = (n: number) => {
    const s = a + 2 * n - 1;
    return (1 - n / s) * (1 + (0.5 - n) / s) * n * (0.5 - n) * x * x;
  };
  const denominator = (n: number) =>
    n + (n * (0.5 - n) * x) / (a + 2 * n - 1) + (1 - (n + 1) / (a + 2 * n + 1)) * (ay + 0.5 + n * (1 + y));
  let value = (1 - 1 / (a + 1)) * (ay + 0.5); // d0
  let c = value;
  let d = 0;
  let change = 0;
  for (let n = 1; Math.abs(change - 1) > 1e-15; n++) {
    d = 1 / (denominator(n) + numerator(n) * d);
    c = denominator(n) + numerator(n) / c;
    change = c * d;
    value *= change;
  }
  return 1 / value;
}

/** 1 + (a + 1/2) y / (3/2) + (a + 1/2) (a + 3/2) y^2 / (3/2 5/2) + ... */
function centreSeries(y: number, ay: number): number {
  let sum = 0;
  let term = 1;
  for (let n = 0; term > sum * 1e-17; n++) {
    sum += term;
    term *= (ay + n * y) / (n + 1.5);
  }
  return sum;
}

/**
 * log(Gamma(a + 1/2) / Gamma(a) / sqrt(a)), 0 at Infinity, without a difference of large numbers: what Stirling's
 * formula (https://dlmf.nist.gov/5.11.E1) says of both, from 16 on.
 */
function logGammaStep(a: number): number {
  if (a === Number.POSITIVE_INFINITY) return 0;
  let b = a;
  let shift = 0;
  for (; b < 16; b++) shift += Math.log(b / (b + 0.5));
  return shift + Math.log(b / a) / 2 + b * Math.log1p(0.5 / b) - 0.5 + stirling(b + 0.5) - stirling(b);
}

/** log(Gamma(x)) minus (x - 1/2) log(x) - x + log(2 pi) / 2, for x of 16 or more. */
function stirling(x: number): number {
  const y = 1 / (x * x);
  return (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y / 1188)))) / x;
}
