/**
 * Table 2 of the paper (Zhou et al. 2019, https://arxiv.org/abs/1809.03672): DIEN and the models it was compared with,
 * on public data.
 */
import type { ExperimentRun } from "./experiment.ts";
import { calibrationFigure, intervalFigure } from "./figures.ts";
import { repeatCommands, seedsFlag } from "./repeat.ts";
import { gatherResults, standingsOf } from "./results.ts";
import { differenceRows, runRows, summaryRows } from "./rows.ts";
import { leaderSentence } from "./sentences.ts";
import { howP, overviewTable, standingTable } from "./tables.ts";
import { base, dien, din, gruAttention, pnn, wideDeep } from "./variants.ts";

const VARIANTS = [base, wideDeep, pnn, din, gruAttention, dien];

export const table2: ExperimentRun = async (lab) => {
  const trials = lab.trials(VARIANTS);
  const results = await gatherResults(await lab.train(trials));
  const standings = standingsOf(results);
  return {
    name: "table2",
    title: "Table 2: DIEN and the models it was compared with",
    lead: standings.map(leaderSentence).join(" "),
    blocks: [
      overviewTable("overview", standings, VARIANTS),
      intervalFigure("table2", standings),
      { kind: "text", text: howP(lab.options.seeds) },
      ...standings.flatMap((own) => [standingTable(own), calibrationFigure(own)]),
    ],
    data: {
      runs: runRows(results),
      summary: summaryRows(results),
      differences: differenceRows(standings),
    },
    commands: repeatCommands(lab, "table2", trials, seedsFlag(lab)),
  };
};
