/** Rates of named values in several series: one panel per group, one row per value, one dot per series. */
import * as Plot from "@observablehq/plot";
import { shorten } from "../text.ts";
import { colour } from "./colours.ts";
import { distinct, extent, figure, panel } from "./figure.ts";
import { dotMark } from "./legend.ts";
import { horizontalScale, rowMargin, rowScale, seriesScale } from "./scales.ts";

/** Longer names are cut. */
const NAME_LENGTH = 18;

export interface RateRow {
  readonly group: string;
  readonly name: string;
  readonly series: string;
  /** NaN where there is none. */
  readonly rate: number;
  /** How many samples the rate is of. */
  readonly count: number;
}

/** All panels share one scale, so that groups can be compared. */
export function ratesPlot(rows: readonly RateRow[], labels: { x: string }): string {
  const series = distinct(rows.map((row) => row.series));
  const domain = extent(rows.map((row) => row.rate));
  const marginLeft = rowMargin(
    rows.map((row) => row.name),
    NAME_LENGTH,
  );
  const panels = distinct(rows.map((row) => row.group)).map((group) => {
    const own = rows.filter((row) => row.group === group);
    const names = distinct(own.map((row) => row.name));
    return panel(shorten(group, 30), {
      width: 340,
      height: names.length * 22 + 44,
      marginLeft,
      marginRight: 16,
      marginTop: 4,
      marginBottom: 40,
      x: horizontalScale(labels.x, domain),
      y: rowScale(names, NAME_LENGTH),
      color: seriesScale(series),
      marks: [
        Plot.gridX({ ticks: 5 }),
        Plot.dot(
          own.filter((row) => Number.isFinite(row.rate)),
          { x: "rate", y: "name", r: 4.5, fill: (row: RateRow) => row.series, fillOpacity: 0.8, title: describe },
        ),
      ],
    });
  });
  return figure(
    panels,
    3,
    series.map((label, index) => ({ label, mark: dotMark(colour(index)) })),
  );
}

function describe(row: RateRow): string {
  return `${row.name}, ${row.series}: ${row.rate} of ${row.count}`;
}
