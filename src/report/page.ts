/** A report as one HTML page without scripts or network access; it only links to figures and data beside it. */
import { PAGE_STYLE } from "./page-style.ts";
import type { Report, ReportBlock, TableCell } from "./report.ts";
import { escapeMarkup } from "./text.ts";

/** Allows the page its own styles and nothing else, in case markup gets past the escaping. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/**
 * The whole document. Figures are inserted as they are: they come from `plots`, which escape names from the data.
 * @param options `alone`: no files of figures and data lie beside the page, so it has no links to them
 */
export function page(report: Report, { alone = false } = {}): string {
  const title = escapeMarkup(report.title);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
<header>
<h1>${title}</h1>
<p class="lead">${prose(report.lead)}</p>
</header>
${report.blocks.map((part) => block(part, alone)).join("\n")}
${commands(report.commands)}${alone ? "" : data(report.data)}</main>
</body>
</html>
`;
}

function block(block: ReportBlock, alone: boolean): string {
  switch (block.kind) {
    case "heading":
      return `<h2>${prose(block.text)}</h2>`;
    case "text":
      return `<p>${prose(block.text)}</p>`;
    case "table":
      return table(block);
    case "figure":
      return `<figure id="${block.name}">
<figcaption>${prose(block.caption)}${alone ? "" : ` <a href="figures/${block.name}.svg">SVG</a>`}</figcaption>
<div class="wide" tabindex="0">${block.svg}</div>
</figure>`;
  }
}

function table({ name, caption, head, rows }: Extract<ReportBlock, { kind: "table" }>): string {
  const numeric = head.map((_, column) => column > 0 && rows.every((row) => isNumeric(row[column] ?? null)));
  const side = (column: number) => (numeric[column] ? ' class="number"' : "");
  const headings = head.map((text, column) => `<th scope="col"${side(column)}>${prose(text)}</th>`);
  const lines = rows.map((row) => {
    const cells = head.map((_, column) => {
      const content = cell(row[column] ?? null);
      return column === 0 ? `<th scope="row">${content}</th>` : `<td${side(column)}>${content}</td>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<figure id="${name}">
<figcaption>${prose(caption)}</figcaption>
<div class="wide" tabindex="0">
<table>
<thead>
<tr>${headings.join("")}</tr>
</thead>
<tbody>
${lines.join("\n")}
</tbody>
</table>
</div>
</figure>`;
}

/** The text of a cell without a value. */
const NO_VALUE = "–";

function cell(value: TableCell): string {
  if (value === null) return NO_VALUE;
  if (typeof value === "number") return number(value);
  if (typeof value === "string") return prose(value);
  const text = value.strong ? `<strong>${prose(value.text)}</strong>` : prose(value.text);
  return value.note === undefined ? text : `${text}<small>${prose(value.note)}</small>`;
}

/** A number for reading: whole ones in full, others with four significant digits. The data files have all digits. */
function number(value: number): string {
  if (!Number.isFinite(value)) return NO_VALUE;
  return Number.isInteger(value) ? value.toLocaleString("en") : String(Number(value.toPrecision(4)));
}

/** Whether a cell is right-aligned in a column of such: numbers, texts that start with one, empty cells. */
function isNumeric(value: TableCell): boolean {
  if (value === null || typeof value === "number") return true;
  return /^[<>≈±+−-]?\s?\.?\d/.test(typeof value === "string" ? value : value.text);
}

/** Text in which backticks mark code. */
function prose(text: string): string {
  return escapeMarkup(text).replace(/`([^`]+)`/g, "<code>$1</code>");
}

function commands(lines: readonly string[]): string {
  if (lines.length === 0) return "";
  const code = lines
    .flatMap((line) => line.split("\n"))
    .map(escapeMarkup)
    .join("\n");
  return `<section>
<h2>How to reproduce it</h2>
<pre tabindex="0"><code>${code}</code></pre>
</section>
`;
}

function data(sets: Report["data"]): string {
  const items = Object.entries(sets).map(([name, rows]) => {
    const links = `<a href="data/${name}.csv">CSV</a>, <a href="data/${name}.json">JSON</a>`;
    return `<li>${name}: ${links} (${rows.length.toLocaleString("en")} ${rows.length === 1 ? "row" : "rows"})</li>`;
  });
  if (items.length === 0) return "";
  return `<section>
<h2>Data</h2>
<ul class="data">
${items.join("\n")}
</ul>
</section>
`;
}
