/** Results as the reports print them. */

import { metric, pValue, signed } from "../format.ts";
import type { Difference } from "../statistics/compare.ts";
import type { Spread } from "../statistics/spread.ts";

/** 0.8031 ± 0.0012: mean and standard deviation; the mean alone where there is one value. */
export function meanAndDeviation({ mean, deviation }: Pick<Spread, "mean" | "deviation">): string {
  return Number.isNaN(deviation) ? metric(mean) : `${metric(mean)} ± ${metric(deviation)}`;
}

/** "p < 0.0001", "p = 0.0120". */
export function pStatement(p: number): string {
  const text = pValue(p);
  return text.startsWith("<") ? `p ${text}` : `p = ${text}`;
}

/** Difference and p-value in one cell. */
export function differenceCell({ difference, p }: Difference): string {
  return `${signed(difference)} (${pStatement(p)})`;
}
