/** What users do before an experiment, and how much they differ: all that a plan rests on. */
import { estimate } from "../../statistics/estimate.ts";
import { meanOf, type Sums } from "../../statistics/sums.ts";
import { type AbMetric, DESCRIBED, METRICS, metricOf } from "../analysis/metrics.ts";
import { QUANTITIES } from "../analysis/sums.ts";

export type Levels = Readonly<Partial<Record<AbMetric, MetricLevel>>>;

/** A metric of users over some days. */
export interface MetricLevel {
  readonly value: number;
  /** Variance of a user over the square of the value. */
  readonly noise: number;
}

export interface Span {
  readonly days: number;
  /** Different ones who come within these days. */
  readonly users: number;
  /** Those that there are. */
  readonly levels: Levels;
  /** How many times the variance of CTR is that of as many clicks that are independent; at least about 1. */
  readonly clustering: number;
}

export interface Baseline {
  /** In words: where it comes from. */
  readonly source: string;
  /** Of 1, 2, ... days from the first on, in this order; the longest is all that is known. */
  readonly spans: readonly Span[];
}

/** @param hasRevenue whether the third quantity is known */
export function spanOf(days: number, sums: Sums, hasRevenue: boolean): Span {
  const levels: Partial<Record<AbMetric, MetricLevel>> = {};
  for (const metric of METRICS) {
    const { of, factor } = DESCRIBED[metric];
    const { value, variance } = estimate(sums, metricOf(metric));
    const isKnown = value > 0 && variance > 0 && Number.isFinite(variance) && (hasRevenue || of !== "revenue");
    if (isKnown) levels[metric] = { value: factor * value, noise: variance / value ** 2 };
  }
  const { ctr } = levels;
  const impressions = meanOf(sums, QUANTITIES.indexOf("impressions"));
  const clustering = ctr === undefined ? Number.NaN : (ctr.noise * impressions * ctr.value) / (1 - ctr.value);
  return { days, users: sums.n, levels, clustering };
}

export interface Rates {
  readonly ctr: number;
  readonly impressionsPerUser: number;
  readonly usersPerDay: number;
  /** Mean revenue of a click. */
  readonly ppc?: number | undefined;
  /** Standard deviation over mean, of a click's revenue and of a user's impressions. */
  readonly priceSpread: number;
  readonly activitySpread: number;
  readonly clustering: number;
}

/**
 * From rates alone. Clicks of a user with m impressions have the variance m p (1 - p) c for clustering c, and prices are
 * independent of it all; what a sum over impressions varies by because m does adds the square of the spread of m.
 */
export function baselineOf(rates: Rates): Baseline {
  const { ctr, impressionsPerUser, usersPerDay, ppc, priceSpread, activitySpread, clustering } = rates;
  const clicks = ctr * impressionsPerUser;
  const ofClicks = ((1 - ctr) * clustering) / clicks;
  const ofPrices = priceSpread ** 2 / clicks;
  const activity = activitySpread ** 2;
  const levels: Levels = {
    ctr: { value: ctr, noise: ofClicks },
    clicks_per_user: { value: clicks, noise: ofClicks + activity },
    ...(ppc !== undefined && {
      ppc: { value: ppc, noise: ofPrices },
      ecpm: { value: 1000 * ppc * ctr, noise: ofClicks + ofPrices },
      revenue_per_user: { value: ppc * clicks, noise: ofClicks + ofPrices + activity },
    }),
  };
  return { source: "the rates that were given", spans: [{ days: 1, users: usersPerDay, levels, clustering }] };
}

/** Users and levels after so many days. Beyond what is known, users come at the same rate and differ as they did. */
export function spanAfter({ spans }: Baseline, days: number): Span {
  const known = spans.findLast((span) => span.days <= days) ?? spans[0];
  return { ...known, days, users: (known.users * days) / known.days };
}
