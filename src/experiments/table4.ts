/**
 * Table 4 of the paper (Zhou et al. 2019, https://arxiv.org/abs/1809.03672): DIEN taken apart; and what the paper leaves
 * open, one choice at a time: the forms of its authors' code, and the weight of the auxiliary loss.
 */
import type { Block } from "../report/report.ts";
import type { ExperimentRun } from "./experiment.ts";
import { intervalFigure } from "./figures.ts";
import { publicData } from "./paper.ts";
import { repeatCommands, seedsFlag } from "./repeat.ts";
import { gatherResults, type Standings, standingsOf } from "./results.ts";
import { differenceRows, runRows, summaryRows } from "./rows.ts";
import { differenceWords } from "./sentences.ts";
import { differenceTable, howP, overviewTable, type Pair, standingTable } from "./tables.ts";
import {
  agru,
  aigru,
  asReleased,
  augru,
  auxiliary2,
  auxiliaryHalf,
  base,
  dien,
  gruAttention,
  gruWithLoss,
  halvedRate,
  mlpAttention,
  mlpLoss,
  releasedAugru,
  sigmoid,
  uniform,
} from "./variants.ts";

/** The paper's rows. */
const PARTS = [base, gruAttention, aigru, agru, augru, dien];

/** DIEN with one choice made otherwise. */
const CHOICES = [
  gruWithLoss,
  uniform,
  sigmoid,
  auxiliaryHalf,
  auxiliary2,
  releasedAugru,
  mlpAttention,
  mlpLoss,
  halvedRate,
  asReleased,
];

/** What each part adds to the one before. */
const EARNED: readonly Pair[] = [
  { question: "Attention inside the recurrence instead of after it?", a: augru, b: gruAttention },
  { question: "Attention on the update gate instead of the input?", a: augru, b: aigru },
  { question: "Scaling the update gate instead of replacing it?", a: augru, b: agru },
  { question: "The auxiliary loss?", a: dien, b: augru },
  { question: "The candidate in the evolving layer, given the auxiliary loss?", a: dien, b: gruWithLoss },
  { question: "Attention that differs between behaviours, given both?", a: dien, b: uniform },
];

export const table4: ExperimentRun = async (lab) => {
  const variants = [...PARTS, ...CHOICES];
  const trials = lab.trials(variants);
  const results = await gatherResults(await lab.train(trials));
  const standings = standingsOf(results);
  const choices = CHOICES.map((a): Pair => ({ question: a.label, a, b: dien }));
  return {
    name: "table4",
    title: "Table 4: DIEN taken apart",
    lead: standings.map(partsSentence).join(" "),
    blocks: [
      overviewTable("overview", standings, PARTS, publicData),
      differenceTable(
        "earned",
        `What each part earns: differences of test AUC. ${howP(lab.options.seeds)}`,
        standings,
        EARNED,
      ),
      differenceTable(
        "choices",
        "What the paper leaves open: DIEN with one choice made otherwise, less DIEN.",
        standings,
        choices,
      ),
      intervalFigure("table4", standings),
      ...standings.map((own): Block => standingTable(own)),
    ],
    data: { runs: runRows(results), summary: summaryRows(results), differences: differenceRows(standings) },
    commands: repeatCommands(lab, "table4", trials, seedsFlag(lab)),
  };
};

function partsSentence(standings: Standings): string {
  const loss = differenceWords(standings, dien, augru);
  const gate = differenceWords(standings, augru, gruAttention);
  return `The auxiliary loss earns ${loss}; AUGRU over the two-layer GRU with attention, both without it, ${gate}.`;
}
