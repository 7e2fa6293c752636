/**
 * Running statistics, such as the moments of Dice: parameters that no gradient moves. What the shards leave in place of
 * a gradient is their share of the batch's value, and the running value is an average of those.
 */
import type { Kernels } from "../kernels/contract.ts";
import type { Gradients } from "./gradients.ts";

/** Weight of the past in the running average, once there is enough of it. */
const MOMENTUM = 0.99;

/**
 * Averages the batch's statistics, summed over shards, into the running ones: a plain mean over the first hundred
 * steps, which forgets at once what the statistics started from, and from then on an exponential average.
 * @param step number of this step, from 1
 */
export function averageStatistics(kernels: Kernels, gradients: Gradients, step: number): void {
  const { dense, parameters } = gradients;
  const { trainedCount, denseCount } = parameters;
  const count = denseCount - trainedCount;
  const running = parameters.dense.value + trainedCount * 4;
  const past = Math.min(MOMENTUM, 1 - 1 / step);
  kernels.scale(count, past, running, running, 0);
  kernels.scale(count, 1 - past, dense + trainedCount * 4, running, 1);
}
