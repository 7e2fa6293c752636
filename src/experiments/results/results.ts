/**
 * Runs as results: the runs of a variant on a dataset together, their spread over seeds, and which variant is better.
 */

import { readScores } from "../../run/scores.ts";
import { calibrationOf } from "../../statistics/calibration.ts";
import { comparePlacements, type Difference } from "../../statistics/compare.ts";
import { knownMetrics } from "../../statistics/known.ts";
import { type Placements, placementsOf } from "../../statistics/placements.ts";
import { type Spread, spreadOf } from "../../statistics/spread.ts";
import type { LabDataset } from "../lab/datasets.ts";
import type { TrainedRun, Variant } from "../lab/trials.ts";

/** The test metrics of a variant on a dataset, over its seeds. */
export interface Result {
  readonly dataset: LabDataset;
  readonly variant: Variant;
  readonly runs: readonly TrainedRun[];
  /** One vector of test scores a run. */
  readonly scores: readonly Float32Array[];
  readonly auc: Spread;
  readonly gauc: Spread;
  readonly logloss: Spread;
  /** Expected calibration error. */
  readonly ece: Spread;
  /** AUC of the samples whose candidate training knows, where some are of others. */
  readonly knownAuc?: Spread;
  /** What a comparison with another result needs. */
  readonly placements: Placements;
}

/** The results of runs, by dataset and variant, in the order in which they first appear. */
export async function gatherResults(runs: readonly TrainedRun[]): Promise<Result[]> {
  const groups = groupBy(runs, ({ dataset, variant }) => JSON.stringify([dataset.name, variant.name]));
  return await Promise.all(groups.map(resultOf));
}

async function resultOf(runs: readonly TrainedRun[]): Promise<Result> {
  const [{ dataset, variant }] = runs;
  const { label, known, weight } = dataset.test;
  const scores = await Promise.all(runs.map(({ folder }) => readScores(folder, label.length)));
  const aucs = scores.flatMap((score) => knownMetrics(label, score, known, weight)?.auc ?? []);
  const spread = (metric: "auc" | "gauc" | "logloss") => spreadOf(runs.map(({ summary }) => summary.test[metric]));
  return {
    dataset,
    variant,
    runs,
    scores,
    auc: spread("auc"),
    gauc: spread("gauc"),
    logloss: spread("logloss"),
    ece: spreadOf(scores.map((score) => calibrationOf(label, score, undefined, weight).ece)),
    ...(aucs.length > 0 && { knownAuc: spreadOf(aucs) }),
    placements: placementsOf(label, scores, weight),
  };
}

/** All results on one dataset, to look up and to compare. */
export class DatasetResults {
  readonly dataset: LabDataset;
  readonly results: readonly Result[];

  /** @param results all of one dataset */
  constructor(results: readonly Result[]) {
    this.dataset = results[0].dataset;
    this.results = results;
  }

  /** @throws Error where the variant was not trained */
  of({ name }: Variant): Result {
    const found = this.results.find(({ variant }) => variant.name === name);
    if (!found) throw new Error(`${name} was not trained`);
    return found;
  }

  /** Test AUC of `a` minus that of `b`, with its uncertainty from test users and seeds. */
  difference(a: Result, b: Result): Difference {
    const { label, user, weight } = this.dataset.test;
    return comparePlacements(label, user, a.placements, b.placements, weight);
  }

  /** The best by mean AUC among the others: for the leader the runner-up, for the rest the leader. */
  bestExcept(result: Result): Result | undefined {
    return this.results
      .filter((other) => other !== result)
      .reduce<Result | undefined>((best, other) => (best && best.auc.mean >= other.auc.mean ? best : other), undefined);
  }
}

/** Results grouped by dataset, in the order in which the datasets first appear. */
export function byDataset(results: readonly Result[]): DatasetResults[] {
  return groupBy(results, ({ dataset }) => dataset.name).map((own) => new DatasetResults(own));
}

/** Values with the same key together, groups in the order in which they first appear. */
export function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return [...groups.values()];
}
