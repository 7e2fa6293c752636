/** Histograms of whole numbers: one panel per group, bars of equal width, the long tail in one last bar. */
import * as Plot from "@observablehq/plot";
import { MAIN } from "./colours.ts";
import { distinct, extent, figure, panel } from "./figure.ts";
import { horizontalScale, verticalScale } from "./scales.ts";

/** A bin from `from` to `to`, both included; where `to` is null, without an upper bound. */
export interface HistogramRow {
  readonly group: string;
  readonly from: number;
  readonly to: number | null;
  readonly count: number;
}

/** Each panel has its own scales, since groups differ in size and range. */
export function histogramPlot(rows: readonly HistogramRow[], labels: { x: string; y: string }): string {
  const panels = distinct(rows.map((row) => row.group)).map((group) => {
    const bars = rows.filter((row) => row.group === group && Number.isFinite(row.count));
    const width = widthOf(bars);
    const [, right] = extent(
      bars.map(({ from }) => from + width),
      0,
    );
    const [, largestCount] = extent(
      bars.map((row) => row.count),
      0,
    );
    return panel(group, {
      width: 380,
      height: 220,
      marginLeft: 60,
      marginRight: 16,
      marginTop: 24,
      marginBottom: 40,
      x: {
        ...horizontalScale(labels.x, [0, right], 6),
        tickFormat: (value: number) => (Number.isInteger(value) ? String(value) : ""),
      },
      y: verticalScale(labels.y, [0, largestCount > 0 ? largestCount : 1]),
      marks: [
        Plot.gridY({ ticks: 5 }),
        Plot.rect(bars, {
          x1: "from",
          x2: (row: HistogramRow) => row.from + width,
          y1: 0,
          y2: "count",
          inset: 0.5,
          fill: MAIN,
          fillOpacity: (row: HistogramRow) => (row.to === null ? 0.5 : 1),
          title: describe,
        }),
        Plot.ruleY([0]),
      ],
    });
  });
  return figure(panels, 2, []);
}

function widthOf(bars: readonly HistogramRow[]): number {
  const closed = bars.find(({ to }) => to !== null);
  return closed === undefined ? 1 : closed.to! - closed.from + 1;
}

function describe({ from, to, count }: HistogramRow): string {
  const range = to === null ? `${from} and more` : to === from ? `${from}` : `${from} to ${to}`;
  return `${range}: ${count}`;
}
