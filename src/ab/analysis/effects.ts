/** Lifts of arms over control with their intervals, from sums alone. */
import { type Effect, effect, readAnyTime, readOnce } from "../../statistics/effect.ts";
import { adjusted, type Estimate, estimate } from "../../statistics/estimate.ts";
import { holm } from "../../statistics/holm.ts";
import { quantileT } from "../../statistics/student.ts";
import type { Sums } from "../../statistics/sums.ts";
import { type AbMetric, beforeOf, DESCRIBED, METRICS, metricOf } from "./metrics.ts";
import type { ArmResult, EffectResult, Interval, ReadingKind } from "./result.ts";
import { type GroupSums, QUANTITIES } from "./sums.ts";

/** How lifts are read. */
export interface ReadingOptions {
  readonly metric: AbMetric;
  readonly reading: ReadingKind;
  readonly alpha: number;
  readonly tuning: number;
}

/** Sums of all arms, control first. */
export interface ArmSums {
  readonly arm: string;
  readonly sums: Sums;
}

/** Sums of each arm, zeros where it has no users. */
export function byArm(arms: readonly string[], found: readonly GroupSums[], quantities: number): ArmSums[] {
  const zeros = (length: number) => new Array<number>(length).fill(0);
  return arms.map((arm) => {
    const sums = found.find(({ group }) => group[0] === arm)?.sums;
    const none = { n: 0, sum: zeros(quantities), products: zeros((quantities * (quantities + 1)) / 2) };
    return { arm, sums: sums ?? none };
  });
}

export function armResult({ arm, sums }: ArmSums): ArmResult {
  const [impressions, clicks, revenue] = sums.sum;
  const values = METRICS.map((metric) => [metric, estimate(sums, metricOf(metric)).value * DESCRIBED[metric].factor]);
  return { arm, users: sums.n, impressions, clicks, revenue, metrics: Object.fromEntries(values) };
}

/** The lifts of all metrics, those of the verdict's metric first. */
export function effectsOf(arms: readonly ArmSums[], options: ReadingOptions): EffectResult[] {
  const others = METRICS.filter((metric) => metric !== options.metric);
  const families = [[options.metric], others].map((metrics) => {
    const effects = metrics.flatMap((metric) => liftsOf(arms, metric, options));
    const ps = holm(effects.map(({ p }) => p));
    return effects.map((one, index) => ({ ...one, adjustedP: ps[index] }));
  });
  return families.flat();
}

function liftsOf(
  arms: readonly ArmSums[],
  metric: AbMetric,
  options: ReadingOptions,
): Omit<EffectResult, "adjustedP">[] {
  const { estimates, theta } = estimatesOf(arms, metric);
  const [control, ...treatments] = estimates;
  return treatments.map((treatment, index) => {
    const found = effect(control, treatment, "relative");
    const fixed = readOnce(found, options.alpha);
    const sequential = readAnyTime(found, options.tuning, options.alpha);
    const chosen = options.reading === "fixed" ? fixed : sequential;
    const smallest = chosen.high - found.value + quantileT(0.8, Number.POSITIVE_INFINITY) * found.error;
    return { arm: arms[index + 1].arm, metric, lift: found.value, ...chosen, fixed, sequential, smallest, theta };
  });
}

/** With CUPED where sums have the time before. */
function estimatesOf(
  arms: readonly ArmSums[],
  metric: AbMetric,
): { readonly estimates: readonly Estimate[]; readonly theta: number } {
  const sums = arms.map((one) => one.sums);
  const hasBefore = sums[0].sum.length > QUANTITIES.length;
  if (!hasBefore) return { estimates: sums.map((one) => estimate(one, metricOf(metric))), theta: 0 };
  const { arms: estimates, theta } = adjusted(sums, metricOf(metric), beforeOf(metric));
  return { estimates, theta };
}

/** The lift of each arm in one metric, as it is read, with its standard error. */
export function readLifts(
  arms: readonly ArmSums[],
  { metric, reading, alpha, tuning }: ReadingOptions,
): (Effect & Interval & { readonly arm: string })[] {
  const [control, ...treatments] = estimatesOf(arms, metric).estimates;
  return treatments.map((treatment, index) => {
    const found = effect(control, treatment, "relative");
    const read = reading === "fixed" ? readOnce(found, alpha) : readAnyTime(found, tuning, alpha);
    return { arm: arms[index + 1].arm, ...found, ...read };
  });
}
