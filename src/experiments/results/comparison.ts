/**
 * Trains variants on every dataset with every seed and reports how they compare: what tables 2, 3 and 4 have in common.
 */
import type { Report, ReportBlock } from "../../report/report.ts";
import type { Lab } from "../lab/lab.ts";
import type { Variant } from "../lab/trials.ts";
import {
  calibrationFigure,
  howP,
  intervalFigure,
  leaderSentence,
  metricsTable,
  overviewTable,
  type PublishedTable,
} from "./blocks.ts";
import { repeatCommands, seedsFlag } from "./commands.ts";
import { byDataset, type DatasetResults, gatherResults } from "./results.ts";
import { differenceRows, runRows, summaryRows } from "./rows.ts";

/** What makes one such report different from another. */
interface ComparisonReport {
  readonly name: string;
  readonly title: string;
  readonly variants: readonly Variant[];
  /** The answer on one dataset, in a sentence. */
  readonly lead: (own: DatasetResults) => string;
  readonly blocks: (datasets: readonly DatasetResults[]) => readonly ReportBlock[];
}

/** Trains what is missing, then reports with every run, summary and difference as data. */
export async function compareVariants(
  lab: Lab,
  { name, title, variants, lead, blocks }: ComparisonReport,
): Promise<Report> {
  const trials = lab.trials(variants);
  const results = await gatherResults(await lab.train(trials));
  const datasets = byDataset(results);
  return {
    name,
    title,
    lead: datasets.map(lead).join(" "),
    blocks: blocks(datasets),
    data: { runs: runRows(results), summary: summaryRows(results), differences: differenceRows(datasets) },
    commands: repeatCommands(lab, name, trials, seedsFlag(lab)),
  };
}

/** What a comparison of whole models needs; `remarks` are printed before the tables. */
interface ModelComparison extends Pick<ComparisonReport, "name" | "title" | "variants"> {
  readonly paper: PublishedTable;
  readonly remarks: readonly string[];
}

/** Compares whole models: which leads, by how much, and whether that could be chance. */
export async function compareModels(lab: Lab, { paper, remarks, ...rest }: ModelComparison): Promise<Report> {
  return await compareVariants(lab, {
    ...rest,
    lead: leaderSentence,
    blocks: (datasets) => [
      ...remarks.map((text): ReportBlock => ({ kind: "text", text })),
      overviewTable(datasets, rest.variants, paper),
      intervalFigure(rest.name, datasets),
      { kind: "text", text: howP(lab.options.seeds) },
      ...datasets.flatMap((own) => [metricsTable(own), calibrationFigure(own)]),
    ],
  });
}
