/** Made-up test samples of users, scored by the runs of two models, and a bootstrap of the users. */
import { auc } from "../../src/statistics/auc.ts";
import type { Comparison } from "../../src/statistics/compare.ts";
import type { Random } from "../../src/tensor/random.ts";

export interface ShopSettings {
  readonly users: number;
  readonly perUser: number;
  /** How far apart a run of A, and of B, scores clicks and the rest, in deviations of what users add. */
  readonly strengths: readonly [number, number];
  /** Runs a side. */
  readonly seeds: number;
  /** Deviation of the strength from run to run. */
  readonly seedNoise?: number;
}

/** Samples whose scores go up and down with user and sample, alike in all runs, and a little with the run. */
export function drawShop(
  random: Random,
  { users, perUser, strengths, seeds, seedNoise = 0 }: ShopSettings,
): Comparison {
  const samples = users * perUser;
  const group = Int32Array.from({ length: samples }, (_, i) => Math.floor(i / perUser));
  const label = Array.from(group, () => random.integer(2));
  const level = Float64Array.from({ length: users }, () => random.normal());
  const common = Float64Array.from({ length: samples }, () => random.normal());
  const side = (strength: number) => {
    // Each model understands some users better than others.
    const grasp = Float64Array.from({ length: users }, () => strength + 0.7 * random.normal());
    return Array.from({ length: seeds }, () => {
      const luck = seedNoise * random.normal();
      return common.map(
        (shared, i) => (grasp[group[i]] + luck) * label[i] + level[group[i]] + shared + 0.5 * random.normal(),
      );
    });
  };
  return { label, group, a: side(strengths[0]), b: side(strengths[1]) };
}

/** Standard deviation, over resamples of whole users, of the difference of mean AUCs; groups must be equally large. */
export function differenceByBootstrap(random: Random, { label, group, a, b }: Comparison, resamples: number): number {
  const users = group.at(-1)! + 1;
  const perUser = group.length / users;
  const differences = Array.from({ length: resamples }, () => {
    const sampled = Array.from({ length: users }, () => random.integer(users));
    const places = sampled.flatMap((u) => Array.from({ length: perUser }, (_, k) => u * perUser + k));
    const labels = places.map((i) => label[i]);
    const meanAuc = (runs: Comparison["a"]) =>
      runs.reduce((sum, run) => {
        const scores = places.map((i) => run[i]);
        return sum + auc(labels, scores);
      }, 0) / runs.length;
    return meanAuc(a) - meanAuc(b);
  });
  const mean = differences.reduce((sum, value) => sum + value, 0) / resamples;
  return Math.sqrt(differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (resamples - 1));
}
