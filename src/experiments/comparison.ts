/**
 * Tables of variants: mean and deviation over seeds beside the paper's figures, and for each dataset who is better than
 * whom. Tables 2, 3 and 4 of the paper are made of these.
 */

import { calibrationOf } from "../evaluate/calibration.ts";
import { relaImpr } from "../evaluate/relaimpr.ts";
import { metric, percent, signed } from "../format.ts";
import type { Row } from "../report/csv.ts";
import { calibrationPlot } from "../report/plots/calibration.ts";
import { intervalPlot } from "../report/plots/intervals.ts";
import type { Block, Cell } from "../report/report.ts";
import { paperAuc } from "./paper.ts";
import type { Result, Standings } from "./results.ts";
import { base, type Variant } from "./variants.ts";
import { differenceCell, meanAndDeviation, pStatement } from "./words.ts";

/** The paper's own table: a row a variant, a column a dataset, and what the paper reports. */
export function overviewTable(name: string, standings: readonly Standings[], variants: readonly Variant[]): Block {
  const best = standings.map(({ results }) => Math.max(...results.map(({ auc }) => auc.mean)));
  const rows = variants.map(({ name, label }): Cell[] => {
    const ours = standings.map(({ results }, i): Cell => {
      const result = results.find(({ variant }) => variant.name === name);
      if (!result) return null;
      return { text: meanAndDeviation(result.auc), strong: result.auc.mean === best[i] };
    });
    const paper = paperAuc[name];
    const theirs =
      paper && [paper.electronics, paper.books].map(([mean, deviation]) => meanAndDeviation({ mean, deviation }));
    return [label, ...ours, ...(theirs ?? [null, null])];
  });
  return {
    kind: "table",
    name,
    caption:
      "Test AUC, mean ± standard deviation over seeds, best epoch chosen on validation. The paper's figures are of other data: what can be compared is the order and the distances.",
    head: ["", ...standings.map(({ dataset }) => dataset.name), "paper: Electronics", "paper: Books"],
    rows,
  };
}

/** One dataset in full: every metric, the distance to base and to the best of the others. */
export function standingTable(standings: Standings): Block {
  const { dataset, results } = standings;
  const baseline = standings.of(base);
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
      other ? `${differenceCell(standings.difference(result, other))} ${other.variant.name}` : null,
      result.runs.map(({ summary }) => summary.best_epoch).join(" "),
    ];
  });
  return {
    kind: "table",
    name: `standing-${dataset.slug}`,
    caption: `${dataset.name}: test metrics, means over ${results[0].runs.length} seeds. ${HOW_P}`,
    head: ["", "AUC", "GAUC", "logloss", "ECE", "RelaImpr", "less base", "less the best other", "best epochs"],
    rows,
  };
}

/** How the tables' p-values come about. */
export const HOW_P =
  "p is two-sided and counts both the test users (DeLong with users as clusters) and the seeds as chance; it is not corrected for the number of comparisons.";

/** Differences of one dataset's variants to one of them. */
export function differenceTable(
  name: string,
  caption: string,
  standings: readonly Standings[],
  pairs: readonly Pair[],
): Block {
  const rows = pairs.map(({ question, a, b }): Cell[] => [
    question,
    `${a.label} less ${b.label}`,
    ...standings.map((own): Cell => {
      const [first, second] = [own.of(a), own.of(b)];
      return first && second ? differenceCell(own.difference(first, second)) : null;
    }),
  ]);
  return {
    kind: "table",
    name,
    caption,
    head: ["", "difference", ...standings.map(({ dataset }) => dataset.name)],
    rows,
  };
}

/** A question that the difference of two variants answers. */
export interface Pair {
  readonly question: string;
  readonly a: Variant;
  readonly b: Variant;
}

export function intervalFigure(name: string, standings: readonly Standings[]): Block {
  const rows = standings.flatMap(({ dataset, results }) =>
    results.map(({ variant, auc, runs }) => ({
      group: dataset.name,
      name: variant.label,
      mean: auc.mean,
      low: auc.low,
      high: auc.high,
      points: runs.map(({ summary }) => summary.test.auc),
    })),
  );
  const caption = "Test AUC: each seed, their mean and its 95 % confidence interval.";
  return { kind: "figure", name, caption, svg: intervalPlot(rows, { x: "test AUC" }) };
}

/** Predicted against observed click rate of each variant, its seeds together. */
export function calibrationFigure({ dataset, results }: Standings): Block {
  const { label } = dataset.content.test;
  const rows = results.flatMap(({ variant, scores }) => {
    const labels = new Float32Array(label.length * scores.length);
    const all = new Float32Array(labels.length);
    scores.forEach((score, seed) => {
      labels.set(label, seed * label.length);
      all.set(score, seed * label.length);
    });
    return calibrationOf(labels, all).bins.map((bin) => ({ series: variant.label, ...bin }));
  });
  const caption = `${dataset.name}: click rate predicted and observed, in ten bins of as many test samples each; on the diagonal the two agree.`;
  return { kind: "figure", name: `calibration-${dataset.slug}`, caption, svg: calibrationPlot(rows) };
}

/** "beauty: DIEN leads with 0.8061, 0.0081 above DIN (p < 0.0001)." */
export function leaderSentence(standings: Standings): string {
  const { dataset, results } = standings;
  const leader = results.reduce((best, result) => (result.auc.mean > best.auc.mean ? result : best));
  const second = standings.bestBut(leader);
  const start = `${dataset.name}: ${leader.variant.label} leads with a test AUC of ${metric(leader.auc.mean)}`;
  if (!second) return `${start}.`;
  const { difference, p } = standings.difference(leader, second);
  return `${start}, ${metric(difference)} above ${second.variant.label} (${pStatement(p)}).`;
}

/** Every run, a row each. */
export function runRows(results: readonly Result[]): Row[] {
  return results.flatMap(({ dataset, variant, runs }) =>
    runs.map(({ seed, summary: { best_epoch, parameters, valid, test, epochs, weights_sha256 } }) => ({
      dataset: dataset.name,
      variant: variant.name,
      seed,
      parameters,
      best_epoch,
      valid_auc: valid.auc,
      test_auc: test.auc,
      test_gauc: test.gauc,
      test_logloss: test.logloss,
      seconds: epochs.reduce((sum, { seconds }) => sum + seconds, 0),
      weights_sha256,
    })),
  );
}

/** Every variant, a row each. */
export function summaryRows(results: readonly Result[]): Row[] {
  return results.map(({ dataset, variant, runs, auc, gauc, logloss, ece }) => ({
    dataset: dataset.name,
    variant: variant.name,
    seeds: runs.length,
    auc_mean: auc.mean,
    auc_deviation: auc.deviation,
    auc_low: auc.low,
    auc_high: auc.high,
    gauc_mean: gauc.mean,
    gauc_deviation: gauc.deviation,
    logloss_mean: logloss.mean,
    logloss_deviation: logloss.deviation,
    ece_mean: ece.mean,
  }));
}

/** Every pair of a dataset's variants, a row each. */
export function differenceRows(standings: readonly Standings[]): Row[] {
  return standings.flatMap((own) =>
    own.results.flatMap((a) =>
      own.results
        .filter((b) => b !== a)
        .map((b) => {
          const { difference, deviation, low, high, p } = own.difference(a, b);
          const pair = { dataset: own.dataset.name, variant: a.variant.name, other: b.variant.name };
          return { ...pair, difference, deviation, low, high, p };
        }),
    ),
  );
}

/** What a pair of variants differs by, in words. */
export function differenceWords(standings: Standings, a: Variant, b: Variant): string | undefined {
  const [first, second] = [standings.of(a), standings.of(b)];
  if (!first || !second) return undefined;
  const { difference, p } = standings.difference(first, second);
  return `${signed(difference)} (${pStatement(p)}) on ${standings.dataset.name}`;
}
