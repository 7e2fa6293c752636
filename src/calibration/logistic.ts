/**
 * Logistic regression on one or two features in float64: the log odds that make given shares of clicks most likely. Newton's
 * method with a step that is halved until it helps, as in Lin, Lin and Weng 2007, "A note on Platt's probabilistic outputs
 * for support vector machines", https://doi.org/10.1007/s10994-007-5018-6.
 */

/** Samples as columns, all of one length. */
export interface Regression {
  readonly features: readonly Float64Array[];
  /** Of a click, between 0 and 1. */
  readonly target: Float64Array;
  readonly weight: Float64Array;
}

export interface Coefficients {
  /** One for each feature. */
  readonly slopes: readonly number[];
  readonly intercept: number;
  /** Sum over samples of weight times cross-entropy, in nats. */
  readonly loss: number;
}

/**
 * Slopes are no less than this: less is no slope, and the fit of a model that knows nothing would turn its ranking round. It
 * is steep enough that float64 distinguishes all scores of float32.
 */
export const LEAST_SLOPE = 0.01;

/** The best coefficients whose slopes are at least `LEAST_SLOPE`. */
export function regress(regression: Regression): Coefficients {
  const { features } = regression;
  // The loss is convex, so the best of those that keep the bound holds some slopes at it and is free in the others.
  let best: Coefficients | undefined;
  for (let held = 0; held < 2 ** features.length; held++) {
    const fixed = features.flatMap((_, f) => ((held >> f) & 1 ? [f] : []));
    const found = minimise(regression, new Set(fixed));
    if (found.slopes.some((slope) => slope < LEAST_SLOPE)) continue;
    if (held === 0) return found;
    if (best === undefined || found.loss < best.loss) best = found;
  }
  return best!;
}

const MOST_STEPS = 100;
const LEAST_STEP = 2 ** -30;
/** Of the gradient, as a share of the weight of all samples. */
const TOLERANCE = 1e-12;

/** The best coefficients, where the slopes of `fixed` features are `LEAST_SLOPE`. */
function minimise({ features, target, weight }: Regression, fixed: ReadonlySet<number>): Coefficients {
  const free = features.filter((_, f) => !fixed.has(f));
  const offset = target.map((_, i) => LEAST_SLOPE * features.reduce((sum, x, f) => sum + (fixed.has(f) ? x[i] : 0), 0));
  const columns = [...free, new Float64Array(target.length).fill(1)];
  const total = weight.reduce((sum, own) => sum + own, 0);
  const oddsAt = (theta: readonly number[], i: number) => {
    let odds = offset[i];
    for (let c = 0; c < columns.length; c++) odds += theta[c] * columns[c][i];
    return odds;
  };
  const lossOf = (theta: readonly number[]) => {
    let loss = 0;
    for (let i = 0; i < target.length; i++) loss += weight[i] * crossEntropy(oddsAt(theta, i), target[i]);
    return loss;
  };
  let theta = columns.map(() => 0);
  let loss = lossOf(theta);
  for (let step = 0; step < MOST_STEPS; step++) {
    const { gradient, hessian } = slopesOf(columns, target, weight, (i) => oddsAt(theta, i));
    if (gradient.every((each) => Math.abs(each) <= TOLERANCE * total)) break;
    const direction = solve(hessian, gradient);
    let size = 1;
    let next = theta;
    let nextLoss = Number.POSITIVE_INFINITY;
    for (; size >= LEAST_STEP && !(nextLoss < loss); size /= 2) {
      next = theta.map((each, c) => each - size * direction[c]);
      nextLoss = lossOf(next);
    }
    if (!(nextLoss < loss)) break;
    [theta, loss] = [next, nextLoss];
  }
  const slopes: number[] = [];
  let c = 0;
  for (let f = 0; f < features.length; f++) slopes.push(fixed.has(f) ? LEAST_SLOPE : theta[c++]);
  return { slopes, intercept: theta[c], loss };
}

/** -t ln(p) - (1 - t) ln(1 - p) of the probability p of log odds, without overflow. */
function crossEntropy(odds: number, target: number): number {
  return Math.max(odds, 0) - target * odds + Math.log1p(Math.exp(-Math.abs(odds)));
}

function slopesOf(
  columns: readonly Float64Array[],
  target: Float64Array,
  weight: Float64Array,
  oddsAt: (i: number) => number,
): { readonly gradient: number[]; readonly hessian: number[][] } {
  const gradient = columns.map(() => 0);
  const hessian = columns.map(() => columns.map(() => 0));
  for (let i = 0; i < target.length; i++) {
    const p = 1 / (1 + Math.exp(-oddsAt(i)));
    const [error, spread] = [weight[i] * (p - target[i]), weight[i] * p * (1 - p)];
    for (let a = 0; a < columns.length; a++) {
      gradient[a] += error * columns[a][i];
      for (let b = 0; b <= a; b++) hessian[a][b] += spread * columns[a][i] * columns[b][i];
    }
  }
  for (let a = 0; a < columns.length; a++) for (let b = 0; b < a; b++) hessian[b][a] = hessian[a][b];
  return { gradient, hessian };
}

/** Added to the diagonal, relative to it, so that columns that tell the same have a solution. */
const RIDGE = 1e-12;

/** x of A x = b for a small symmetric A without negative eigenvalues: Cholesky's A = L L'. */
function solve(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const lower = a.map((row) => row.map(() => 0));
  for (let i = 0; i < b.length; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i][j] + (i === j ? RIDGE * (a[i][i] + 1) : 0);
      for (let k = 0; k < j; k++) sum -= lower[i][k] * lower[j][k];
      lower[i][j] = i === j ? Math.sqrt(Math.max(sum, RIDGE)) : sum / lower[j][j];
    }
  }
  const y: number[] = [];
  for (let i = 0; i < b.length; i++) {
    let sum = b[i];
    for (let k = 0; k < i; k++) sum -= lower[i][k] * y[k];
    y.push(sum / lower[i][i]);
  }
  const x = [...y];
  for (let i = b.length - 1; i >= 0; i--) {
    for (let k = i + 1; k < b.length; k++) x[i] -= lower[k][i] * x[k];
    x[i] /= lower[i][i];
  }
  return x;
}
