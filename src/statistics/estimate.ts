/**
 * What a metric is in an arm, and how much it varies from user to user. A metric is a mean over users, such as clicks a
 * user, or a ratio of sums, such as clicks per impression: both are functions of means, so both have their variance by the
 * delta method, g' C g with the gradient g and the covariance C of the quantities of a user. For a ratio that is what Deng, Knoblich and
 * Lu, "Applying the Delta Method in Metric Analytics" (https://arxiv.org/abs/1803.06336), equation 4, say: a user with many
 * impressions is one observation, not many.
 */
import { addSums, covarianceOf, meanOf, type Sums } from "./sums.ts";

/** A quantity of `Sums` by its index, as a mean over users; with `per` its sum over the sum of another. */
export interface Metric {
  readonly of: number;
  readonly per?: number;
}

/** NaN where it is not defined: without users, or where a sum to divide by is 0. */
export interface Estimate {
  /** Users. */
  readonly n: number;
  readonly value: number;
  /** Of one user: the value has the variance of this over n. */
  readonly variance: number;
  /**
   * What relative effects are relative to, where that is not the value: the metric before it was adjusted, its variance and
   * its covariance with the value, each of one user.
   */
  readonly base?: { readonly value: number; readonly variance: number; readonly covariance: number };
}

/** The metric in an arm. */
export function estimate(sums: Sums, metric: Metric): Estimate {
  const own = gradient(sums, metric);
  return { n: sums.n, value: metricOf(sums, metric), variance: covariance(sums, own, own) };
}

/** How two metrics of the same users vary together: the covariance of one user, as `Estimate.variance`. */
export function covarianceOfMetrics(sums: Sums, one: Metric, other: Metric): number {
  return covariance(sums, gradient(sums, one), gradient(sums, other));
}

/** Estimates of arms after adjustment, and how strongly each was adjusted. */
export interface Adjusted {
  readonly arms: readonly Estimate[];
  /** 0 where there was nothing to adjust by: what came before does not vary, or is unknown. */
  readonly theta: number;
}

/**
 * CUPED: the metric less theta times what it was `before` the experiment, which assignment cannot have changed. Theta is
 * cov(metric, before) / var(before) of all arms together (Deng, Xu, Kohavi and Walker, WSDM 2013,
 * https://doi.org/10.1145/2433396.2433413, equation 4). Ratios are adjusted by ratios in the same way, with the delta
 * method's covariances (Deng, Knoblich and Lu, section 4.2). A user who was not there before counts with zeros.
 */
export function adjusted(arms: readonly Sums[], metric: Metric, before: Metric): Adjusted {
  const all = addSums(arms);
  const [after, prior] = [gradient(all, metric), gradient(all, before)];
  const spread = covariance(all, prior, prior);
  const theta = spread > 0 ? covariance(all, after, prior) / spread : 0;
  if (theta === 0) return { arms: arms.map((arm) => estimate(arm, metric)), theta };
  return { arms: arms.map((arm) => lessPrior(arm, metric, before, theta)), theta };
}

function lessPrior(arm: Sums, metric: Metric, before: Metric, theta: number): Estimate {
  const own = gradient(arm, metric);
  const prior = gradient(arm, before);
  const less = own.map((value, i) => value - theta * prior[i]);
  const unadjusted = metricOf(arm, metric);
  return {
    n: arm.n,
    value: unadjusted - theta * metricOf(arm, before),
    variance: covariance(arm, less, less),
    base: { value: unadjusted, variance: covariance(arm, own, own), covariance: covariance(arm, less, own) },
  };
}

function metricOf(sums: Sums, { of, per }: Metric): number {
  return per === undefined ? meanOf(sums, of) : sums.sum[of] / sums.sum[per];
}

/** [k] how the metric changes with the mean of each quantity. */
function gradient(sums: Sums, metric: Metric): number[] {
  const { of, per } = metric;
  const by = per === undefined ? 1 : meanOf(sums, per);
  const changes = sums.sum.map(() => 0);
  changes[of] += 1 / by;
  if (per !== undefined) changes[per] -= metricOf(sums, metric) / by;
  return changes;
}

/** Of two linear functions of the quantities of a user. */
function covariance(sums: Sums, a: readonly number[], b: readonly number[]): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < b.length; j++) {
      // A quantity that neither is about may hold anything.
      if (a[i] !== 0 && b[j] !== 0) total += a[i] * b[j] * covarianceOf(sums, i, j);
    }
  }
  return total;
}
