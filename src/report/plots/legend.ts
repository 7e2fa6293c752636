/** Legends as part of the SVG, so that a figure is complete in a file of its own. Entries wrap like words. */
import { escapeMarkup, shorten, textWidth } from "../text.ts";

/** An entry of a legend: `mark` is SVG centred on (0, 0), 24 wide and 12 high. */
export interface LegendEntry {
  readonly label: string;
  readonly mark: string;
}

const MARK = 24;
const GAP = 6;
const SPACE = 18;
const LINE = 20;

/** A line as in the figure, for instance dashed. */
export function lineMark(colour: string, dash = "none"): string {
  return `<path d="M-12,0H12" fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/>`;
}

/** A dot, filled or hollow. */
export function dotMark(colour: string, look: { hollow?: boolean; radius?: number } = {}): string {
  const paint = look.hollow ? `fill="none" stroke="${colour}" stroke-width="1.5"` : `fill="${colour}"`;
  return `<circle r="${look.radius ?? 4}" ${paint}/>`;
}

/** Draws the entries in lines of at most `width` pixels. */
export function legend(entries: readonly LegendEntry[], width: number): { height: number; body: string } {
  let [x, y] = [0, LINE / 2];
  const parts = entries.map(({ label, mark }) => {
    const text = shorten(label, 40);
    const length = MARK + GAP + textWidth(text, 12);
    if (x > 0 && x + length > width) [x, y] = [0, y + LINE];
    const place = `translate(${x + MARK / 2},${y})`;
    x += length + SPACE;
    return `<g transform="${place}">${mark}<text x="${MARK / 2 + GAP}" dy="0.35em">${escapeMarkup(text)}</text></g>`;
  });
  const height = entries.length === 0 ? 0 : y + LINE / 2 + 6;
  return { height, body: `<g aria-label="legend" text-anchor="start">${parts.join("")}</g>` };
}
