/**
 * Hidden states projected to two dimensions and joined in order, as on the left of figure 3 of the DIEN paper: one
 * colour per candidate, dots that grow with time, a hollow square at the start and a ring at the end.
 */
import * as Plot from "@observablehq/plot";
import { colour } from "./colours.ts";
import { distinct, extent, figure, panel } from "./figure.ts";
import { lineMark } from "./legend.ts";
import { seriesScale } from "./scales.ts";

/** The state after one behaviour, which `label` names. */
export interface TrajectoryRow {
  readonly series: string;
  readonly step: number;
  readonly x: number;
  readonly y: number;
  readonly label: string;
}

const [WIDTH, HEIGHT] = [520, 420];
const MARGIN = 20;

/** Both axes have the same scale, so that distances can be compared; the origin has no meaning. */
export function trajectoryPlot(rows: readonly TrajectoryRow[]): string {
  const shown = rows.filter((row) => Number.isFinite(row.x) && Number.isFinite(row.y));
  const series = distinct(shown.map((row) => row.series));
  const paths = series.map((name) => shown.filter((row) => row.series === name).sort((a, b) => a.step - b.step));
  const [firstStep, lastStep] = extent(
    shown.map((row) => row.step),
    0,
  );
  const radius = (row: TrajectoryRow) => 1.5 + (3 * (row.step - firstStep)) / (lastStep - firstStep);
  const look = { x: "x", y: "y", stroke: (row: TrajectoryRow) => row.series };
  const drawing = panel("", {
    width: WIDTH,
    height: HEIGHT,
    margin: MARGIN,
    ...squareScales(shown),
    r: { type: "identity" },
    color: seriesScale(series),
    marks: [
      Plot.frame({ strokeOpacity: 0.25 }),
      Plot.line(paths.flat(), { ...look, z: "series", strokeWidth: 1.25, strokeOpacity: 0.6 }),
      Plot.dot(paths.flat(), { x: "x", y: "y", r: radius, fill: (row) => row.series, title: describe }),
      Plot.dot(
        paths.map((path) => path[0]),
        { ...look, symbol: "square", r: 5.5, strokeWidth: 1.75 },
      ),
      Plot.dot(
        paths.map((path) => path[path.length - 1]),
        { ...look, r: 8, strokeWidth: 1.75 },
      ),
    ],
  });
  return figure(shown.length === 0 ? [] : [drawing], 1, [
    ...series.map((label, index) => ({ label, mark: lineMark(colour(index)) })),
    { label: "start", mark: '<rect x="-5" y="-5" width="10" height="10" fill="none" stroke="currentColor"/>' },
    { label: "end", mark: '<circle r="6" fill="none" stroke="currentColor"/><circle r="3.5"/>' },
    { label: "larger is later", mark: '<circle cx="-8" r="1.5"/><circle cx="-1" r="2.5"/><circle cx="8" r="3.5"/>' },
  ]);
}

/** Scales with the same number of pixels per unit, centred on the points. */
function squareScales(rows: readonly TrajectoryRow[]): Pick<Plot.PlotOptions, "x" | "y"> {
  const [left, right] = extent(rows.map((row) => row.x));
  const [bottom, top] = extent(rows.map((row) => row.y));
  const unit = Math.max((right - left) / (WIDTH - 2 * MARGIN), (top - bottom) / (HEIGHT - 2 * MARGIN));
  const around = (low: number, high: number, pixels: number) => [
    (low + high - unit * pixels) / 2,
    (low + high + unit * pixels) / 2,
  ];
  return {
    x: { type: "linear", domain: around(left, right, WIDTH - 2 * MARGIN), axis: null },
    y: { type: "linear", domain: around(bottom, top, HEIGHT - 2 * MARGIN), axis: null },
  };
}

function describe(row: TrajectoryRow): string {
  return `${row.series}, ${row.step}: ${row.label}`;
}
