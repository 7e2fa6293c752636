/**
 * The colours of figures. Marks have the light colour as an attribute, which every viewer supports; in dark mode a
 * style replaces it by its dark partner. Everything else (text, axes, grid) is `currentColor`.
 */

/** Distinguishable with any colour vision; contrast with the background at least 3:1: [on white, on dark]. */
export const PALETTE: readonly (readonly [light: string, dark: string])[] = [
  ["#0059ac", "#579fea"],
  ["#d66400", "#f07d30"],
  ["#009e73", "#2ada97"],
  ["#b8579a", "#eaa5d0"],
  ["#6b4a00", "#f1e35d"],
  ["#3a3a3a", "#8c8a87"],
  ["#8416e6", "#a83cf5"],
];

/** Background and text colours of figures in files of their own and of the report page. */
export const LIGHT = { background: "#ffffff", text: "#1c1c1e" };
export const DARK = { background: "#17181a", text: "#e6e6e8" };

/** The colour of the n-th series; colours repeat after the last one. */
export function colour(series: number): string {
  return PALETTE[series % PALETTE.length][0];
}

/** The colour of a figure without series, and the colour of its highlights. */
export const [MAIN, ACCENT] = [colour(0), colour(1)];

/** The style inside every figure, the same in all; every rule is limited to the class `dien-plot`. */
export const FIGURE_STYLE = [
  ".dien-plot{display:block;max-width:100%;height:auto}",
  ".dien-plot text{white-space:pre}",
  "@media screen and (prefers-color-scheme:dark){",
  ...PALETTE.map(
    ([light, dark]) => `.dien-plot [fill="${light}"]{fill:${dark}}.dien-plot [stroke="${light}"]{stroke:${dark}}`,
  ),
  "}",
].join("");
