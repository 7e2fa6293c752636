/**
 * Table 4 of the paper (Zhou et al. 2019, https://arxiv.org/abs/1809.03672): the parts of DIEN; and what the paper
 * leaves open, one choice at a time: the forms in the code that its authors released, and the weight of the auxiliary
 * loss.
 */
import type { Report } from "../../report/report.ts";
import type { Lab } from "../lab/lab.ts";
import type { Variant } from "../lab/trials.ts";
import {
  differenceTable,
  differenceText,
  howP,
  intervalFigure,
  metricsTable,
  overviewTable,
  type Pair,
} from "../results/blocks.ts";
import { compareVariants } from "../results/comparison.ts";
import type { DatasetResults } from "../results/results.ts";
import { publicData } from "./published.ts";
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

/** DIEN with one choice changed. */
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
const CONTRIBUTIONS: readonly Pair[] = [
  { question: "Attention inside the recurrence instead of after it?", a: augru, b: gruAttention },
  { question: "Attention on the update gate instead of the input?", a: augru, b: aigru },
  { question: "Scaling the update gate instead of replacing it?", a: augru, b: agru },
  { question: "The auxiliary loss?", a: dien, b: augru },
  { question: "The candidate in the evolving layer, given the auxiliary loss?", a: dien, b: gruWithLoss },
  { question: "Attention that differs between behaviours, given both?", a: dien, b: uniform },
];

export async function table4(lab: Lab): Promise<Report> {
  return await compareVariants(lab, {
    name: "table4",
    title: "Table 4: the parts of DIEN",
    variants: [...PARTS, ...CHOICES],
    lead: partsSentence,
    blocks: (datasets) => [
      overviewTable(datasets, PARTS, publicData),
      differenceTable(
        "parts",
        `What each part contributes: differences of test AUC. ${howP(lab.options.seeds)}`,
        datasets,
        CONTRIBUTIONS,
      ),
      differenceTable(
        "choices",
        "What the paper leaves open: DIEN with one choice changed, minus DIEN.",
        datasets,
        CHOICES.map((a): Pair => ({ question: a.label, a, b: dien })),
      ),
      intervalFigure("table4", datasets),
      ...datasets.map(metricsTable),
    ],
  });
}

function partsSentence(own: DatasetResults): string {
  const difference = (a: Variant, b: Variant) => differenceText(own.difference(own.of(a), own.of(b)));
  return `${own.dataset.name}: the auxiliary loss adds ${difference(dien, augru)}; without it, AUGRU adds ${difference(augru, gruAttention)} over the two-layer GRU with attention.`;
}
