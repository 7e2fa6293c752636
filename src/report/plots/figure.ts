/**
 * A figure: panels drawn by Observable Plot in a DOM without a browser, laid out in columns under one legend, as one
 * SVG text. No element has an id, so any number of figures can share a page.
 */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { clean, escapeMarkup, shorten } from "../text.ts";
import { FIGURE_STYLE } from "./colours.ts";
import { type LegendEntry, legend } from "./legend.ts";

/** One plot of a figure; `body` is the content of an SVG element. */
export interface Panel {
  readonly width: number;
  readonly height: number;
  readonly body: string;
}

/** The height of a panel's title and of the space below a panel. */
const TITLE = 22;
const BELOW = 14;
/** The margin around a figure, for strokes and letters that reach over its edge. */
const MARGIN = 4;
/**
 * A narrow page shrinks a figure to this fraction of its size, at which letters are just legible; below that it
 * scrolls.
 */
const SMALLEST = 0.7;

const { DOMParser } = parseHTML("<html></html>");
const page = new DOMParser().parseFromString("<svg/>", "image/svg+xml");

/** Draws a panel with the scales and marks of Observable Plot. An empty title takes no space. */
export function panel(title: string, options: Plot.PlotOptions & { width: number; height: number }): Panel {
  const drawn = Plot.plot({ ...options, document: page });
  drawn.querySelector("style")?.remove();
  const { width, height } = options;
  if (title === "") return { width, height, body: drawn.innerHTML };
  const heading = `<text y="13" text-anchor="start" font-weight="600">${escapeMarkup(shorten(title, 60))}</text>`;
  return {
    width,
    height: height + TITLE,
    body: `${heading}<g transform="translate(0,${TITLE})">${drawn.innerHTML}</g>`,
  };
}

/** Lays panels out in `columns` columns below the legend. Without panels the figure is the text "no data". */
export function figure(panels: readonly Panel[], columns: number, entries: readonly LegendEntry[]): string {
  if (panels.length === 0) return svg(320, 40, '<text x="160" y="24">no data</text>');
  const width = Math.max(...panels.map((panel) => panel.width)) * Math.min(columns, panels.length);
  const key = legend(entries, width);
  const parts = [key.body];
  let y = key.height;
  for (let first = 0; first < panels.length; first += columns) {
    const row = panels.slice(first, first + columns);
    row.forEach(({ body }, column) => {
      parts.push(`<g transform="translate(${(width / Math.min(columns, panels.length)) * column},${y})">${body}</g>`);
    });
    y += Math.max(...row.map((panel) => panel.height)) + BELOW;
  }
  return svg(width, y - BELOW, parts.join(""));
}

function svg(width: number, height: number, body: string): string {
  const [fullWidth, fullHeight] = [width + 2 * MARGIN, height + 2 * MARGIN];
  const view = `${-MARGIN} ${-MARGIN} ${fullWidth} ${fullHeight}`;
  const size = `width="${fullWidth}" height="${fullHeight}" viewBox="${view}"`;
  const smallest = `style="min-width:${Math.round(SMALLEST * fullWidth)}px"`;
  const font = 'fill="currentColor" font-family="system-ui, sans-serif" font-size="12" text-anchor="middle"';
  const open = `<svg xmlns="http://www.w3.org/2000/svg" class="dien-plot" role="img" ${size} ${smallest} ${font}>`;
  return `${open}<style>${FIGURE_STYLE}</style>${clean(body)}</svg>`;
}

/** The different values in order of first appearance. */
export function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}

/**
 * Minimum and maximum of the finite values, extended by `margin` of their distance on either side; never a single
 * point.
 */
export function extent(values: readonly number[], margin = 0.05): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const room = (high - low) * margin || Math.abs(low) * margin || 1;
  return [low - room, high + room];
}
