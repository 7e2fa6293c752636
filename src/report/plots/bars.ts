/** Named values as horizontal bars, grouped where there are several series, optionally with reference lines. */
import * as Plot from "@observablehq/plot";
import { colour } from "./colours.ts";
import { distinct, extent, figure, panel } from "./figure.ts";
import { horizontalScale, rowMargin, rowScale, seriesScale } from "./scales.ts";

/** Longer names are cut. */
const NAME_LENGTH = 28;

export interface BarRow {
  readonly name: string;
  readonly series: string;
  /** Non-negative; NaN where there is none. */
  readonly value: number;
}

/** `references` are drawn as lines across all bars. With a single series there is no legend. */
export function barsPlot(rows: readonly BarRow[], labels: { x: string }, references: readonly number[] = []): string {
  if (rows.length === 0) return figure([], 1, []);
  const names = distinct(rows.map((row) => row.name));
  const series = distinct(rows.map((row) => row.series));
  const [, largest] = extent([0, ...references, ...rows.map((row) => row.value)], 0.03);
  const band = series.length > 1 ? 9 * series.length + 6 : 18;
  const drawing = panel("", {
    width: 560,
    height: names.length * band + 44,
    marginLeft: rowMargin(names, NAME_LENGTH),
    marginRight: 16,
    marginTop: 4,
    marginBottom: 40,
    x: horizontalScale(labels.x, [0, largest], 6),
    y: rowScale(names, NAME_LENGTH),
    color: seriesScale(series),
    marks: [
      Plot.gridX({ ticks: 6 }),
      ...series.map((own, index) =>
        Plot.barX(
          rows.filter((row) => row.series === own && Number.isFinite(row.value)),
          {
            x: "value",
            y: "name",
            insetTop: 2 + 9 * index,
            insetBottom: 2 + 9 * (series.length - 1 - index),
            fill: (row: BarRow) => row.series,
            title: (row: BarRow) => `${row.name}, ${row.series}: ${row.value}`,
          },
        ),
      ),
      Plot.ruleX(references, { strokeDasharray: "4,3", strokeOpacity: 0.7 }),
      Plot.ruleX([0]),
    ],
  });
  const square = (index: number) => `<rect x="-6" y="-5" width="12" height="10" fill="${colour(index)}"/>`;
  const entries = series.length > 1 ? series.map((label, index) => ({ label, mark: square(index) })) : [];
  return figure([drawing], 1, entries);
}
