/** How much a number differs from run to run: what tables of several seeds report. */
import { quantileT } from "./student.ts";

/** NaN if there are too few values. */
export interface Spread {
  readonly count: number;
  readonly mean: number;
  /** Sample standard deviation, over count - 1. */
  readonly deviation: number;
  /** 95 % confidence interval of the mean, by Student's t: values are taken for normally distributed. */
  readonly low: number;
  readonly high: number;
}

/** Mean, deviation and confidence interval of the values. */
export function spreadOf(values: readonly number[]): Spread {
  const count = values.length;
  // About the first value, so that equal ones have their own value for mean, and no deviation, to the bit.
  const mean = values[0] + values.reduce((sum, value) => sum + (value - values[0]), 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = count > 1 ? Math.sqrt(squares / (count - 1)) : Number.NaN;
  const reach = (quantileT(0.975, count - 1) * deviation) / Math.sqrt(count);
  return { count, mean, deviation, low: mean - reach, high: mean + reach };
}
