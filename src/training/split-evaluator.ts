/** What the model is worth on a split with the weights as they are: its scores, their metrics, and its losses. */
import type { Split } from "../dataset/dataset.ts";
import type { DatasetStream, Targets } from "../dataset/stream.ts";
import type { WorkerPool } from "../engine/worker-pool.ts";
import type { ReportedMetrics } from "../run/summary.ts";
import { SplitScorer } from "../scoring/split-scorer.ts";
import { evaluateScores } from "../statistics/metrics.ts";
import { addShares, type LossSums, noLosses } from "./losses.ts";

export class SplitEvaluator {
  readonly #pool: WorkerPool;
  readonly #scorer: SplitScorer;
  readonly #readTargets: () => Promise<Targets>;
  #targets: Promise<Targets> | undefined;

  constructor(dataset: DatasetStream, pool: WorkerPool, split: Split) {
    this.#pool = pool;
    this.#scorer = new SplitScorer(dataset, split);
    this.#readTargets = () => dataset.targets(split);
  }

  /** Probability of a click for each sample of the split. */
  score(): Promise<Float32Array> {
    return this.#scorer.score(this.#pool);
  }

  /** Whether all samples that weigh anything have the same label, so that no AUC is defined. */
  async hasOneClass(): Promise<boolean> {
    const { label, weight } = await this.#targetsOnce();
    const counted = weight === undefined ? label : label.filter((_, i) => weight[i] > 0);
    return counted.every((one) => one === counted[0]);
  }

  /** Metrics of the scores. */
  async metrics(score: Float32Array): Promise<ReportedMetrics> {
    const { label, user, known: isKnown, weight } = await this.#targetsOnce();
    const { auc, gauc, logloss, known } = evaluateScores({ label, score, group: user, known: isKnown, weight });
    return { auc, gauc, logloss, ...(known && { known }) };
  }

  /** Mean losses on the samples of the split, as those of one step. */
  async losses(): Promise<LossSums> {
    const { label, pairs } = await this.#targetsOnce();
    const { losses: terms } = this.#pool.workspace;
    const means = { ...noLosses(terms), steps: 1 };
    for (const shares of await this.#scorer.measure(this.#pool, { samples: label.length, pairs })) {
      addShares(means, terms, shares);
    }
    return means;
  }

  #targetsOnce(): Promise<Targets> {
    this.#targets ??= this.#readTargets();
    return this.#targets;
  }
}
