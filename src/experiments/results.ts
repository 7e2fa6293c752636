/** Runs as results: the runs of a variant on a dataset together, their spread over seeds, and who is better than whom. */

import { readScores } from "../run/scores.ts";
import { calibrationOf } from "../statistics/calibration.ts";
import { comparePlacements, type Difference } from "../statistics/compare.ts";
import { type Placements, placementsOf } from "../statistics/placements.ts";
import { type Spread, spreadOf } from "../statistics/spread.ts";
import type { LabDataset } from "./datasets.ts";
import { groupBy } from "./group.ts";
import type { Run } from "./trials.ts";
import type { Variant } from "./variants.ts";

/** What the seeds of a variant came to on the test samples of a dataset. */
export interface Result {
  readonly dataset: LabDataset;
  readonly variant: Variant;
  readonly runs: readonly Run[];
  /** One vector of test scores a run. */
  readonly scores: readonly Float32Array[];
  readonly auc: Spread;
  readonly gauc: Spread;
  readonly logloss: Spread;
  /** Expected calibration error. */
  readonly ece: Spread;
  /** What comparisons with other results are made of. */
  readonly placements: Placements;
}

/** The results of runs, by dataset and variant, in the order in which they first appear. */
export async function gatherResults(runs: readonly Run[]): Promise<Result[]> {
  const groups = groupBy(runs, ({ dataset, variant }) => JSON.stringify([dataset.name, variant.name]));
  return await Promise.all(groups.map(resultOf));
}

async function resultOf(runs: readonly Run[]): Promise<Result> {
  const [{ dataset, variant }] = runs;
  const { label } = dataset.test;
  const scores = await Promise.all(runs.map(({ folder }) => readScores(folder, label.length)));
  const spread = (metric: "auc" | "gauc" | "logloss") => spreadOf(runs.map(({ summary }) => summary.test[metric]));
  return {
    dataset,
    variant,
    runs,
    scores,
    auc: spread("auc"),
    gauc: spread("gauc"),
    logloss: spread("logloss"),
    ece: spreadOf(scores.map((score) => calibrationOf(label, score).ece)),
    placements: placementsOf(label, scores),
  };
}

/** Results of one dataset, to look up and to compare. */
export class Standings {
  readonly dataset: LabDataset;
  readonly results: readonly Result[];

  /** @param results all of one dataset */
  constructor(results: readonly Result[]) {
    this.dataset = results[0].dataset;
    this.results = results;
  }

  /** The result of a variant that was trained. */
  of({ name }: Variant): Result {
    const found = this.results.find(({ variant }) => variant.name === name);
    if (!found) throw new Error(`${name} was not trained`);
    return found;
  }

  /** Test AUC of a less that of b, with what the test users and the seeds leave uncertain. */
  difference(a: Result, b: Result): Difference {
    const { label, sequence: users } = this.dataset.test;
    return comparePlacements(label, users, a.placements, b.placements);
  }

  /** The best by mean AUC of those that are not `result`: for the leader the runner-up, for the others the leader. */
  bestBut(result: Result): Result | undefined {
    return this.results
      .filter((other) => other !== result)
      .reduce<Result | undefined>((best, other) => (best && best.auc.mean >= other.auc.mean ? best : other), undefined);
  }
}

/** Results by dataset. */
export function standingsOf(results: readonly Result[]): Standings[] {
  return groupBy(results, ({ dataset }) => dataset.name).map((own) => new Standings(own));
}
