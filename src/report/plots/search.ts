/** A search for hyper-parameters: the score of every trial against each parameter. */
import * as Plot from "@observablehq/plot";
import { shorten } from "../text.ts";
import { ACCENT, MAIN } from "./colours.ts";
import { distinct, extent, figure, panel } from "./figure.ts";
import { dotMark } from "./legend.ts";

/** One parameter of one trial, and the trial's score; `log` is the same for all rows of a parameter. */
export interface SearchRow {
  readonly parameter: string;
  readonly value: number;
  readonly log: boolean;
  readonly score: number;
  /** Given up before its end. */
  readonly stopped: boolean;
}

/** A panel a parameter over the same scores. The best is the finished trial with the highest score. */
export function searchPlot(rows: readonly SearchRow[], labels: { y: string }): string {
  const shown = rows.filter((row) => Number.isFinite(row.score) && Number.isFinite(row.value));
  const scores = extent(shown.map((row) => row.score));
  const panels = distinct(shown.map((row) => row.parameter)).map((parameter) => {
    const trials = shown.filter((row) => row.parameter === parameter);
    const finished = trials.filter((row) => !row.stopped);
    const best = finished.reduce<SearchRow[]>((top, row) => (top[0]?.score >= row.score ? top : [row]), []);
    const { scale, placeOf } = scaleOf(trials);
    const place = { x: (row: SearchRow) => placeOf(row.value), y: "score", title: describe };
    return panel("", {
      width: 270,
      height: 220,
      marginLeft: 54,
      marginRight: 16,
      marginTop: 24,
      marginBottom: 40,
      x: { ...scale, label: shorten(parameter, 30), labelAnchor: "center", labelArrow: "none" },
      y: { type: "linear", domain: scores, label: labels.y, labelArrow: "none", ticks: 5 },
      marks: [
        Plot.gridY({ ticks: 5 }),
        Plot.dot(
          trials.filter((row) => row.stopped),
          { ...place, r: 3.5, stroke: MAIN },
        ),
        Plot.dot(finished, { ...place, r: 3.5, fill: MAIN, fillOpacity: 0.8 }),
        Plot.dot(best, { ...place, r: 7, stroke: ACCENT, strokeWidth: 2 }),
      ],
    });
  });
  return figure(panels, 3, [
    { label: "trial", mark: dotMark(MAIN) },
    { label: "stopped early", mark: dotMark(MAIN, { hollow: true }) },
    { label: "best", mark: dotMark(MAIN) + dotMark(ACCENT, { hollow: true, radius: 7 }) },
  ]);
}

/** A scale, and where on it a value lies. */
interface Place {
  readonly scale: Plot.ScaleOptions;
  readonly placeOf: (value: number) => number;
}

/** How far left of the positive values 0 lies, as a part of their width. */
const ZERO_GAP = 0.15;

/**
 * Logarithmic where asked for and possible, with a little room at the ends. A logarithm has no place for 0: it gets one of
 * its own, left of all others. The scale is one of exponents, for Plot's own leaves some of the ticks without a label.
 */
function scaleOf(trials: readonly SearchRow[]): Place {
  const values = trials.map((row) => row.value);
  const positive = values.filter((value) => value > 0);
  if (!trials[0].log || positive.length === 0 || values.some((value) => value < 0)) {
    return { scale: { type: "linear", domain: extent(values), ticks: 4 }, placeOf: (value) => value };
  }
  const [low, high] = extent(positive.map(Math.log10));
  const gap = positive.length < values.length ? ZERO_GAP * (high - low) : 0;
  const placeOf = (value: number) => (value === 0 ? low - gap : Math.log10(value));
  const ticks = new Map(logTicks(10 ** low, 10 ** high).map((value) => [placeOf(value), `${value}`]));
  if (gap > 0) ticks.set(placeOf(0), "0");
  return {
    scale: {
      type: "linear",
      domain: [low - 1.5 * gap, high],
      ticks: [...ticks.keys()],
      tickFormat: (place: number) => ticks.get(place),
    },
    placeOf,
  };
}

/** Powers of ten, and with less than two of them twice and five times each. */
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
