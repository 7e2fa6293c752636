/** What every figure promises, and that each shows all of its rows. */
import { DOMParser } from "linkedom";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { attentionPlot } from "../../src/report/plots/attention.ts";
import { barsPlot } from "../../src/report/plots/bars.ts";
import { calibrationPlot } from "../../src/report/plots/calibration.ts";
import { curvesPlot } from "../../src/report/plots/curves.ts";
import { effectRows, effectTimeline } from "../../src/report/plots/effects.ts";
import { histogramPlot } from "../../src/report/plots/histogram.ts";
import { intervalPlot } from "../../src/report/plots/intervals.ts";
import { powerPlot } from "../../src/report/plots/power.ts";
import { ratesPlot } from "../../src/report/plots/rates.ts";
import { searchPlot } from "../../src/report/plots/search.ts";
import { timelinePlot } from "../../src/report/plots/timeline.ts";
import { trajectoryPlot } from "../../src/report/plots/trajectory.ts";

const HOSTILE = `<script>alert("1")</script>&amp;'\u0000\u001b[31m\nnext\ud800\u00a0red 2014-01-01`;
const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Every plot with rows for a number of series, so that the promises below are checked on all of them. */
const PLOTS: Readonly<Record<string, (names: readonly string[], of: (n: number) => number) => string>> = {
  intervals: (names, of) =>
    intervalPlot(
      names.map((name, n) => ({ group: name, name, mean: of(n), low: of(n) - 1, high: of(n) + 1, points: [of(n)] })),
      { x: HOSTILE },
    ),
  curves: (names, of) =>
    curvesPlot(
      names.map((series, n) => ({ facet: series, series, part: "training", x: n, y: of(n) })),
      { x: "step", y: HOSTILE },
    ),
  trajectory: (names, of) =>
    trajectoryPlot(names.map((series, n) => ({ series, step: n, x: of(n), y: n, label: series }))),
  attention: (names, of) => attentionPlot(names.map((series, n) => ({ series, step: n, label: series, value: of(n) }))),
  calibration: (names, of) =>
    calibrationPlot(names.map((series, n) => ({ series, predicted: of(n), observed: n / 9, count: n }))),
  search: (names, of) =>
    searchPlot(
      names.map((parameter, n) => ({ parameter, value: of(n), log: n % 2 === 0, score: n, stopped: n % 3 === 0 })),
      { y: HOSTILE },
    ),
  power: (names, of) =>
    powerPlot(
      names.map((series, n) => ({ metric: series, series, horizon: "fixed", lift: of(n), power: n / 9 })),
      { lift: 0.05, power: 0.8 },
    ),
  bars: (names, of) =>
    barsPlot(
      names.map((name, n) => ({ name, series: name, value: of(n) })),
      { x: HOSTILE },
      [0.1, 0.25],
    ),
  histogram: (names, of) =>
    histogramPlot(
      names.map((group, n) => ({ group, from: n, to: n % 2 === 0 ? n : null, count: of(n) })),
      { x: "length", y: HOSTILE },
    ),
  rates: (names, of) =>
    ratesPlot(
      names.map((name, n) => ({ group: name, name, series: name, rate: of(n), count: n })),
      { x: HOSTILE },
    ),
  timeline: (names, of) =>
    timelinePlot(
      names.map((series, n) => ({ series, start: 1e12 + n, count: of(n), rate: n / 9 })),
      1000,
      { count: HOSTILE, rate: "rate" },
    ),
  "effects by day": (names, of) =>
    effectTimeline(
      names.map((series, n) => ({
        series,
        time: 1e12 + n * 86_400_000,
        value: of(n),
        low: of(n) - 1,
        high: of(n) + 1,
      })),
      { y: HOSTILE },
    ),
  "effects by group": (names, of) =>
    effectRows(
      names.map((name, n) => ({ group: name, name, series: name, value: of(n), low: of(n) - 1, high: of(n) + 1 })),
      { x: HOSTILE },
    ),
};
const INPUTS: Readonly<Record<string, [names: string[], of: (n: number) => number]>> = {
  nothing: [[], () => 0],
  "one row": [["dien"], () => 0.5],
  "one row of zero": [["dien"], () => 0],
  "equal rows": [["dien", "dien", "dien"], () => 0.25],
  "values that are not finite": [["a", "b", "c", "d"], (n) => [Number.NaN, Number.POSITIVE_INFINITY, 1, 2][n]],
  "more series than colours": [range(9).map(String), (n) => n / 9],
  "hostile names": [[HOSTILE, "__proto__", "", "red", "2014-01-01"], (n) => n / 5],
};

/** The number of elements in the groups that Plot labels with a mark's name. */
function count(svg: string, mark: string, element: string): number {
  const document = new DOMParser().parseFromString(svg, "image/svg+xml");
  return document.querySelectorAll(`[aria-label="${mark}"] ${element}`).length;
}

const warn = vi.spyOn(console, "warn");
beforeEach(() => {
  warn.mockClear();
});
afterEach(() => {
  expect(warn).not.toHaveBeenCalled();
});

describe.each(Object.entries(PLOTS))("%s", (_, plot) => {
  it.each(Object.entries(INPUTS))("promises hold for %s", (_, [names, of]) => {
    const svg = plot(names, of);
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" class="dien-plot".*<\/svg>$/s);
    expect(svg).not.toMatch(/undefined|NaN|Infinity|⚠/);
    expect(svg).not.toMatch(/\sid=|url\(|href|\ssrc=|<script|<image|@import|&nbsp;/);
    expect(svg).not.toMatch(/[\p{Cc}\p{Cs}]/u);
    expect(svg).not.toMatch(/&(?!amp;|lt;|gt;|quot;|#\d+;)/);
    expect(svg.match(/<style/g)).toHaveLength(1);
    expect(plot(names, of)).toBe(svg);
  });

  it("says so when there is nothing to show", () => {
    expect(plot([], () => 0)).toContain("no data");
  });
});

describe("marks", () => {
  it("effects: a line, a band and dots for each series; a dot and an interval for each group's rows", () => {
    const rows = ["din", "dien"].flatMap((series) =>
      range(5).map((day) => ({ series, time: 1e12 + day * 86_400_000, value: 0.1, low: 0, high: 0.2 })),
    );
    const byDay = effectTimeline(rows, { y: "lift" });
    expect([count(byDay, "area", "path"), count(byDay, "line", "path"), count(byDay, "dot", "circle")]).toEqual([
      2, 2, 10,
    ]);
    const groups = ["age", "country"].flatMap((group) =>
      ["din", "dien"].map((series) => ({ group, name: "1", series, value: 0.1, low: 0, high: 0.2 })),
    );
    const byGroup = effectRows(groups, { x: "lift" });
    expect(count(byGroup, "dot", "circle")).toBe(4);
    expect(byGroup).toContain(">+10%<");
  });

  it("intervals: a mean, an interval and all seeds of each model", () => {
    const row = (group: string, name: string) => ({ group, name, mean: 2, low: 1, high: 3, points: [1, 2, 3] });
    const svg = intervalPlot([row("Beauty", "din"), row("Beauty", "dien"), row("Sports", "dien")], { x: "AUC" });
    expect(count(svg, "dot", "circle")).toBe(3);
    expect(count(svg, "rule", "line")).toBe(3);
    expect(count(svg, "tick", "line")).toBe(9);
    expect(svg.indexOf(">din<")).toBeLessThan(svg.indexOf(">dien<"));
  });

  it("intervals: a mean without an interval where there is a single seed", () => {
    const row = { group: "Beauty", name: "dien", mean: 2, low: Number.NaN, high: Number.NaN, points: [2] };
    const svg = intervalPlot([row], { x: "AUC" });
    expect(svg).not.toContain("NaN");
    expect(svg).toContain("<title>dien: 2</title>");
    expect([count(svg, "dot", "circle"), count(svg, "rule", "line"), count(svg, "tick", "line")]).toEqual([1, 0, 1]);
  });

  it("curves: a line for each series and part, in the panel of its facet", () => {
    const rows = ["loss", "auxiliary"].flatMap((facet) =>
      ["din", "dien"].flatMap((series) =>
        (["training", "validation"] as const).flatMap((part) =>
          range(5).map((x) => ({ facet, series, part, x, y: x })),
        ),
      ),
    );
    const svg = curvesPlot(rows, { x: "step", y: "loss" });
    expect(count(svg, "line", "path")).toBe(8);
    for (const label of ["loss", "auxiliary", "din", "dien", "training", "validation"])
      expect(svg).toContain(`>${label}<`);
  });

  it("trajectory: a dot a step, a start and an end a candidate, joined by step whatever the order of rows", () => {
    const rows = ["a", "b"].flatMap((series, n) =>
      range(4).map((step) => ({ series, step, x: step * step, y: n, label: `item ${step}` })),
    );
    const svg = trajectoryPlot(rows);
    expect(count(svg, "line", "path")).toBe(2);
    expect(count(svg, "dot", "circle")).toBe(2 * 4 + 2);
    expect(count(svg, "dot", "path")).toBe(2);
    expect(trajectoryPlot([...rows.filter((row) => row.series === "a").reverse(), ...rows.slice(4)])).toBe(svg);
  });

  it("attention: a cell for each candidate and behaviour, the largest weight in full colour, every label", () => {
    const rows = ["a", "b"].flatMap((series, n) =>
      range(100).map((step) => ({ series, step, label: `category ${step}`, value: (n * 100 + step) / 398 })),
    );
    const svg = attentionPlot(rows);
    expect(count(svg, "cell", "rect")).toBe(2 * 200);
    expect(count(svg, "cell", 'rect[fill-opacity="1"]')).toBe(1);
    for (const { label } of rows) expect(svg).toContain(`>${label}<`);
  });

  it("calibration: a dot for each bin and a line for each series beside the diagonal", () => {
    const rows = ["din", "dien"].flatMap((series) =>
      range(10).map((bin) => ({ series, predicted: bin / 10, observed: bin / 10, count: bin + 1 })),
    );
    const svg = calibrationPlot(rows);
    expect(count(svg, "dot", "circle")).toBe(20);
    expect(count(svg, "line", "path")).toBe(3);
  });

  it("search: a dot for each trial, and a ring around the best that was finished", () => {
    const trials = [0.7, 0.8, 0.9, 0.75].map((score, n) => ({ score, stopped: score === 0.9, value: 10 ** -n }));
    const rows = ["rate", "size"].flatMap((parameter) =>
      trials.map((trial) => ({ ...trial, parameter, log: parameter === "rate" })),
    );
    const svg = searchPlot(rows, { y: "AUC" });
    expect(count(svg, "dot", "circle")).toBe(2 * (4 + 1));
    expect(svg.match(/<circle[^>]*\br="7"[^>]*><title>\w+ 0\.1: 0\.8</g)).toHaveLength(2);
    expect(svg).toContain(">0.001<");
  });

  it("search: 0 has a place of its own beside a logarithmic scale, which spreads the others", () => {
    const rows = [0, 3e-6, 3e-5, 3e-4, 3e-3].map((value, n) => {
      return { parameter: "l2", value, log: true, score: 0.7 + n / 100, stopped: false };
    });
    const svg = searchPlot(rows, { y: "AUC" });
    expect(svg).toContain(">0<");
    const places = rows.map(({ value, score }) => {
      const dot = svg.match(new RegExp(`<circle[^>]*\\bcx="([\\d.]+)"[^>]*><title>l2 ${value}: ${score}<`));
      return Number(dot![1]);
    });
    const steps = places.slice(1).map((place, i) => place - places[i]);
    for (const step of steps) expect(step).toBeGreaterThan(20);
    expect(Math.max(...steps.slice(1)) - Math.min(...steps.slice(1))).toBeLessThan(0.1);
    const tick = svg.match(/translate\(([\d.]+),[\d.]+\)"[^>]*>0</);
    expect(Number(tick![1])).toBeCloseTo(places[0], 0);
  });

  it("histogram: a bar for each bin, the long tail as wide as the others", () => {
    const bins = [
      { group: "test", from: 0, to: 4, count: 3 },
      { group: "test", from: 5, to: 9, count: 6 },
      { group: "test", from: 10, to: null, count: 1 },
    ];
    const svg = histogramPlot(bins, { x: "behaviours", y: "count" });
    const document = new DOMParser().parseFromString(svg, "image/svg+xml");
    const bars = [...document.querySelectorAll('[aria-label="rect"] rect')];
    const [widths, heights] = ["width", "height"].map((name) => bars.map((bar) => Number(bar.getAttribute(name))));
    expect(widths).toHaveLength(3);
    for (const width of widths) expect(width).toBeCloseTo(widths[0], 5);
    for (const text of ["0 to 4: 3", "5 to 9: 6", "10 and more: 1"]) expect(svg).toContain(`<title>${text}</title>`);
    expect(heights[1]).toBeGreaterThan(heights[0]);
    expect(heights[0]).toBeGreaterThan(heights[2]);
  });

  it("timeline: bars and dots of every series, none where there were no samples", () => {
    const day = 86_400_000;
    const rows = ["train", "test"].flatMap((series, s) =>
      range(4).map((n) => ({ series, start: n * day, count: n === s ? 0 : 10, rate: 0.5 })),
    );
    const svg = timelinePlot(rows, day, { count: "samples", rate: "click rate" });
    expect([count(svg, "rect", "rect"), count(svg, "dot", "circle")]).toEqual([6, 6]);
    expect(svg).toContain("<title>test, 1970-01-01 00:00: 10 samples, rate 0.5</title>");
  });

  it("rates: a dot for each rate there is, in the panel of its group", () => {
    const row = (name: string, series: string, rate: number) => ({ group: "hour", name, series, rate, count: 5 });
    const rows = [
      row("noon", "train", 0.2),
      row("noon", "test", 0.4),
      row("night", "train", 0.1),
      row("night", "test", Number.NaN),
    ];
    const svg = ratesPlot(rows, { x: "click rate" });
    expect(count(svg, "dot", "circle")).toBe(3);
    for (const label of ["hour", "noon", "night", "train", "test"]) expect(svg).toContain(`>${label}<`);
  });

  it("bars: one for each value, a line for each limit, a legend only for several series", () => {
    const rows = ["a", "b", "c"].map((name, n) => ({ name, series: "PSI", value: n / 10 }));
    const svg = barsPlot(rows, { x: "PSI" }, [0.1, 0.25]);
    expect([count(svg, "bar", "rect"), count(svg, "rule", "line")]).toEqual([3, 3]);
    expect(count(svg, "legend", "text")).toBe(0);
    const both = barsPlot([...rows, { name: "a", series: "other", value: 1 }], { x: "PSI" });
    expect([count(both, "bar", "rect"), count(both, "legend", "text")]).toEqual([4, 2]);
  });
});
