/**
 * What an experiment can see, before it runs: power, users and the smallest lift, for a fixed reading at its end and for
 * always-valid ones. A lift is relative to control, its standard error the delta method's, where a user varies as much in
 * treatment as in control: e^2 = noise (1 / n_treatment + (1 + lift)^2 / n_control).
 *
 * Power is P(|Z + lift / e| > c), Z normal: exact for means and ratios of many users. c is the normal quantile, or the
 * bound of the confidence sequence tuned to the planned users. Of sequential readings this is the power of the last one
 * alone: whoever looks before that has a little more.
 */
import { sequentialBound } from "./sequential.ts";
import { quantileT, twoSidedP } from "./student.ts";

/** How an experiment is read: once at its end, or as often as one likes. */
export type Horizon = "fixed" | "sequential";

export interface Design {
  /** The variance of a user (`Estimate`) over the square of the metric. */
  readonly noise: number;
  /** Parts of all users in control and in treatment. */
  readonly shares: readonly [control: number, treatment: number];
  /** False alarms that are allowed for this comparison. */
  readonly alpha: number;
  readonly horizon: Horizon;
}

/** The probability that `lift` is seen with so many users in all. */
export function power(lift: number, users: number, design: Design): number {
  return powerOf(design)(lift, users);
}

/** The same of many lifts and users. */
function powerOf({ noise, shares, alpha, horizon }: Design): (lift: number, users: number) => number {
  const [control, treatment] = shares;
  const bound = horizon === "fixed" ? quantileT(1 - alpha / 2, Number.POSITIVE_INFINITY) : sequentialBound(1, 1, alpha);
  return (lift, users) => {
    const error = Math.sqrt((noise / users) * (1 / treatment + (1 + lift) ** 2 / control));
    return upperTail(bound - lift / error) + upperTail(bound + lift / error);
  };
}

/** P(Z > z). */
function upperTail(z: number): number {
  const half = twoSidedP(z, Number.POSITIVE_INFINITY) / 2;
  return z > 0 ? half : 1 - half;
}

/** The fewest users in all with which `lift` is seen with probability `target`; Infinity where none are enough. */
export function usersNeeded(lift: number, target: number, design: Design): number {
  const powerWith = powerOf(design);
  return Math.ceil(leastWhere((users) => powerWith(lift, users) >= target));
}

/** The smallest positive lift that so many users show with probability `target`; Infinity where they show none. */
export function smallestLift(users: number, target: number, design: Design): number {
  const powerWith = powerOf(design);
  return leastWhere((lift) => powerWith(lift, users) >= target);
}

/** The most that is looked at: beyond this, nothing is ever enough. */
const MOST = 2 ** 60;

/** The least positive number for which `holds`, where it holds for all above; Infinity where it holds for none. */
function leastWhere(holds: (value: number) => boolean): number {
  let high = 1;
  while (!holds(high)) {
    if (high >= MOST) return Number.POSITIVE_INFINITY;
    high *= 2;
  }
  let low = 0;
  // Where anything is enough, this comes down to the smallest number there is.
  while (high - low > 1e-9 * high) {
    const middle = (low + high) / 2;
    if (middle <= low) break;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
