/** What each arm of a market changes against the first one, in the metrics of table 5, and how certain that is. */
import { type Effect, effect, readOnce } from "../statistics/effect.ts";
import { estimate, type Metric } from "../statistics/estimate.ts";
import { holm } from "../statistics/holm.ts";
import { smallestLift } from "../statistics/power.ts";
import { type Sums, sumsOf } from "../statistics/sums.ts";
import type { ArmTally } from "./tally.ts";

/** Quantities of a user. */
const [IMPRESSIONS, CLICKS, REVENUE, EXPECTED] = [0, 1, 2, 3];

/** Ratios of sums over users. */
export const METRICS = {
  /** Clicks per impression. */
  ctr: { of: CLICKS, per: IMPRESSIONS },
  /** What a click costs, on average. */
  ppc: { of: REVENUE, per: CLICKS },
  /** Revenue per impression; of a thousand, as the paper has it, it is a thousand times that. */
  ecpm: { of: REVENUE, per: IMPRESSIONS },
} as const satisfies Readonly<Record<string, Metric>>;
export type MetricName = keyof typeof METRICS;
export const METRIC_NAMES = Object.keys(METRICS) as MetricName[];

/** True click probability per impression: CTR without the luck of single clicks, which only a simulation knows. */
const TRUE_CTR: Metric = { of: EXPECTED, per: IMPRESSIONS };

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
  /** Values of the metrics. */
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
      users.map(({ impressions, clicks, revenue, expected }) => [impressions, clicks, revenue, expected]),
      4,
    ),
  );
  const [control] = sums;
  const found = sums.slice(1).flatMap((own) => METRIC_NAMES.map((name) => gainOf(control, own, METRICS[name])));
  const adjusted = holm(found.map(({ p }) => p));
  const all = found.map((gain, i): Gain => ({ ...gain, adjusted: adjusted[i] }));
  return arms.map(({ arm, model, users, impressions }, place) => {
    const own = sums[place];
    const trueCtr = estimate(own, TRUE_CTR).value;
    const of = <T>(value: (name: MetricName, index: number) => T) =>
      Object.fromEntries(METRIC_NAMES.map((name, index) => [name, value(name, index)])) as Record<MetricName, T>;
    return {
      ...{ arm, model, users: users.length, impressions, trueCtr },
      values: of((name) => estimate(own, METRICS[name]).value),
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
