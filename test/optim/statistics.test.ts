/** Running statistics are the mean of all batches at first, and an exponential average from the hundredth step on. */
import { expect, it } from "vitest";
import { averageStatistics } from "../../src/optim/statistics.ts";
import { Random } from "../../src/tensor/random.ts";
import { OptimiserBench } from "../support/optimiser-bench.ts";

it("are a plain mean over a hundred steps, then forget one in a hundred", () => {
  const bench = new OptimiserBench({ dense: { W: 3 }, statistics: { mean: 2, variance: 1 }, shards: 2 });
  bench.write("W", [1, 2, 3]);
  // What they start from is forgotten at once.
  bench.write("mean", [7, 8]);
  bench.write("variance", [9]);
  const random = new Random(5);
  const batches: number[][] = [];
  let expected: number[] = [];
  for (let step = 1; step <= 130; step++) {
    const batch = Array.from({ length: 3 }, () => Math.fround(random.normal()));
    batches.push(batch);
    // Each shard leaves its share of the batch's value.
    bench.leave(0, { W: [5, 5, 5], mean: batch.slice(0, 2).map((x) => 0.25 * x), variance: [0.25 * batch[2]] });
    bench.leave(1, { W: [5, 5, 5], mean: batch.slice(0, 2).map((x) => 0.75 * x), variance: [0.75 * batch[2]] });
    bench.reduce();
    averageStatistics(bench.kernels, bench.gradients, step);
    expected =
      step <= 100
        ? batch.map((_, j) => batches.reduce((sum, values) => sum + values[j], 0) / step)
        : expected.map((before, j) => 0.99 * before + 0.01 * batch[j]);
    [...bench.read("mean"), ...bench.read("variance")].forEach((value, j) => {
      expect(Math.abs(value - expected[j]), `step ${step}`).toBeLessThan(2e-6);
    });
  }
  expect(bench.read("W")).toEqual([1, 2, 3]);
});
