/** Effects with intervals: over days as lines in bands, or one row a group. */
import * as Plot from "@observablehq/plot";
import { shorten } from "../text.ts";
import { colour } from "./colours.ts";
import { distinct, extent, figure, panel } from "./figure.ts";
import { dotMark, lineMark } from "./legend.ts";
import { horizontalScale, rowMargin, rowScale, seriesScale, verticalScale } from "./scales.ts";

/** An effect and its interval, whose bounds are NaN where there is none. */
interface EffectRow {
  readonly series: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** At a time in milliseconds since 1970. */
export interface EffectAt extends EffectRow {
  readonly time: number;
}

const isKnown = ({ value, low, high }: EffectRow) => [value, low, high].every(Number.isFinite);

/** One line a series, in the band of its intervals, around 0. Bands of the first days may be wide: the scale leaves them. */
export function effectTimeline(rows: readonly EffectAt[], labels: { y: string }): string {
  const shown = rows.filter(isKnown);
  if (shown.length === 0) return figure([], 1, []);
  const series = distinct(shown.map((row) => row.series));
  const late = shown.filter(({ time }) => time >= middle(shown.map((row) => row.time)));
  const bounds = extent([0, ...shown.map((row) => row.value), ...late.flatMap(({ low, high }) => [low, high])]);
  const when = (row: EffectAt) => new Date(row.time);
  const of = (row: EffectAt) => row.series;
  const times = extent(
    shown.map((row) => row.time),
    0,
  );
  const drawing = panel("", {
    width: 760,
    height: 280,
    marginLeft: 60,
    marginRight: 16,
    marginTop: 24,
    marginBottom: 30,
    x: { type: "utc", domain: times.map((time) => new Date(time)), label: null, ticks: 8 },
    y: { ...verticalScale(labels.y, bounds), clamp: true, tickFormat: "+.0%" },
    color: seriesScale(series),
    marks: [
      Plot.gridY({ ticks: 5 }),
      Plot.areaY(shown, { x: when, y1: "low", y2: "high", z: "series", fill: of, fillOpacity: 0.15 }),
      Plot.ruleY([0]),
      Plot.line(shown, { x: when, y: "value", z: "series", stroke: of, strokeWidth: 2 }),
      Plot.dot(shown, { x: when, y: "value", r: 3, fill: of, title: describe }),
    ],
  });
  return figure(
    [drawing],
    1,
    series.map((label, index) => ({ label, mark: lineMark(colour(index)) })),
  );
}

/** Of a group, such as a value of a field, which has a panel with others of its kind. */
export interface EffectOf extends EffectRow {
  readonly group: string;
  readonly name: string;
}

const NAME_LENGTH = 24;

/** One panel a group, one row a name, one interval a series; all panels have one scale. */
export function effectRows(rows: readonly EffectOf[], labels: { x: string }): string {
  const shown = rows.filter(isKnown);
  const series = distinct(shown.map((row) => row.series));
  const bounds = extent([0, ...shown.flatMap(({ value, low, high }) => [value, low, high])]);
  const marginLeft = rowMargin(
    shown.map((row) => row.name),
    NAME_LENGTH,
  );
  const panels = distinct(shown.map((row) => row.group)).map((group) => {
    const own = shown.filter((row) => row.group === group);
    const names = distinct(own.map((row) => row.name));
    // Intervals of one name lie below each other.
    const shift = (label: string) => (series.indexOf(label) - (series.length - 1) / 2) * 8;
    const marks = series.flatMap((label) => {
      const lines = own.filter((row) => row.series === label);
      const look = { y: "name", dy: shift(label) };
      return [
        Plot.ruleY(lines, { ...look, x1: "low", x2: "high", stroke: colour(series.indexOf(label)), strokeWidth: 2.5 }),
        Plot.dot(lines, { ...look, x: "value", r: 4.5, fill: colour(series.indexOf(label)), title: describe }),
      ];
    });
    return panel(shorten(group, 40), {
      width: 520,
      height: names.length * (18 + 8 * series.length) + 44,
      marginLeft,
      marginRight: 16,
      marginTop: 4,
      marginBottom: 40,
      x: { ...horizontalScale(labels.x, bounds), tickFormat: "+.0%" },
      y: rowScale(names, NAME_LENGTH),
      marks: [Plot.gridX({ ticks: 5 }), Plot.ruleX([0]), ...marks],
    });
  });
  return figure(
    panels,
    1,
    series.map((label, index) => ({ label, mark: dotMark(colour(index)) })),
  );
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

function describe(row: EffectRow): string {
  return `${row.series}: ${row.value} [${row.low}, ${row.high}]`;
}
