/** The results of a dataset inspection as one page for offline reading: warnings, tables and figures. */
import { z } from "zod";
import { SPLITS } from "../../dataset/dataset.ts";
import { path } from "../../options/pieces.ts";
import { checkOptions } from "../../options/problems.ts";
import { barsPlot } from "../../report/plots/bars.ts";
import { histogramPlot } from "../../report/plots/histogram.ts";
import { ratesPlot } from "../../report/plots/rates.ts";
import { timelinePlot } from "../../report/plots/timeline.ts";
import type { Report, ReportBlock } from "../../report/report.ts";
import { shellWord } from "../../report/text.ts";
import { writePage } from "../../report/write.ts";
import type { DatasetInspection } from "../measure/inspect.ts";
import { stretchLength, type Timeline } from "../measure/timeline.ts";
import { SHIFTED_PSI, STABLE_PSI } from "../measure/warnings.ts";
import { headline, type InspectionTable, inspectionTables, valueName, valuesOf } from "./inspection-tables.ts";

/** An inspection is what `inspectDataset` returns; nobody makes one by hand. */
const inspected = z.custom(
  (given) => typeof given === "object" && given !== null && "warnings" in given && "splits" in given,
  "expected what inspectDataset returns",
);
const pageArguments = z.object({ path, directory: path, inspection: inspected });

/** Writes the page about the dataset in `directory`. @throws UserError where `file` cannot be written */
export async function writeInspection(file: string, directory: string, inspection: DatasetInspection): Promise<void> {
  checkOptions("writeInspection", pageArguments, { path: file, directory, inspection });
  await writePage(file, inspectionReport(directory, inspection));
}

function inspectionReport(directory: string, inspection: DatasetInspection): Report {
  const tables = inspectionTables(inspection, { fields: Number.POSITIVE_INFINITY, stretches: 24 });
  const table = (name: string) => tables.filter((table) => table.name === name).map(tableBlock);
  const heading = (text: string): ReportBlock => ({ kind: "heading", text });
  const { timeline } = inspection;
  return {
    name: "inspect",
    title: `Dataset ${directory}`,
    lead: headline(inspection),
    blocks: [
      heading("Warnings"),
      warningsBlock(inspection),
      heading("Samples"),
      ...table("splits"),
      ...(timeline === null ? [] : [timelineFigure(timeline), ...table("timeline")]),
      heading("Histories"),
      ...table("histories"),
      historiesFigure(inspection),
      heading("Fields"),
      ...table("fields"),
      ...table("numbers"),
      driftFigure(inspection),
      ...unknownFigure(inspection),
      heading("Values"),
      ratesFigure(inspection),
      ...table("values"),
      heading("Cold start"),
      ...table("cold"),
      heading("Returns"),
      ...table("returns"),
    ],
    data: {},
    commands: [`dien inspect --data ${shellWord(directory)}`],
  };
}

function tableBlock({ name, caption, head, rows }: InspectionTable): ReportBlock {
  return { kind: "table", name, caption, head, rows: rows.map((row) => row.map(cell)) };
}

const cell = (text: string | null) => (text === null ? null : literal(text));

/** Backticks mark code in a report; in a name from the data they must not. */
const literal = (text: string) => text.replaceAll("`", "ˋ");

function warningsBlock({ warnings }: DatasetInspection): ReportBlock {
  if (warnings.length === 0) return { kind: "text", text: "None." };
  return {
    kind: "table",
    name: "warnings",
    caption: "The most severe first. A `grave` warning makes every result on this dataset worthless until it is fixed.",
    head: ["warning", ""],
    rows: warnings.map(({ level, message }) => [literal(message), { text: level, strong: level === "grave" }]),
  };
}

function timelineFigure(timeline: Timeline): ReportBlock {
  const { unit, every, stretches } = timeline;
  const rows = SPLITS.flatMap((series) =>
    stretches.map((stretch) => {
      const { samples, rate } = stretch[series];
      return { series, start: stretch.start, count: samples, rate };
    }),
  );
  return {
    kind: "figure",
    name: "timeline-figure",
    caption: `Samples and click rate by ${every === 1 ? unit : `${every} ${unit}s`} (UTC).`,
    svg: timelinePlot(rows, stretchLength(timeline), { count: "samples", rate: "click rate" }),
  };
}

function historiesFigure({ histories }: DatasetInspection): ReportBlock {
  const rows = histories.flatMap(({ of, bins }) =>
    bins.map((bin) => ({ group: of === "sequences" ? of : `histories of ${of}`, ...bin })),
  );
  return {
    kind: "figure",
    name: "histories-figure",
    caption: "Number of sequences and histories by length; the pale last bar counts all that are longer.",
    svg: histogramPlot(rows, { x: "behaviours", y: "count" }),
  };
}

/** Where bars end: a single field with a huge shift must not make all others look stable. */
const MOST_PSI = 1;

function driftFigure({ fields }: DatasetInspection): ReportBlock {
  const rows = fields.map(({ name, psi }) => ({ name, series: "PSI", value: Math.min(psi, MOST_PSI) }));
  return {
    kind: "figure",
    name: "drift-figure",
    caption: `Drift from train to test, by the population stability index: below the first line (${STABLE_PSI}) a field is stable, above the second (${SHIFTED_PSI}) it has shifted. Bars end at ${MOST_PSI}.`,
    svg: barsPlot(rows, { x: "population stability index" }, [STABLE_PSI, SHIFTED_PSI]),
  };
}

/** The fields that are unknown in some sample; no figure where there are none. */
function unknownFigure({ fields, splits }: DatasetInspection): ReportBlock[] {
  const rows = fields
    .filter(({ unknown }) => SPLITS.some((split) => unknown[split].samples > 0))
    .flatMap(({ name, unknown }) =>
      splits.map(({ split, samples }) => ({ name, series: split, value: unknown[split].samples / samples })),
    );
  if (rows.length === 0) return [];
  const caption = "Share of samples in which a field is unknown; fields that are always known are omitted.";
  return [{ kind: "figure", name: "unknown-figure", caption, svg: barsPlot(rows, { x: "share unknown" }) }];
}

function ratesFigure({ fields }: DatasetInspection): ReportBlock {
  const rows = fields.flatMap((field) =>
    valuesOf(field).flatMap((value) =>
      (["train", "test"] as const).map((series) => ({
        group: field.name,
        name: valueName(value, 40),
        series,
        rate: value[series].rate,
        count: value[series].samples,
      })),
    ),
  );
  return {
    kind: "figure",
    name: "rates-figure",
    caption: "Click rate of the most frequent values of each field.",
    svg: ratesPlot(rows, { x: "click rate" }),
  };
}
