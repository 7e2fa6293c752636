/**
 * Learning curves, as in figure 2 of the DIEN paper: one panel per loss, one colour per series, dashes for validation.
 */
import * as Plot from "@observablehq/plot";
import { colour } from "./colours.ts";
import { distinct, extent, figure, panel } from "./figure.ts";
import { lineMark } from "./legend.ts";
import { horizontalScale, seriesScale, verticalScale } from "./scales.ts";

/** One point of one curve. */
export interface CurveRow {
  readonly facet: string;
  readonly series: string;
  readonly part: "training" | "validation";
  readonly x: number;
  readonly y: number;
}

const DASH = "5,3";

/** Each panel has its own vertical scale, since losses differ in size. */
export function curvesPlot(rows: readonly CurveRow[], labels: { x: string; y: string }): string {
  const series = distinct(rows.map((row) => row.series));
  const facets = distinct(rows.map((row) => row.facet));
  const x = extent(
    rows.map((row) => row.x),
    0,
  );
  const panels = facets.map((facet) => {
    const points = rows.filter((row) => row.facet === facet);
    const look = {
      x: "x",
      y: "y",
      z: (row: CurveRow) => `${row.part} ${row.series}`,
      stroke: (row: CurveRow) => row.series,
    };
    const part = (name: CurveRow["part"]) => points.filter((row) => row.part === name);
    return panel(facet, {
      width: facets.length === 1 ? 520 : 380,
      height: 280,
      marginLeft: 54,
      marginRight: 16,
      marginTop: 24,
      marginBottom: 40,
      x: horizontalScale(labels.x, x),
      y: verticalScale(labels.y, extent(points.map((row) => row.y)), 6),
      color: seriesScale(series),
      marks: [
        Plot.gridY({ ticks: 6 }),
        Plot.line(part("training"), { ...look, strokeWidth: 1.75 }),
        Plot.line(part("validation"), { ...look, strokeWidth: 1.75, strokeDasharray: DASH }),
      ],
    });
  });
  const parts = distinct(rows.map((row) => row.part));
  return figure(panels, 2, [
    ...series.map((label, index) => ({ label, mark: lineMark(colour(index)) })),
    ...parts.map((label) => ({ label, mark: lineMark("currentColor", label === "validation" ? DASH : "none") })),
  ]);
}
