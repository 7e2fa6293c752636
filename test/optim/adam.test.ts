/** Adam against an independent program's numbers, and against its formula in float64. */
import { describe, expect, it } from "vitest";
import { Adam } from "../../src/optim/adam.ts";
import { DENSE_PIECE, ROW_PIECE } from "../../src/optim/gradients.ts";
import { Random } from "../../src/tensor/random.ts";
import type { GoldenArray } from "../support/golden.ts";
import { readGolden } from "../support/golden.ts";
import { type BenchOptions, OptimiserBench } from "../support/optimiser-bench.ts";
import { relativeError } from "../support/workbench.ts";

const plain = { clipNorm: 0, embeddingL2: 0 };
const RATE = 0.01;

interface Steps {
  readonly initial: GoldenArray;
  readonly ids: number[][];
  readonly gradients: GoldenArray[];
  readonly after: GoldenArray[];
}

describe("golden steps", () => {
  it("of dense parameters, their gradient left by two shards", () => {
    const { initial, gradients, after } = readGolden<Steps>("adam-dense");
    const bench = new OptimiserBench({ dense: { W: initial.data.length }, shards: 2 });
    bench.write("W", initial.data);
    const adam = new Adam(bench.kernels, bench.gradients, plain);
    gradients.forEach(({ data }, step) => {
      bench.leave(0, { W: data.map((g) => 0.75 * g) });
      bench.leave(1, { W: data.map((g) => 0.25 * g) });
      bench.reduce();
      adam.apply(0, 1, RATE);
      expect(relativeError(bench.read("W"), after[step].data), `step ${step}`).toBeLessThan(1e-5);
    });
  });

  it("of embedding rows, looked up by two shards", () => {
    const { initial, ids, gradients, after } = readGolden<Steps>("adam-sparse");
    const [rows, cols] = initial.shape;
    const bench = new OptimiserBench({ tables: { item: [rows, cols] }, lookups: ["item"], shards: 2 });
    bench.write("item", initial.data);
    const adam = new Adam(bench.kernels, bench.gradients, plain);
    gradients.forEach(({ data }, step) => {
      bench.leave(0, {}, [{ ids: ids[step].slice(0, 1), gradient: data.slice(0, cols) }]);
      bench.leave(1, {}, [{ ids: ids[step].slice(1), gradient: data.slice(cols) }]);
      bench.reduce();
      adam.apply(0, 1, RATE);
      expect(relativeError(bench.read("item"), after[step].data), `step ${step}`).toBeLessThan(1e-5);
    });
  });
});

/** Adam of one number in float64. */
class Scalar {
  m = 0;
  v = 0;
  w: number;

  constructor(w: number) {
    this.w = w;
  }

  step(g: number, t: number): void {
    this.m = 0.9 * this.m + 0.1 * g;
    this.v = 0.999 * this.v + 0.001 * g * g;
    this.w -= (RATE * (this.m / (1 - 0.9 ** t))) / (Math.sqrt(this.v / (1 - 0.999 ** t)) + 1e-8);
  }
}

describe("steps in float64", () => {
  it.each([
    ["plain", plain],
    ["clipped", { clipNorm: 2.5, embeddingL2: 0 }],
    ["with L2 on the rows that a batch reads", { clipNorm: 0, embeddingL2: 0.3 }],
    ["clipped, with L2", { clipNorm: 2.5, embeddingL2: 0.3 }],
  ])("%s", (_, options) => {
    const bench = new OptimiserBench({ dense: { W: 5 }, tables: { item: [6, 2] }, lookups: ["item"] });
    const random = new Random(6);
    const draw = (count: number, scale: number) => Array.from({ length: count }, () => scale * random.normal());
    const initial = { W: draw(5, 1), item: draw(12, 1) };
    bench.write("W", initial.W);
    bench.write("item", initial.item);
    const W = initial.W.map((w) => new Scalar(w));
    const item = initial.item.map((w) => new Scalar(w));
    const adam = new Adam(bench.kernels, bench.gradients, options);
    // Gradients below the limit and above it.
    [0.1, 3, 1, 10, 0.2].forEach((scale, i) => {
      const [dense, ids, rows] = [draw(5, scale), [1, 4], draw(4, scale)];
      bench.leave(0, { W: dense }, [{ ids, gradient: rows }]);
      bench.reduce();
      adam.apply(0, 1, RATE);
      const norm = Math.hypot(...dense, ...rows);
      const clip = options.clipNorm === 0 ? 1 : Math.min(1, options.clipNorm / norm);
      W.forEach((number, j) => {
        number.step(clip * dense[j], i + 1);
      });
      rows.forEach((g, j) => {
        const number = item[ids[j >> 1] * 2 + (j % 2)];
        number.step(clip * g + options.embeddingL2 * number.w, i + 1);
      });
      for (const [name, numbers] of [["W", W] as const, ["item", item] as const]) {
        for (const [what, key] of [["value", "w"] as const, ["m", "m"] as const, ["v", "v"] as const]) {
          const expected = numbers.map((number) => number[key]);
          expect(relativeError(bench.read(name, what), expected), `${what} of ${name}`).toBeLessThan(1e-5);
        }
      }
    });
    // Rows that no batch read are as they were.
    const untouched = (row: number) => bench.read("item").slice(row * 2, row * 2 + 2);
    for (const row of [0, 2, 3, 5])
      expect(untouched(row)).toEqual(initial.item.slice(row * 2, row * 2 + 2).map(Math.fround));
  });
});

const large: BenchOptions = {
  ...{ dense: { W: 2 * DENSE_PIECE + 9 }, statistics: { mean: 3 } },
  ...{ tables: { item: [3 * ROW_PIECE, 2], user: [4, 1] }, lookups: ["item", "user"], capacity: 3 * ROW_PIECE },
};

/**
 * Two steps of a bench of several pieces, each taken by `parts` threads. Where the gradient is clipped, all have summed
 * before one moves; where it is not, each moves as soon as it has summed.
 */
function run(parts: number, clipNorm: number): OptimiserBench {
  const bench = new OptimiserBench(large);
  const random = new Random(8);
  const draw = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  const options = { clipNorm, embeddingL2: 0.1 };
  const threads = Array.from({ length: parts }, () => new Adam(bench.kernels, bench.gradients, options));
  for (let step = 0; step < 2; step++) {
    bench.leave(0, { W: draw(2 * DENSE_PIECE + 9), mean: draw(3) }, [
      { ids: Array.from({ length: 3 * ROW_PIECE - 5 }, (_, i) => i), gradient: [...draw(6 * ROW_PIECE)] },
      { ids: [2, 2, 0], gradient: [...draw(3)] },
    ]);
    bench.gather(parts);
    if (clipNorm > 0) for (let part = 0; part < parts; part++) bench.sumRows(part, parts);
    threads.forEach((adam, part) => {
      if (clipNorm === 0) bench.sumRows(part, parts);
      adam.apply(part, parts, RATE);
    });
  }
  return bench;
}

const NAMES = ["W", "mean", "item", "user"];

it.each([0, 1])("any number of threads moves every weight once, to the same bits, clipped to norm %i", (clipNorm) => {
  const one = run(1, clipNorm);
  const weights = one.read("W");
  expect(weights.every((w) => w !== 0)).toBe(true);
  for (const parts of [2, 3, 4]) {
    const several = run(parts, clipNorm);
    for (const name of NAMES) {
      for (const what of ["value", "m", "v"] as const) expect(several.read(name, what)).toEqual(one.read(name, what));
    }
  }
});

it("a run that goes on after some steps corrects its moments and averages by their number", () => {
  const bench = new OptimiserBench({ dense: { W: 1 }, statistics: { mean: 1 } });
  bench.write("W", [1]);
  bench.write("mean", [6]);
  const adam = new Adam(bench.kernels, bench.gradients, plain);
  adam.startAt(2);
  bench.leave(0, { W: [0.5], mean: [3] });
  bench.reduce();
  adam.apply(0, 1, RATE);
  const corrected = (0.1 * 0.5) / (1 - 0.9 ** 3) / Math.sqrt((0.001 * 0.25) / (1 - 0.999 ** 3));
  expect(bench.read("W")[0]).toBeCloseTo(1 - RATE * corrected, 6);
  expect(bench.read("mean")[0]).toBeCloseTo((2 * 6 + 3) / 3, 5);
  // The step counts: the next one is the fourth.
  adam.startAt(3);
  expect(() => adam.startAt(2)).toThrow(new RangeError("step 2 lies before step 3"));
});
