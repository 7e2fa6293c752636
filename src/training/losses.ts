/**
 * The book-keeping of losses, each by its name. Shards and pieces of a batch leave shares of mean losses; here they are
 * added up, always in the same order, and become means over steps.
 */
import { z } from "zod";
import { type LossTerm, lossesSchema, type MeasuredLosses } from "../run/losses.ts";

export const lossSumsSchema = z.object({ sums: lossesSchema, steps: z.int() });

/** Sums of each loss over a number of steps. */
export type LossSums = z.output<typeof lossSumsSchema>;

export function noLosses(terms: readonly LossTerm[]): LossSums {
  return { sums: Object.fromEntries(terms.map(({ name }) => [name, 0])), steps: 0 };
}

/** Adds shares [rows, losses] of mean losses, row by row. */
export function addShares({ sums }: LossSums, terms: readonly LossTerm[], shares: Float64Array): void {
  for (let i = 0; i < shares.length; i++) sums[terms[i % terms.length].name] += shares[i];
}

/**
 * The losses of `steps` steps from their shares [steps, shards, losses], added up in order.
 * @param onBroken called with the number of the first step, from 1, after which a sum is not finite
 */
export function sumOfSteps(
  terms: readonly LossTerm[],
  shards: number,
  shares: Float64Array,
  steps: number,
  onBroken: (step: number) => never,
): LossSums {
  const total = { ...noLosses(terms), steps };
  const perStep = shards * terms.length;
  for (let step = 0; step < steps; step++) {
    addShares(total, terms, shares.subarray(step * perStep, (step + 1) * perStep));
    if (!areFinite(total)) onBroken(step + 1);
  }
  return total;
}

/** Adds the losses of other steps. */
export function addLosses(to: LossSums, { sums, steps }: LossSums): void {
  for (const name in sums) to.sums[name] += sums[name];
  to.steps += steps;
}

export function areFinite({ sums }: LossSums): boolean {
  return Object.values(sums).every(Number.isFinite);
}

/** The mean of each loss over the steps. */
export function meanLosses({ sums, steps }: LossSums, terms: readonly LossTerm[]): MeasuredLosses {
  const means = terms.map(({ name }): [string, number] => [name, sums[name] / steps]);
  const total_loss = means.reduce((total, [, mean], i) => total + terms[i].weight * mean, 0);
  return { losses: Object.fromEntries(means), total_loss };
}
