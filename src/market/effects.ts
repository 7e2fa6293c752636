/** What each arm of a market changes against the first one, in the metrics of table 5, and how certain that is. */
import { DESCRIBED, metricOf } from "../ab/analysis/metrics.ts";
import { QUANTITIES } from "../ab/analysis/sums.ts";
import { type Effect, effect, readOnce } from "../statistics/effect.ts";
import { estimate, type Metric } from "../statistics/estimate.ts";
import { holm } from "../statistics/holm.ts";
import { smallestLift } from "../statistics/power.ts";
import { type Sums, sumsOf } from "../statistics/sums.ts";
import type { ArmTally } from "./tally.ts";

/** Those of the table, as `dien ab report` has them. */
export const METRIC_NAMES = ["ctr", "ppc", "ecpm"] as const;
export type MetricName = (typeof METRIC_NAMES)[number];

/** Quantities of a user. */
const OF_USER = [...QUANTITIES, "expected"] as const;

/** True click probability per impression: CTR without the luck of single clicks, which only a simulation knows. */
const TRUE_CTR: Metric = { of: OF_USER.indexOf("expected"), per: OF_USER.indexOf("impressions") };

/** False alarms, and the power that `smallest` is about. */
const [ALPHA, POWER] = [0.05, 0.8];

/** Relative to the first arm. */
export interface Gain {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly p: number;
  /** p after Holm, for all arms and metrics together. */
  readonly adjusted: number;
  /** The gain that is seen with a probability of 80 % with so many users, read once at the end. */
  readonly smallest: number;
}

export interface ArmEffects {
  readonly arm: string;
  readonly model: string;
  readonly users: number;
  readonly impressions: number;
  /** eCPM is of a thousand impressions. */
  readonly values: Readonly<Record<MetricName, number>>;
  readonly trueCtr: number;
  /** None of the first arm. */
  readonly gains?: Readonly<Record<MetricName, Gain>>;
  readonly trueCtrGain?: number;
}

/** The arms of a market, each but the first compared with the first. */
export function effectsOf(arms: readonly ArmTally[]): ArmEffects[] {
  const sums = arms.map(({ users }) =>
    sumsOf(
      users.map((user) => OF_USER.map((name) => user[name])),
      OF_USER.length,
    ),
  );
  const [control] = sums;
  const found = sums.slice(1).flatMap((own) => METRIC_NAMES.map((name) => gainOf(control, own, metricOf(name))));
  const adjusted = holm(found.map(({ p }) => p));
  const all = found.map((gain, i): Gain => ({ ...gain, adjusted: adjusted[i] }));
  return arms.map(({ arm, model, users, impressions }, place) => {
    const own = sums[place];
    const trueCtr = estimate(own, TRUE_CTR).value;
    const of = <T>(value: (name: MetricName, index: number) => T) =>
      Object.fromEntries(METRIC_NAMES.map((name, index) => [name, value(name, index)])) as Record<MetricName, T>;
    return {
      ...{ arm, model, users: users.length, impressions, trueCtr },
      values: of((name) => DESCRIBED[name].factor * estimate(own, metricOf(name)).value),
      ...(place > 0 && {
        gains: of((_, index) => all[(place - 1) * METRIC_NAMES.length + index]),
        trueCtrGain: trueCtr / estimate(control, TRUE_CTR).value - 1,
      }),
    };
  });
}

function gainOf(control: Sums, own: Sums, metric: Metric): Omit<Gain, "adjusted"> {
  const [before, after] = [estimate(control, metric), estimate(own, metric)];
  const { value, ...uncertain }: Effect = effect(before, after, "relative");
  const { low, high, p } = readOnce({ value, ...uncertain }, ALPHA);
  const users = control.n + own.n;
  const smallest = smallestLift(users, POWER, {
    noise: before.variance / before.value ** 2,
    shares: [control.n / users, own.n / users],
    ...{ alpha: ALPHA, horizon: "fixed" },
  });
  return { value, low, high, p, smallest };
}
