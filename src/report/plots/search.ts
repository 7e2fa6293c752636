/** A hyper-parameter search: the score of every trial against each parameter. */
import * as Plot from "@observablehq/plot";
import { shorten } from "../text.ts";
import { ACCENT, MAIN } from "./colours.ts";
import { distinct, extent, figure, panel } from "./figure.ts";
import { dotMark } from "./legend.ts";
import { verticalScale } from "./scales.ts";

/** The value of one parameter in one trial, and the trial's score; `log` is the same for all rows of a parameter. */
export interface SearchRow {
  readonly parameter: string;
  readonly value: number;
  readonly log: boolean;
  readonly score: number;
  /** Stopped before its last epoch. */
  readonly stopped: boolean;
}

/**
 * One panel per parameter, all with the same vertical scale. The best trial is the finished one with the highest score.
 */
export function searchPlot(rows: readonly SearchRow[], labels: { y: string }): string {
  const shown = rows.filter((row) => Number.isFinite(row.score) && Number.isFinite(row.value));
  const scores = extent(shown.map((row) => row.score));
  const panels = distinct(shown.map((row) => row.parameter)).map((parameter) => {
    const trials = shown.filter((row) => row.parameter === parameter);
    const finished = trials.filter((row) => !row.stopped);
    const best = finished.reduce<SearchRow[]>((top, row) => (top[0]?.score >= row.score ? top : [row]), []);
    const { scale, positionOf } = scaleOf(trials);
    const position = { x: (row: SearchRow) => positionOf(row.value), y: "score", title: describe };
    return panel("", {
      width: 270,
      height: 220,
      marginLeft: 54,
      marginRight: 16,
      marginTop: 24,
      marginBottom: 40,
      x: { ...scale, label: shorten(parameter, 30), labelAnchor: "center", labelArrow: "none" },
      y: verticalScale(labels.y, scores),
      marks: [
        Plot.gridY({ ticks: 5 }),
        Plot.dot(
          trials.filter((row) => row.stopped),
          { ...position, r: 3.5, stroke: MAIN },
        ),
        Plot.dot(finished, { ...position, r: 3.5, fill: MAIN, fillOpacity: 0.8 }),
        Plot.dot(best, { ...position, r: 7, stroke: ACCENT, strokeWidth: 2 }),
      ],
    });
  });
  return figure(panels, 3, [
    { label: "trial", mark: dotMark(MAIN) },
    { label: "stopped early", mark: dotMark(MAIN, { hollow: true }) },
    { label: "best", mark: dotMark(MAIN) + dotMark(ACCENT, { hollow: true, radius: 7 }) },
  ]);
}

/** A scale, and the position of a value on it. */
interface ParameterScale {
  readonly scale: Plot.ScaleOptions;
  readonly positionOf: (value: number) => number;
}

/** How far 0 lies left of the positive values, as a fraction of their range. */
const ZERO_GAP = 0.15;

/**
 * A logarithmic scale where asked for and possible, with a margin at the ends. 0 has no logarithm: it gets a position
 * of its own, left of all others. The scale is linear in the exponent, since Plot's logarithmic scale omits labels of
 * ticks.
 */
function scaleOf(trials: readonly SearchRow[]): ParameterScale {
  const values = trials.map((row) => row.value);
  const positive = values.filter((value) => value > 0);
  if (!trials[0].log || positive.length === 0 || values.some((value) => value < 0)) {
    return { scale: { type: "linear", domain: extent(values), ticks: 4 }, positionOf: (value) => value };
  }
  const [low, high] = extent(positive.map(Math.log10));
  const gap = positive.length < values.length ? ZERO_GAP * (high - low) : 0;
  const positionOf = (value: number) => (value === 0 ? low - gap : Math.log10(value));
  const ticks = new Map(logTicks(10 ** low, 10 ** high).map((value) => [positionOf(value), `${value}`]));
  if (gap > 0) ticks.set(positionOf(0), "0");
  return {
    scale: {
      type: "linear",
      domain: [low - 1.5 * gap, high],
      ticks: [...ticks.keys()],
      tickFormat: (position: number) => ticks.get(position),
    },
    positionOf,
  };
}

/** Powers of ten; where fewer than two are in range, their multiples by 2 and 5 as well. */
function logTicks(low: number, high: number): number[] {
  const powers = Array.from({ length: 40 }, (_, index) => index - 20);
  const within = (factors: number[]) =>
    powers
      .flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)))
      .filter((value) => value >= low && value <= high);
  const tens = within([1]);
  return tens.length > 1 ? tens : within([1, 2, 5]);
}

function describe(row: SearchRow): string {
  return `${row.parameter} ${row.value}: ${row.score}${row.stopped ? ", stopped early" : ""}`;
}
