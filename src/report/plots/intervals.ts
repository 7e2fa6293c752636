/** Means with confidence intervals and the results of single seeds: one row per model, one panel per dataset. */
import * as Plot from "@observablehq/plot";
import { MAIN } from "./colours.ts";
import { distinct, extent, figure, panel } from "./figure.ts";
import { dotMark, lineMark } from "./legend.ts";
import { horizontalScale, rowMargin, rowScale } from "./scales.ts";

const ONE_SEED = { label: "one seed", mark: '<path d="M0,-6V6" stroke="currentColor" stroke-opacity="0.55"/>' };

/** Longer names are cut. */
const NAME_LENGTH = 28;

/**
 * One model on one dataset: its mean, the bounds of its confidence interval (NaN without one), the result of each seed.
 */
export interface IntervalRow {
  readonly group: string;
  readonly name: string;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly points: readonly number[];
}

/** Each panel has its own scale, since datasets differ more than models do. */
export function intervalPlot(rows: readonly IntervalRow[], labels: { x: string }): string {
  const marginLeft = rowMargin(
    rows.map((row) => row.name),
    NAME_LENGTH,
  );
  const panels = distinct(rows.map((row) => row.group)).map((group) => {
    const lines = rows.filter((row) => row.group === group);
    const names = distinct(lines.map((row) => row.name));
    const seeds = lines.flatMap((row) => row.points.map((x) => ({ x, name: row.name })));
    const values = lines.flatMap((row) => [row.mean, row.low, row.high, ...row.points]);
    return panel(group, {
      width: 520,
      height: names.length * 26 + 44,
      marginLeft,
      marginRight: 16,
      marginTop: 4,
      marginBottom: 40,
      x: horizontalScale(labels.x, extent(values)),
      y: rowScale(names, NAME_LENGTH),
      marks: [
        Plot.gridX({ ticks: 5 }),
        Plot.tickX(seeds, {
          x: "x",
          y: "name",
          strokeOpacity: 0.55,
          insetTop: 6,
          insetBottom: 6,
          title: (d) => `${d.x}`,
        }),
        Plot.ruleY(lines, { x1: "low", x2: "high", y: "name", stroke: MAIN, strokeWidth: 2.5 }),
        Plot.dot(lines, { x: "mean", y: "name", r: 5, fill: MAIN, title: describe }),
      ],
    });
  });
  return figure(panels, 1, [
    { label: "mean", mark: dotMark(MAIN, { radius: 5 }) },
    { label: "confidence interval", mark: lineMark(MAIN) },
    ...(rows.some(({ points }) => points.length > 0) ? [ONE_SEED] : []),
  ]);
}

function describe(row: IntervalRow): string {
  const interval = Number.isFinite(row.low) && Number.isFinite(row.high) ? ` [${row.low}, ${row.high}]` : "";
  return `${row.name}: ${row.mean}${interval}`;
}
