/**
 * Writes a report, as a folder or as one page. The folder:
 *
 *   report.html           the whole report, in one file
 *   figures/NAME.svg      each figure on its own
 *   data/NAME.csv, .json  the rows behind tables and figures, with all digits
 *   commands.sh           the commands that reproduce it
 */
import { join } from "node:path";
import { writeFileAside } from "../files/aside.ts";
import { folderPlace, withClaim } from "../files/claim.ts";
import { makeFolder } from "../files/plain.ts";
import { csv, jsonRows } from "./csv.ts";
import { page } from "./page.ts";
import { DARK, LIGHT } from "./plots/colours.ts";
import type { Report, ReportBlock } from "./report.ts";
import { escapeMarkup } from "./text.ts";

/**
 * Writes the files of a report into `folder`, which is created if needed; older files with these names are replaced.
 * @throws UserError where another process writes one there
 */
export async function writeReport(folder: string, report: Report): Promise<void> {
  checkNames(report);
  const files = new Map<string, string>();
  for (const block of report.blocks) {
    if (block.kind === "figure") files.set(`figures/${block.name}.svg`, standalone(block));
  }
  for (const [name, rows] of Object.entries(report.data)) {
    files.set(`data/${name}.csv`, csv(rows));
    files.set(`data/${name}.json`, jsonRows(rows));
  }
  files.set("commands.sh", ["#!/bin/sh", "set -eu", ...report.commands, ""].join("\n"));
  files.set("report.html", page(report));
  for (const part of ["figures", "data"]) await makeFolder(join(folder, part));
  await withClaim(folderPlace(folder), async () => {
    for (const [name, content] of files) await writeFileAside(join(folder, name), content);
  });
}

/** Writes a report as a single page at `path`, without other files. */
export async function writePage(path: string, report: Report): Promise<void> {
  checkNames(report);
  await writeFileAside(path, page(report, { alone: true }));
}

/** Names become files and anchors: they must be plain, and no two figures or tables may share one. */
function checkNames({ name, blocks, data }: Report): void {
  const blockNames = blocks.flatMap((block) => ("name" in block ? [block.name] : []));
  for (const used of [name, ...blockNames, ...Object.keys(data)]) {
    if (!/^[a-z0-9][a-z0-9_-]*$/.test(used)) throw new Error(`not a name for a part of a report: ${used}`);
  }
  if (new Set(blockNames).size < blockNames.length) throw new Error(`two parts of report ${name} have the same name`);
}

/** A figure for a file of its own, with title, background and text colour, which it otherwise has from the page. */
function standalone({ svg, caption }: Extract<ReportBlock, { kind: "figure" }>): string {
  const look = (scheme: typeof LIGHT) => `:root{background:${scheme.background};color:${scheme.text}}`;
  const style = `<style>${look(LIGHT)}@media screen and (prefers-color-scheme:dark){${look(DARK)}}</style>`;
  return `${svg.replace(/^<svg[^>]*>/, (open) => `${open}<title>${escapeMarkup(caption)}</title>${style}`)}\n`;
}
