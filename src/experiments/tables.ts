/**
 * Tables of variants: mean and deviation over seeds beside the paper's figures, and for each dataset who is better than
 * whom. Tables 2, 3 and 4 of the paper are made of these.
 */

import { metric, percent } from "../format.ts";
import type { Block, Cell } from "../report/report.ts";
import { relaImpr } from "../statistics/relaimpr.ts";
import type { PaperTable } from "./paper.ts";
import type { Standings } from "./results.ts";
import type { Variant } from "./variants.ts";
import { differenceCell, meanAndDeviation } from "./words.ts";

/** How the tables' p-values come about. */
export function howP(seeds: number): string {
  const test = "DeLong's test with users as clusters";
  const chance = seeds > 1 ? `counts both the test users (${test}) and the seeds as chance` : ONE_SEED;
  return `p is two-sided, ${chance}, and is not corrected for the number of comparisons.`;
}

const ONE_SEED = "knows of one seed and counts only the test users as chance: with more seeds it may well be larger";

function seedsOf({ results: [{ runs }] }: Standings): string {
  return runs.length > 1 ? `mean ± standard deviation over ${runs.length} seeds` : "one seed";
}

/** The paper's own table: a row a variant, a column a dataset, and what the paper reports. */
export function overviewTable(
  name: string,
  standings: readonly Standings[],
  variants: readonly Variant[],
  paper: PaperTable,
): Block {
  const best = standings.map((own) => Math.max(...variants.map((variant) => own.of(variant).auc.mean)));
  const rows = variants.map((variant): Cell[] => {
    const { name, label } = variant;
    const ours = standings.map((own, i): Cell => {
      const { auc } = own.of(variant);
      return { text: meanAndDeviation(auc), strong: auc.mean === best[i] };
    });
    const theirs = paper.auc[name]?.map(([mean, deviation]) => meanAndDeviation({ mean, deviation }));
    return [label, ...ours, ...(theirs ?? paper.columns.map(() => null))];
  });
  return {
    kind: "table",
    name,
    caption: `Test AUC, ${seedsOf(standings[0])}; best epoch chosen on validation. The paper's figures are of other data: what can be compared is the order and the distances.`,
    head: ["", ...standings.map(({ dataset }) => dataset.name), ...paper.columns],
    rows,
  };
}

/** One dataset in full: every metric, the distance to base and to the best of the others. */
export function standingTable(standings: Standings): Block {
  const { dataset, results } = standings;
  const baseline = results.find(({ variant }) => variant.settings["model.name"] === "base");
  const rows = results.map((result): Cell[] => {
    const other = standings.bestBut(result);
    return [
      result.variant.label,
      meanAndDeviation(result.auc),
      metric(result.gauc.mean),
      metric(result.logloss.mean),
      metric(result.ece.mean),
      baseline && result !== baseline ? percent(relaImpr(result.auc.mean, baseline.auc.mean)) : null,
      baseline && result !== baseline ? differenceCell(standings.difference(result, baseline)) : null,
      other ? { text: differenceCell(standings.difference(result, other)), note: other.variant.label } : null,
    ];
  });
  return {
    kind: "table",
    name: `standing-${dataset.slug}`,
    caption: `${dataset.name}: test metrics, ${seedsOf(standings)}.`,
    head: ["", "AUC", "GAUC", "logloss", "ECE", "RelaImpr", "difference to BaseModel", "difference to the best other"],
    rows,
  };
}

/** A question that the difference of two variants answers. */
export interface Pair {
  readonly question: string;
  readonly a: Variant;
  readonly b: Variant;
}

/** A row a question, a column a dataset. */
export function differenceTable(
  name: string,
  caption: string,
  standings: readonly Standings[],
  pairs: readonly Pair[],
): Block {
  const rows = pairs.map(({ question, a, b }): Cell[] => [
    question,
    `${a.label} less ${b.label}`,
    ...standings.map((own) => differenceCell(own.difference(own.of(a), own.of(b)))),
  ]);
  return {
    kind: "table",
    name,
    caption,
    head: ["", "difference", ...standings.map(({ dataset }) => dataset.name)],
    rows,
  };
}
