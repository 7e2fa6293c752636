/** How many users and days an experiment takes, and what it can see. */
import { usersToTrust } from "../../statistics/enough.ts";
import { type Design, type Horizon, power, smallestLift, usersNeeded } from "../../statistics/power.ts";
import { type AbMetric, METRICS } from "../analysis/metrics.ts";
import { type Baseline, type MetricLevel, type Span, spanAfter } from "./baseline.ts";

export const HORIZONS: readonly Horizon[] = ["fixed", "sequential"];

export interface Aim {
  /** The smallest gain worth seeing, relative. */
  readonly lift: number;
  /** Probability with which it is to be seen. */
  readonly power: number;
  /** False alarms allowed in all comparisons with control together. */
  readonly alpha: number;
  /** Control included, of equal weights. */
  readonly arms: number;
  /** Of all users, those who take part. */
  readonly share: number;
  /** For which the smallest lift is told. */
  readonly days: number;
}

export interface PlannedReading {
  readonly horizon: Horizon;
  /** In all arms together; with `days` null where no experiment is long enough. */
  readonly users: number | null;
  readonly days: number | null;
  /** Within the days of the aim; null where none is. */
  readonly smallestLift: number | null;
}

export interface MetricPlan {
  readonly metric: AbMetric;
  readonly value: number;
  /** Of all arms together: with fewer, intervals and p-values do not hold what they promise, whatever the power. */
  readonly leastUsers: number;
  readonly readings: readonly PlannedReading[];
}

export interface ExperimentPlan extends Aim {
  readonly source: string;
  /** Those who take part within `days`. */
  readonly users: number;
  readonly clustering: number;
  /**
   * For always-valid readings of an experiment of so many days: the users of two arms at its end, at which their intervals
   * are narrowest.
   */
  readonly tuning: number;
  readonly metrics: readonly MetricPlan[];
}

/** Longer than anybody waits: about ten years. */
const MOST_DAYS = 3650;

export function planExperiment(baseline: Baseline, aim: Aim): ExperimentPlan {
  const span = spanAfter(baseline, aim.days);
  return {
    ...aim,
    source: baseline.source,
    users: Math.floor(span.users * aim.share),
    clustering: span.clustering,
    tuning: Math.max(1, Math.floor(pairOf(span, aim))),
    metrics: METRICS.flatMap((metric) => {
      const level = span.levels[metric];
      if (level === undefined) return [];
      const leastUsers = aim.arms * usersToTrust({ n: span.users, value: 1, variance: level.noise });
      const readings = HORIZONS.map((each) => reading(baseline, aim, metric, level, each));
      return [{ metric, value: level.value, leastUsers, readings }];
    }),
  };
}

/** Users of two arms. */
function pairOf({ users }: Span, { share, arms }: Aim): number {
  return (2 * users * share) / arms;
}

/** What the comparison of an arm with control can see; the first step of Holm divides alpha by the comparisons. */
function designOf({ noise }: MetricLevel, { alpha, arms }: Aim, horizon: Horizon): Design {
  return { noise, shares: [1 / 2, 1 / 2], alpha: alpha / (arms - 1), horizon };
}

/** The probability that a lift is seen after so many days; NaN where the metric is not known of them. */
export function powerAfter(
  baseline: Baseline,
  aim: Aim,
  metric: AbMetric,
  horizon: Horizon,
  days: number,
  lift: number,
) {
  const span = spanAfter(baseline, days);
  const level = span.levels[metric];
  return level === undefined ? Number.NaN : power(lift, pairOf(span, aim), designOf(level, aim, horizon));
}

function reading(baseline: Baseline, aim: Aim, metric: AbMetric, atEnd: MetricLevel, horizon: Horizon): PlannedReading {
  const end = spanAfter(baseline, aim.days);
  const smallest = smallestLift(pairOf(end, aim), aim.power, designOf(atEnd, aim, horizon));
  const days = daysNeeded(baseline, aim, metric, horizon);
  return {
    horizon,
    users: days === null ? null : Math.ceil(spanAfter(baseline, days).users * aim.share),
    days,
    smallestLift: Number.isFinite(smallest) ? smallest : null,
  };
}

/** The fewest whole days after which the lift is seen as probably as it should; null where that takes too long. */
function daysNeeded({ spans }: Baseline, aim: Aim, metric: AbMetric, horizon: Horizon): number | null {
  let days = Number.POSITIVE_INFINITY;
  let before = 0;
  for (const span of spans) {
    const level = span.levels[metric];
    if (level !== undefined) {
      const pair = usersNeeded(aim.lift, aim.power, designOf(level, aim, horizon));
      days = Math.max(before + 1, Math.ceil((pair / pairOf(span, aim)) * span.days));
      if (days <= span.days) break;
    }
    before = Math.floor(span.days);
  }
  return days <= MOST_DAYS ? days : null;
}
