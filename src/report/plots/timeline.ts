/** Samples and their click rate over time: two panels with the same time axis, one colour per series. */
import * as Plot from "@observablehq/plot";
import { utcMinute } from "../text.ts";
import { colour } from "./colours.ts";
import { distinct, extent, figure, panel } from "./figure.ts";
import { dotMark } from "./legend.ts";
import { seriesScale, verticalScale } from "./scales.ts";

/** A stretch of time that starts at `start`, in milliseconds since 1970; `rate` is NaN where it has no samples. */
export interface TimelineRow {
  readonly series: string;
  readonly start: number;
  readonly count: number;
  readonly rate: number;
}

/**
 * Bars of several series are stacked. The scale of the rates covers the larger stretches; a rate of a few samples that
 * lies outside is drawn at the end of the scale.
 * @param length length of a stretch, in milliseconds
 */
export function timelinePlot(
  rows: readonly TimelineRow[],
  length: number,
  labels: { count: string; rate: string },
): string {
  const series = distinct(rows.map((row) => row.series));
  const shown = rows.filter((row) => row.count > 0 && Number.isFinite(row.count));
  if (shown.length === 0) return figure([], 1, []);
  const [first, last] = extent(
    shown.map((row) => row.start),
    0,
  );
  const totals = new Map<number, number>();
  for (const { start, count } of shown) totals.set(start, (totals.get(start) ?? 0) + count);
  const [, most] = extent([...totals.values()], 0);
  const shared = {
    width: 760,
    height: 230,
    marginLeft: 60,
    marginRight: 16,
    marginTop: 24,
    marginBottom: 30,
    x: { type: "utc", domain: [new Date(first), new Date(last + length)], label: null, ticks: 8 },
    color: seriesScale(series),
  } as const;
  const begin = (row: TimelineRow) => new Date(row.start);
  const title = (row: TimelineRow) => `${row.series}, ${utcMinute(row.start)}: ${row.count} samples, rate ${row.rate}`;
  return figure(
    [
      panel("", {
        ...shared,
        y: verticalScale(labels.count, [0, most]),
        marks: [
          Plot.gridY({ ticks: 5 }),
          Plot.rect(
            shown,
            Plot.stackY({
              x1: begin,
              x2: (row: TimelineRow) => new Date(row.start + length),
              y: "count",
              z: "series",
              fill: (row: TimelineRow) => row.series,
              insetLeft: 0.25,
              insetRight: 0.25,
              title,
            }),
          ),
          Plot.ruleY([0]),
        ],
      }),
      panel("", {
        ...shared,
        y: {
          ...verticalScale(labels.rate, extent(shown.filter((row) => row.count >= most / 50).map((row) => row.rate))),
          clamp: true,
        },
        r: { type: "sqrt", domain: [0, Math.max(1, ...shown.map((row) => row.count))], range: [0, 5] },
        marks: [
          Plot.gridY({ ticks: 5 }),
          Plot.dot(shown, {
            x: (row: TimelineRow) => new Date(row.start + length / 2),
            y: "rate",
            r: "count",
            fill: (row: TimelineRow) => row.series,
            fillOpacity: 0.75,
            title,
          }),
        ],
      }),
    ],
    1,
    series.map((label, index) => ({ label, mark: dotMark(colour(index)) })),
  );
}
