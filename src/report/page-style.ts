/** The style sheet of a report page: one column, light or dark by the reader's preference, black on white in print. */
import { DARK, LIGHT } from "./plots/colours.ts";

export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --background: ${LIGHT.background};
  --text: ${LIGHT.text};
  --quiet: #5c5e63;
  --line: #d8d9dc;
  --raised: #f4f4f6;
  --link: #0058a0;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --background: ${DARK.background};
    --text: ${DARK.text};
    --quiet: #a3a5ab;
    --line: #393b40;
    --raised: #222428;
    --link: #7cc0f5;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--background); color: var(--text); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { margin: 0 0 0.5rem; font-size: 1.7rem; line-height: 1.25; }
h2 { margin: 2.5rem 0 0.75rem; font-size: 1.15rem; }
h1, h2, p, li, td, th, figcaption { overflow-wrap: break-word; }
p, .lead, figcaption { max-width: 44rem; }
.lead { margin: 0; color: var(--quiet); font-size: 1.1rem; }
a { color: var(--link); }
code, pre { font: 0.875em/1.5 ui-monospace, monospace; }
code { padding: 0.1em 0.3em; border-radius: 3px; background: var(--raised); }
pre { margin: 0; padding: 0.9rem 1rem; overflow-x: auto; white-space: pre-wrap; border-radius: 6px; background: var(--raised); }
pre code { padding: 0; background: none; font-size: 1em; }
figure { margin: 2rem 0; }
.wide { overflow-x: auto; }
figcaption { padding-bottom: 0.6rem; color: var(--quiet); font-size: 0.925rem; text-align: left; }
table { border-collapse: collapse; font-size: 0.95rem; font-variant-numeric: tabular-nums lining-nums; }
th, td { padding: 0.35rem 0.9rem; text-align: left; vertical-align: baseline; border-bottom: 1px solid var(--line); }
th:first-child { padding-left: 0; }
thead th { border-bottom: 1.5px solid var(--text); font-weight: 600; vertical-align: bottom; }
tbody th { font-weight: 400; min-width: 9rem; }
tbody th code { white-space: nowrap; }
.number { text-align: right; white-space: nowrap; }
td small { margin-left: 0.35em; color: var(--quiet); font-size: 0.85em; }
td strong { font-weight: 700; }
.data { padding-left: 1.2rem; }
@media (max-width: 40rem) {
  main { padding: 1.5rem 1rem 3rem; }
}
@media print {
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  figure, tr, pre { break-inside: avoid; }
  h2 { break-after: avoid; }
  .wide { overflow: visible; }
  .wide svg { min-width: 0 !important; }
  table { font-size: 8.5pt; }
  th, td { padding: 0.25rem 0.45rem; }
  thead th, .number { white-space: normal; }
  pre { white-space: pre-wrap; border: 1px solid var(--line); }
}
`;
