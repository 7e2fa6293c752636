/**
 * Thompson sampling (Thompson 1933, https://doi.org/10.1093/biomet/25.3-4.285) as probabilities: how likely each arm is
 * the one with the highest click-through rate, given what it has shown. A rate's prior is uniform, so after c clicks of n
 * impressions it is Beta(1 + c, 1 + n - c), and arm k is best with probability
 *
 *   P_k = integral of f_k(x) prod_{j != k} F_j(x) dx      f_k its density, F_k its distribution function
 *
 * Drawing an arm with P_k is what drawing a rate for each arm and taking the highest does; as a number the probability
 * can be logged, which an estimate without bias needs (`ClusteredRatios` with weights of 1 / P_k).
 */

/** What an arm has shown so far. */
export interface ArmCounts {
  readonly clicks: number;
  readonly impressions: number;
}

/** Points on either side of an arm's mode at which everything is evaluated. */
const POINTS = 192;

/**
 * Probability with which each arm is to be chosen: `floor` for each, and the rest by the probability of being best. It
 * is integrated, not drawn: the same counts give the same probabilities, to about 1e-7.
 * @param floor least probability of an arm, at most 1 / arms; above 0 all arms stay comparable, whatever happens first
 */
export function thompson(arms: readonly ArmCounts[], floor: number): number[] {
  const best = probabilitiesOfBest(arms);
  return best.map((probability) => floor + (1 - arms.length * floor) * probability);
}

/**
 * P_k by Simpson's rule in t = log(x / (1 - x)), where all densities have one peak and light tails. The points of all
 * arms together are the grid, so a narrow density is resolved within a wide one.
 */
function probabilitiesOfBest(arms: readonly ArmCounts[]): number[] {
  const rates = arms.map(onLogits);
  const grid = Float64Array.from(rates.flatMap(({ points }) => points)).sort();
  let at = densities(rates, grid[0]);
  let below = rates.map(() => 0); // F_k
  const best = rates.map(() => 0);
  for (let i = 1; i < grid.length; i++) {
    const width = grid[i] - grid[i - 1];
    if (width === 0) continue;
    const middle = densities(rates, grid[i] - width / 2);
    const end = densities(rates, grid[i]);
    // F_k half way and at the end, of the parabola through the three densities.
    const half = below.map((value, k) => value + (width / 24) * (5 * at[k] + 8 * middle[k] - end[k]));
    const above = below.map((value, k) => value + (width / 6) * (at[k] + 4 * middle[k] + end[k]));
    for (let k = 0; k < best.length; k++) {
      const rise = at[k] * others(below, k) + 4 * middle[k] * others(half, k) + end[k] * others(above, k);
      best[k] += (width / 6) * rise;
    }
    at = end;
    below = above;
  }
  const total = best.reduce((sum, value) => sum + value, 0);
  return best.map((value) => value / total);
}

/** prod_{j != k} F_j */
function others(below: readonly number[], k: number): number {
  let product = 1;
  for (let j = 0; j < below.length; j++) if (j !== k) product *= below[j];
  return product;
}

/** The rate of an arm as its logit, whose density is proportional to e^(a t) / (1 + e^t)^(a + b). */
interface OnLogits {
  readonly a: number;
  readonly b: number;
  readonly deviation: number;
  /** Of the density's logarithm, up to its constant. */
  readonly highest: number;
  /** All but e^-30 of it lies between them. */
  readonly points: readonly number[];
}

function onLogits({ clicks, impressions }: ArmCounts): OnLogits {
  const a = 1 + clicks;
  const b = 1 + impressions - clicks;
  const mode = Math.log(a / b);
  const deviation = Math.sqrt(1 / a + 1 / b);
  // A normal peak of that deviation, with tails that fall as e^(a t) and e^(-b t).
  const left = 8 * deviation + 30 / a;
  const right = 8 * deviation + 30 / b;
  const points = [mode];
  for (let i = 1; i <= POINTS; i++) points.push(mode - (i / POINTS) * left, mode + (i / POINTS) * right);
  return { a, b, deviation, highest: a * mode - (a + b) * softplus(mode), points };
}

/** Of all arms at a logit; the area is near 1, and made 1 in the end. */
function densities(rates: readonly OnLogits[], t: number): number[] {
  const log = softplus(t);
  return rates.map(({ a, b, deviation, highest }) => {
    return Math.exp(a * t - (a + b) * log - highest) / (deviation * Math.sqrt(2 * Math.PI));
  });
}

/** log(1 + e^t) */
function softplus(t: number): number {
  return Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t)));
}
