/** The scales that figures have in common: a labelled horizontal axis, rows with names on the left, colours of series. */
import type * as Plot from "@observablehq/plot";
import { shorten, textWidth } from "../text.ts";
import { colour } from "./colours.ts";

/** A numeric scale with its label centred below the axis. */
export function horizontalScale(label: string, domain: readonly [number, number], ticks = 5) {
  return { type: "linear", domain, label, labelAnchor: "center", labelArrow: "none", ticks } as const;
}

/** A numeric scale with its label above the axis. */
export function verticalScale(label: string, domain: readonly [number, number], ticks = 5) {
  return { type: "linear", domain, label, labelArrow: "none", ticks } as const;
}

/** One row per name, in the order given. */
export function rowScale(names: readonly string[], length: number): Plot.ScaleOptions {
  return { type: "band", domain: names, label: null, tickSize: 0, tickFormat: (name: string) => shorten(name, length) };
}

/** The left margin that names take which are cut to `length` characters. */
export function rowMargin(names: readonly string[], length: number): number {
  return Math.max(40, ...names.map((name) => textWidth(shorten(name, length), 12) + 14));
}

/** The colour of each series, in their order. */
export function seriesScale(series: readonly string[]): Plot.ScaleOptions {
  return { type: "ordinal", domain: series, range: series.map((_, index) => colour(index)) };
}
