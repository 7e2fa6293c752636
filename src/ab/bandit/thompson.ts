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
  const densities = arms.map(logitDensity);
  const grid = Float64Array.from(densities.flatMap(({ points }) => points)).sort();
  const all = arms.map((_, k) => k);
  const at = (t: number) => densities.map(({ of }) => of(t));
  const rise = (f: readonly number[], below: readonly number[]) =>
    all.map((k) => all.reduce((product, j) => (j === k ? product : product * below[j]), f[k]));

  let below = arms.map(() => 0); // F_k, up to a factor that the end brings to 1
  let best = arms.map(() => 0);
  let f0 = at(grid[0]);
  for (let i = 1; i < grid.length; i++) {
    const width = grid[i] - grid[i - 1];
    if (width === 0) continue;
    const middle = at(grid[i] - width / 2);
    const f1 = at(grid[i]);
    const half = all.map((k) => below[k] + (width / 24) * (5 * f0[k] + 8 * middle[k] - f1[k]));
    const end = all.map((k) => below[k] + (width / 6) * (f0[k] + 4 * middle[k] + f1[k]));
    const rises = [rise(f0, below), rise(middle, half), rise(f1, end)];
    best = best.map((sum, k) => sum + (width / 6) * (rises[0][k] + 4 * rises[1][k] + rises[2][k]));
    below = end;
    f0 = f1;
  }
  const total = best.reduce((sum, value) => sum + value, 0);
  return best.map((value) => value / total);
}

/** The density of an arm's rate over the logit, with area near 1, and points that cover all but e^-30 of it. */
function logitDensity({ clicks, impressions }: ArmCounts): { of: (t: number) => number; points: number[] } {
  const a = 1 + clicks;
  const b = 1 + impressions - clicks;
  const mode = Math.log(a / b);
  const deviation = Math.sqrt(1 / a + 1 / b);
  const logKernel = (t: number) => -a * softplus(-t) - b * softplus(t);
  const highest = logKernel(mode);
  const of = (t: number) => Math.exp(logKernel(t) - highest) / (deviation * Math.sqrt(2 * Math.PI));
  // A normal peak of that deviation, with tails that fall as e^(a t) and e^(-b t).
  const left = 8 * deviation + 30 / a;
  const right = 8 * deviation + 30 / b;
  const points = [mode];
  for (let i = 1; i <= POINTS; i++) points.push(mode - (i / POINTS) * left, mode + (i / POINTS) * right);
  return { of, points };
}

/** log(1 + e^t) */
function softplus(t: number): number {
  return Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t)));
}
