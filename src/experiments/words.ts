/** Numbers as the reports print them. */
import type { Difference } from "../evaluate/compare.ts";
import type { Spread } from "../evaluate/spread.ts";

/** 0.8031 ± 0.0012: mean and standard deviation; the mean alone where there is one value. */
export function meanAndDeviation({ mean, deviation }: Pick<Spread, "mean" | "deviation">): string {
  return Number.isNaN(deviation) ? figure(mean) : `${figure(mean)} ± ${figure(deviation)}`;
}

/** Four decimals; "n/a" where a figure is not defined. */
export function figure(value: number): string {
  return Number.isFinite(value) ? value.toFixed(4) : "n/a";
}

/** A difference with its sign: +0.0081, -0.0002. */
export function signed(value: number): string {
  return value < 0 ? figure(value) : `+${figure(value)}`;
}

/** A fraction as percent with its sign: +5.4 %. */
export function percent(fraction: number): string {
  if (!Number.isFinite(fraction)) return "n/a";
  return `${fraction < 0 ? "" : "+"}${(100 * fraction).toFixed(1)} %`;
}

/** A p-value with two digits that count, "< 0.0001" below that. */
export function pValue(p: number): string {
  if (!Number.isFinite(p)) return "n/a";
  return p < 1e-4 ? "< 0.0001" : p < 0.1 ? p.toPrecision(2) : p.toFixed(2);
}

/** "p < 0.0001", "p = 0.012". */
export function pStatement(p: number): string {
  const text = pValue(p);
  return text.startsWith("<") ? `p ${text}` : `p = ${text}`;
}

/** Difference and p-value in one cell. */
export function differenceCell({ difference, p }: Difference): string {
  return `${signed(difference)} (${pStatement(p)})`;
}
