/**
 * Negatives that were drawn: where a dataset has only a share of those that there were, every probability is too high. With
 * the rate w at which they were drawn, p becomes p / (p + (1 - p) / w): the odds are multiplied by w. He et al. 2014,
 * "Practical lessons from predicting clicks on ads at Facebook", section 6.3, https://doi.org/10.1145/2648584.2648589; for
 * any sampling by label King and Zeng 2001, "Logistic regression in rare events data", section 4.1,
 * https://doi.org/10.1093/oxfordjournals.pan.a004868.
 */
import type { LabelledScores } from "./samples.ts";

/** The rate that makes the share of clicks among samples, by weight, that of the traffic they were drawn from. */
export function rateOf({ label, weight }: Pick<LabelledScores, "label" | "weight">, baseRate: number): number {
  let [clicks, others] = [0, 0];
  for (let i = 0; i < label.length; i++) {
    const own = weight === undefined ? 1 : weight[i];
    if (label[i] > 0) clicks += own;
    else others += own;
  }
  return ((baseRate / (1 - baseRate)) * others) / clicks;
}

/** Weights of samples as of the traffic that they were drawn from: each negative stands for 1 / rate. */
export function trafficWeights(
  { label, weight }: Pick<LabelledScores, "label" | "weight">,
  rate: number,
): Float64Array {
  return Float64Array.from(label, (each, i) => (weight === undefined ? 1 : weight[i]) / (each > 0 ? 1 : rate));
}
