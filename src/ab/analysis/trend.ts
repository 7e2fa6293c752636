/** Whether an effect grows or fades while an experiment runs: what is new is clicked because it is new. */
import { twoSidedP } from "../../statistics/student.ts";

export interface DayEffect {
  /** Any number of days since any day. */
  readonly day: number;
  readonly lift: number;
  readonly error: number;
}

export interface Trend {
  /** Change of the lift a day. */
  readonly slope: number;
  /** P-value of none. */
  readonly p: number;
  /** On the line through the days' lifts, on the first day and on the last. */
  readonly first: number;
  readonly last: number;
}

/** With fewer days there is no trend to speak of. */
const LEAST_DAYS = 5;

/**
 * The line through the days' effects, each weighted by its precision (https://en.wikipedia.org/wiki/Weighted_least_squares
 * with known variances). The effects of two days share users, which makes neighbours alike and the slope, a difference,
 * less uncertain than it is said to be here: alarms are rarer than their level.
 */
export function trendOf(days: readonly DayEffect[]): Trend | undefined {
  const known = days.filter(({ lift, error }) => Number.isFinite(lift) && error > 0 && Number.isFinite(error));
  if (known.length < LEAST_DAYS) return undefined;
  const weights = known.map(({ error }) => 1 / error ** 2);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = (value: (day: DayEffect) => number) =>
    known.reduce((sum, day, index) => sum + weights[index] * value(day), 0) / total;
  const day = mean((one) => one.day);
  const lift = mean((one) => one.lift);
  const spread = mean((one) => (one.day - day) ** 2);
  const slope = mean((one) => (one.day - day) * (one.lift - lift)) / spread;
  const at = (when: number) => lift + slope * (when - day);
  return {
    slope,
    p: twoSidedP(slope * Math.sqrt(total * spread), Number.POSITIVE_INFINITY),
    first: at(known[0].day),
    last: at(known[known.length - 1].day),
  };
}
