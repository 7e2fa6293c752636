/** Power curves: the probability that an experiment sees a lift, by its size; one panel per metric. */
import * as Plot from "@observablehq/plot";
import { colour } from "./colours.ts";
import { distinct, extent, figure, panel } from "./figure.ts";
import { lineMark } from "./legend.ts";
import { horizontalScale, seriesScale, verticalScale } from "./scales.ts";

/** A point of a curve; `series` is a duration. */
export interface PowerRow {
  readonly metric: string;
  readonly series: string;
  readonly horizon: "fixed" | "sequential";
  /** Relative: 0.05 is 5 % more. */
  readonly lift: number;
  readonly power: number;
}

const DASH = "5,3";

/** Sequential readings are dashed; the aim is where the two lines cross. */
export function powerPlot(rows: readonly PowerRow[], aim: { lift: number; power: number }): string {
  const series = distinct(rows.map((row) => row.series));
  const panels = distinct(rows.map((row) => row.metric)).map((metric) => {
    const points = rows.filter((row) => row.metric === metric && Number.isFinite(row.lift));
    const look = {
      x: (row: PowerRow) => 100 * row.lift,
      y: "power",
      z: (row: PowerRow) => row.series,
      stroke: (row: PowerRow) => row.series,
      strokeWidth: 1.75,
    };
    const of = (horizon: PowerRow["horizon"]) => points.filter((row) => row.horizon === horizon);
    return panel(metric, {
      width: 380,
      height: 250,
      marginLeft: 44,
      marginRight: 16,
      marginTop: 24,
      marginBottom: 40,
      x: horizontalScale(
        "lift (%)",
        extent(
          points.map((row) => 100 * row.lift),
          0,
        ),
        6,
      ),
      y: verticalScale("power", [0, 1], 6),
      color: seriesScale(series),
      marks: [
        Plot.gridY({ ticks: 6 }),
        Plot.ruleY([aim.power], { strokeDasharray: "2,3", strokeOpacity: 0.6 }),
        Plot.ruleX([100 * aim.lift], { strokeDasharray: "2,3", strokeOpacity: 0.6 }),
        Plot.line(of("fixed"), look),
        Plot.line(of("sequential"), { ...look, strokeDasharray: DASH }),
      ],
    });
  });
  return figure(panels, 2, [
    ...series.map((label, index) => ({ label, mark: lineMark(colour(index)) })),
    { label: "fixed", mark: lineMark("currentColor") },
    { label: "sequential", mark: lineMark("currentColor", DASH) },
  ]);
}
