/**
 * Attention weights, as on the right of figure 3 of the DIEN paper: one row per candidate, one column per behaviour.
 */
import * as Plot from "@observablehq/plot";
import { shorten, textWidth } from "../text.ts";
import { MAIN } from "./colours.ts";
import { distinct, figure, panel } from "./figure.ts";
import type { LegendEntry } from "./legend.ts";

/** The weight that a candidate gives to one behaviour; `label` names the behaviour, for instance by its category. */
export interface AttentionRow {
  readonly series: string;
  readonly step: number;
  readonly label: string;
  readonly value: number;
}

const LABEL = 18;

/** Darker cells (on a dark background: lighter cells) have larger weights; the scale starts at 0. */
export function attentionPlot(rows: readonly AttentionRow[]): string {
  const shown = rows.filter((row) => Number.isFinite(row.value));
  const series = distinct(shown.map((row) => row.series));
  const labels = new Map(shown.map((row) => [row.step, shorten(row.label, LABEL)]));
  const steps = [...labels.keys()].sort((a, b) => a - b);
  const largest = Math.max(0, ...shown.map((row) => row.value)) || 1;
  const name = (text: string) => shorten(text, 24);
  const column = Math.min(34, Math.max(11, Math.floor(640 / steps.length)));
  const fontSize = Math.min(12, column - 1);
  const marginLeft = Math.max(40, ...series.map((text) => textWidth(name(text), 12) + 10));
  const marginBottom = Math.max(20, ...[...labels.values()].map((label) => textWidth(label, fontSize) + 12));
  const drawing = panel("", {
    width: marginLeft + Math.max(300 - marginLeft, column * steps.length) + 10,
    height: series.length * 32 + marginBottom + 4,
    marginLeft,
    marginRight: 10,
    marginTop: 4,
    marginBottom,
    x: { type: "band", domain: steps, padding: 0.06, axis: null },
    y: { type: "band", domain: series, padding: 0.08, label: null, tickSize: 0, tickFormat: name },
    opacity: { type: "identity" },
    marks: [
      Plot.cell(shown, { x: "step", y: "series", fill: "currentColor", fillOpacity: 0.06, stroke: "none" }),
      Plot.cell(shown, {
        x: "step",
        y: "series",
        fill: MAIN,
        fillOpacity: (row) => row.value / largest,
        title: describe,
      }),
      Plot.axisX({
        tickFormat: (step: number) => labels.get(step) ?? "",
        tickRotate: -90,
        tickSize: 0,
        fontSize,
        label: null,
      }),
    ],
  });
  return figure(shown.length === 0 ? [] : [drawing], 1, scale(largest));
}

/** The legend of the weights: five cells from 0 to the largest. */
function scale(largest: number): LegendEntry[] {
  return [0, 0.25, 0.5, 0.75, 1].map((part) => ({
    label: `${part === 0 ? "weight " : ""}${Number((part * largest).toPrecision(2))}`,
    mark: `<rect x="-12" y="-6" width="24" height="12" fill="${MAIN}" fill-opacity="${part}" stroke="currentColor" stroke-opacity="0.2"/>`,
  }));
}

function describe(row: AttentionRow): string {
  return `${row.series}, ${row.step}: ${row.label}, ${row.value}`;
}
