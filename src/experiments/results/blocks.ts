/**
 * Results as parts of a report: sentences, tables of variants (mean and deviation over seeds beside the paper's
 * figures, and for each dataset which variant is better), figures. Tables 2, 3 and 4 of the paper are made of these.
 */
import { count, metric, percent, pValue, signed } from "../../format.ts";
import { calibrationPlot } from "../../report/plots/calibration.ts";
import { intervalPlot } from "../../report/plots/intervals.ts";
import type { ReportBlock, TableCell } from "../../report/report.ts";
import { calibrationOf } from "../../statistics/calibration.ts";
import type { Difference } from "../../statistics/compare.ts";
import { relaImpr } from "../../statistics/relaimpr.ts";
import type { Spread } from "../../statistics/spread.ts";
import type { Variant } from "../lab/trials.ts";
import type { DatasetResults } from "./results.ts";

/** AUC as a paper prints it, to stand beside ours. */
export interface PublishedTable {
  /** Titles of the columns: on what data. */
  readonly columns: readonly string[];
  /** By the name of the variant, one value for each column. */
  readonly auc: Readonly<Record<string, readonly PublishedAuc[]>>;
}

/** Mean and standard deviation over runs; the deviation is NaN where the paper has none. */
type PublishedAuc = readonly [mean: number, deviation: number];

/** 0.8031 ± 0.0012: mean and standard deviation; the mean alone where there is one value. */
export function meanAndDeviation({ mean, deviation }: Pick<Spread, "mean" | "deviation">): string {
  return Number.isNaN(deviation) ? metric(mean) : `${metric(mean)} ± ${metric(deviation)}`;
}

/** "p < 0.0001", "p = 0.0120". */
export function pStatement(p: number): string {
  const text = pValue(p);
  return text.startsWith("<") ? `p ${text}` : `p = ${text}`;
}

/** Difference and p-value: "+0.0081 (p < 0.0001)". */
export function differenceText({ difference, p }: Difference): string {
  return `${signed(difference)} (${pStatement(p)})`;
}

/** "beauty: DIEN leads with a test AUC of 0.8061, 0.0081 above DIN (p < 0.0001)." */
export function leaderSentence(own: DatasetResults): string {
  const { dataset, results } = own;
  const leader = results.reduce((best, result) => (result.auc.mean > best.auc.mean ? result : best));
  const second = own.bestExcept(leader);
  const seeds = leader.runs.length > 1 ? "" : " (one seed)";
  const start = `${dataset.name}: ${leader.variant.label} leads with a test AUC of ${metric(leader.auc.mean)}${seeds}`;
  if (!second) return `${start}.`;
  const { difference, p } = own.difference(leader, second);
  return `${start}, ${metric(difference)} above ${second.variant.label} (${pStatement(p)}).`;
}

/** How the tables' p-values are computed, in a sentence. */
export function howP(seeds: number): string {
  const test = "DeLong's test with users as clusters";
  const sources =
    seeds > 1
      ? `It accounts for two sources of variation: test users (${test}) and seeds.`
      : `It accounts for the test users (${test}), but not for the seed: with more seeds it may well be larger.`;
  return `p is two-sided. ${sources} It is not corrected for the number of comparisons.`;
}

function seedsOf({ results: [{ runs }] }: DatasetResults): string {
  return runs.length > 1 ? `mean ± standard deviation over ${runs.length} seeds` : "one seed";
}

/** The paper's own table: a row for each variant, a column for each dataset, and what the paper reports. */
export function overviewTable(
  datasets: readonly DatasetResults[],
  variants: readonly Variant[],
  paper: PublishedTable,
): ReportBlock {
  const best = datasets.map((own) => Math.max(...variants.map((variant) => own.of(variant).auc.mean)));
  const rows = variants.map((variant): TableCell[] => {
    const { name, label } = variant;
    const ours = datasets.map((own, i): TableCell => {
      const { auc } = own.of(variant);
      return { text: meanAndDeviation(auc), strong: auc.mean === best[i] };
    });
    const theirs = paper.auc[name]?.map(([mean, deviation]) => meanAndDeviation({ mean, deviation }));
    return [label, ...ours, ...(theirs ?? paper.columns.map(() => null))];
  });
  return {
    kind: "table",
    name: "overview",
    caption: `Test AUC, ${seedsOf(datasets[0])}; the epoch was chosen on validation. The paper's values are from other data: compare the order of the models and their distances, not the values.`,
    head: ["", ...datasets.map(({ dataset }) => dataset.name), ...paper.columns],
    rows,
  };
}

/** One dataset in full: every metric, the difference to BaseModel and to the best of the others. */
export function metricsTable(own: DatasetResults): ReportBlock {
  const { dataset, results } = own;
  const isMixed = results.some(({ knownAuc }) => knownAuc !== undefined);
  const baseline = results.find(({ variant }) => variant.settings["model.name"] === "base");
  const rows = results.map((result): TableCell[] => {
    const other = own.bestExcept(result);
    return [
      result.variant.label,
      meanAndDeviation(result.auc),
      ...(isMixed ? [result.knownAuc ? meanAndDeviation(result.knownAuc) : null] : []),
      metric(result.gauc.mean),
      metric(result.logloss.mean),
      metric(result.ece.mean),
      baseline && result !== baseline ? percent(relaImpr(result.auc.mean, baseline.auc.mean)) : null,
      baseline && result !== baseline ? differenceText(own.difference(result, baseline)) : null,
      other ? { text: differenceText(own.difference(result, other)), note: other.variant.label } : null,
    ];
  });
  return {
    kind: "table",
    name: `metrics-${dataset.slug}`,
    caption: `${dataset.name}: test metrics, ${seedsOf(own)}.${isMixed ? ` ${knownSentence(own)}` : ""}`,
    head: [
      ...["", "AUC", ...(isMixed ? ["AUC, known candidates"] : []), "GAUC", "logloss", "ECE"],
      ...["RelaImpr", "difference to BaseModel", "difference to the best other"],
    ],
    rows,
  };
}

/** How many samples have a candidate that training knows. */
function knownSentence({ dataset: { test } }: DatasetResults): string {
  const known = test.known.reduce((sum, one) => sum + one, 0);
  return `Training knows the candidates of ${count(known)} of the ${count(test.known.length)} samples.`;
}

/** A question that the difference of two variants answers. */
export interface Pair {
  readonly question: string;
  readonly a: Variant;
  readonly b: Variant;
}

/** A row for each question, a column for each dataset. */
export function differenceTable(
  name: string,
  caption: string,
  datasets: readonly DatasetResults[],
  pairs: readonly Pair[],
): ReportBlock {
  const rows = pairs.map(({ question, a, b }): TableCell[] => [
    question,
    `${a.label} minus ${b.label}`,
    ...datasets.map((own) => differenceText(own.difference(own.of(a), own.of(b)))),
  ]);
  return {
    kind: "table",
    name,
    caption,
    head: ["", "difference", ...datasets.map(({ dataset }) => dataset.name)],
    rows,
  };
}

/** AUC of each run, and the interval of each variant's mean. */
export function intervalFigure(name: string, datasets: readonly DatasetResults[]): ReportBlock {
  const rows = datasets.flatMap(({ dataset, results }) =>
    results.map(({ variant, auc, runs }) => ({
      group: dataset.name,
      name: variant.label,
      mean: auc.mean,
      low: auc.low,
      high: auc.high,
      points: runs.map(({ summary }) => summary.test.auc),
    })),
  );
  const caption =
    "Test AUC: each seed, their mean and its 95 % confidence interval over seeds. Other test users would shift all models together, so differences between models are more certain than the intervals suggest; the tables give their p-values.";
  return { kind: "figure", name, caption, svg: intervalPlot(rows, { x: "test AUC" }) };
}

/**
 * Predicted against observed click rate of each variant, for its run of seed 1: averaged, errors of seeds would cancel.
 */
export function calibrationFigure({ dataset, results }: DatasetResults): ReportBlock {
  const { label, weight } = dataset.test;
  const rows = results.flatMap(({ variant, scores }) =>
    calibrationOf(label, scores[0], undefined, weight).bins.map((bin) => ({ series: variant.label, ...bin })),
  );
  const caption = `${dataset.name}: predicted and observed click rate of the runs of seed 1, in ten bins with equal numbers of test samples. On the diagonal the two are equal.`;
  return { kind: "figure", name: `calibration-${dataset.slug}`, caption, svg: calibrationPlot(rows) };
}
