/** Whole models on every dataset with every seed: what tables 2 and 3 of the paper have in common. */
import type { Block, Report } from "../report/report.ts";
import { calibrationFigure, intervalFigure } from "./figures.ts";
import type { Lab } from "./lab.ts";
import type { PaperTable } from "./paper.ts";
import { repeatCommands, seedsFlag } from "./repeat.ts";
import { gatherResults, standingsOf } from "./results.ts";
import { differenceRows, runRows, summaryRows } from "./rows.ts";
import { leaderSentence } from "./sentences.ts";
import { howP, overviewTable, standingTable } from "./tables.ts";
import type { Variant } from "./variants.ts";

/** What sets one such table apart from another. */
interface ModelTable {
  readonly name: string;
  readonly title: string;
  readonly variants: readonly Variant[];
  readonly paper: PaperTable;
  /** What is to be said before the tables. */
  readonly remarks: readonly string[];
}

/** Trains the models and says who leads, by how much, and whether that is chance. */
export async function compareModels(lab: Lab, { name, title, variants, paper, remarks }: ModelTable): Promise<Report> {
  const trials = lab.trials(variants);
  const results = await gatherResults(await lab.train(trials));
  const standings = standingsOf(results);
  return {
    name,
    title,
    lead: standings.map(leaderSentence).join(" "),
    blocks: [
      ...remarks.map((text): Block => ({ kind: "text", text })),
      overviewTable("overview", standings, variants, paper),
      intervalFigure(name, standings),
      { kind: "text", text: howP(lab.options.seeds) },
      ...standings.flatMap((own) => [standingTable(own), calibrationFigure(own)]),
    ],
    data: {
      runs: runRows(results),
      summary: summaryRows(results),
      differences: differenceRows(standings),
    },
    commands: repeatCommands(lab, name, trials, seedsFlag(lab)),
  };
}
