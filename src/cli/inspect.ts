/** `dien inspect`: what is in a dataset and what is wrong with it, before training. */
import type { Command } from "commander";
import { z } from "zod";
import { duration } from "../format.ts";
import type { DatasetInspection } from "../inspection/measure/inspect.ts";
import { headline, inspectionTables } from "../inspection/show/inspection-tables.ts";
import { text, toggle } from "../options/pieces.ts";
import type { Context } from "./context.ts";
import { addOptions } from "./options.ts";
import { print, printJson } from "./output.ts";
import { withProgress } from "./progress.ts";
import { table } from "./table.ts";

export const inspectFlags = z.strictObject({
  data: text("folder", "dataset of any size: what does not fit into memory goes to temporary files"),
  html: text("file", "also write everything, with figures, as one page that needs no network").optional(),
  strict: toggle("exit code 1 when a warning is grave, for scripts"),
});

/** What fits on a screen or two; page and JSON have more. */
const EXTENT = { fields: 6, stretches: 12 };

export function addInspect(program: Command, context: Context, finish: (exitCode: number) => void): void {
  const command = program
    .command("inspect")
    .summary("look at a dataset before training: what is in it, what is wrong with it")
    .description("Counts what is in a dataset and warns of leaks, drift and other causes of wrong results.");
  const read = addOptions(command, inspectFlags);
  command
    .addHelpText(
      "after",
      `
Examples:
  dien inspect --data data/shop
  dien inspect --data data/shop --html shop.html
  dien inspect --data data/shop --json --strict

A warning is \`grave\` where results would be worthless: a field that copies the label, histories with behaviours that
are later than the sample, samples in two splits, times out of order, a split that is empty or has one label only.
A \`warning\` is mostly a mistake, a \`note\` good to know. The exit code is 0 with any of them, unless --strict is given.

PSI, the population stability index, is how far the values of a field in test are from those in train: the sum of
(test share - train share) ln(test share / train share) over its 20 most frequent values in train, the unknown, and all
others together. Below 0.1 a field counts as stable, above 0.25 as shifted. With few samples it is large by chance.

AUC alone is how well the field alone predicts the click: the AUC on valid of its values' click rates in train,
to each of which ten samples of the overall rate are added.

Temporary files go to the folder that the environment variable TMPDIR names.`,
    )
    .action(async () => {
      const { options, json } = await read();
      const { data, html, strict } = options;
      const inspection = await withProgress(context.stderr, (progress) =>
        context.jobs.inspectDataset(data, (part, done, total) => progress.update("inspected", done, total, part)),
      );
      if (!json) print(context.stdout, inspectionLines(inspection));
      if (html !== undefined) {
        await context.jobs.writeInspection(html, data, inspection);
        print(context.stderr, [`page in ${html}`]);
      }
      if (json) printJson(context.stdout, inspection);
      if (strict && inspection.warnings.some(({ level }) => level === "grave")) finish(1);
    });
}

/** Warnings come last, where the eye is when the command ends. */
function inspectionLines(inspection: DatasetInspection): string[] {
  const tables = inspectionTables(inspection, EXTENT).flatMap(({ caption, head, rows }) => {
    const cells = rows.map((row) => row.map((cell) => cell ?? "-"));
    return ["", caption, ...table(head, cells)];
  });
  const { warnings, seconds } = inspection;
  const lines = warnings.map(({ level, message }) => `${MARKS[level]}${message}`);
  const last = warnings.length === 0 ? ["no warnings"] : lines;
  return [headline(inspection), ...tables, "", ...last, `inspected in ${duration(seconds)}`];
}

const MARKS = { grave: "GRAVE:   ", warning: "warning: ", note: "note:    " };
