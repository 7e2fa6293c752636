/** Predicted against observed click rates (a reliability diagram): on the diagonal a model is calibrated. */
import * as Plot from "@observablehq/plot";
import { colour } from "./colours.ts";
import { distinct, extent, figure, panel } from "./figure.ts";
import { dotMark, lineMark } from "./legend.ts";
import { horizontalScale, seriesScale } from "./scales.ts";

/** A bin of samples with similar predictions: mean prediction, observed click rate, number of samples. */
export interface CalibrationRow {
  readonly series: string;
  readonly predicted: number;
  readonly observed: number;
  readonly count: number;
}

/** Both axes go from 0 to the largest rate; the area of a dot is proportional to the number of its samples. */
export function calibrationPlot(rows: readonly CalibrationRow[]): string {
  const series = distinct(rows.map((row) => row.series));
  const [, top] = extent(
    rows.flatMap((row) => [row.predicted, row.observed]),
    0.03,
  );
  const domain = [0, top > 0 ? top : 1] as const;
  const [, largestCount] = extent(
    rows.map((row) => row.count),
    0,
  );
  const drawing = panel("", {
    width: 480,
    height: 470,
    marginLeft: 54,
    marginRight: 12,
    marginTop: 12,
    marginBottom: 44,
    x: horizontalScale("predicted click rate", domain, 6),
    y: horizontalScale("observed click rate", domain, 6),
    r: { type: "sqrt", domain: [0, Math.max(1, largestCount)], range: [0, 4] },
    color: seriesScale(series),
    marks: [
      Plot.gridX({ ticks: 6 }),
      Plot.gridY({ ticks: 6 }),
      Plot.line([0, domain[1]], { x: (rate) => rate, y: (rate) => rate, strokeOpacity: 0.5, strokeDasharray: "3,3" }),
      Plot.line(rows, { x: "predicted", y: "observed", z: "series", stroke: (row) => row.series, strokeWidth: 1.5 }),
      Plot.dot(rows, {
        x: "predicted",
        y: "observed",
        r: (row) => row.count,
        fill: (row) => row.series,
        fillOpacity: 0.75,
        title: describe,
      }),
    ],
  });
  return figure(rows.length === 0 ? [] : [drawing], 1, [
    ...series.map((label, index) => ({ label, mark: lineMark(colour(index)) + dotMark(colour(index)) })),
    { label: "perfectly calibrated", mark: '<path d="M-12,0H12" stroke="currentColor" stroke-dasharray="3,3"/>' },
  ]);
}

function describe(row: CalibrationRow): string {
  return `${row.series}: ${row.predicted} predicted, ${row.observed} observed, ${row.count} samples`;
}
