/**
 * The colours of figures. Marks carry the light colour as an attribute, which any viewer understands; in the dark a style
 * replaces each by its partner. Everything else (text, axes, grid) is `currentColor`.
 */

/** Told apart with any colour vision, at least 3:1 against the background: [on white, on dark]. */
export const PALETTE: readonly (readonly [light: string, dark: string])[] = [
  ["#0059ac", "#579fea"],
  ["#d66400", "#f07d30"],
  ["#009e73", "#2ada97"],
  ["#b8579a", "#eaa5d0"],
  ["#6b4a00", "#f1e35d"],
  ["#3a3a3a", "#8c8a87"],
  ["#8416e6", "#a83cf5"],
];

/** Backgrounds and text, of figures that stand alone and of the page around them. */
export const LIGHT = { background: "#ffffff", text: "#1c1c1e" };
export const DARK = { background: "#17181a", text: "#e6e6e8" };

/** The colour of the n-th series; after the last one it begins anew. */
export function colour(series: number): string {
  return PALETTE[series % PALETTE.length][0];
}

/** The one colour of a figure without series, and the colour of what stands out in it. */
export const [MAIN, ACCENT] = [colour(0), colour(1)];

/** The style inside every figure. All of it is bound to the class `dien-plot`, and it is the same in every figure. */
export const FIGURE_STYLE = [
  ".dien-plot{display:block;max-width:100%;height:auto}",
  ".dien-plot text{white-space:pre}",
  "@media screen and (prefers-color-scheme:dark){",
  ...PALETTE.map(
    ([light, dark]) => `.dien-plot [fill="${light}"]{fill:${dark}}.dien-plot [stroke="${light}"]{stroke:${dark}}`,
  ),
  "}",
].join("");
