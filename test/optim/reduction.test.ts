/** The gradient of a batch from those of its shards, to the bit and for any number of threads. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DENSE_PIECE, firstPiece, ROW_PIECE } from "../../src/optim/gradients.ts";
import { gatherGradients } from "../../src/optim/reduction.ts";
import { Random } from "../../src/tensor/random.ts";
import { type BenchOptions, type Looked, OptimiserBench, sumInOrder } from "../support/optimiser-bench.ts";

const squaresOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value * value, 0);
const draw = (random: Random, count: number) => Float32Array.from({ length: count }, () => random.normal());

it("threads take the pieces of all arrays in turn: each piece once, and all threads about as many", () => {
  const arrays = fc.array(fc.nat(9), { maxLength: 8 });
  fc.assert(
    fc.property(arrays, fc.nat(20), fc.integer({ min: 1, max: 6 }), (counts, first, parts) => {
      const taken = new Array(parts).fill(0);
      let before = first;
      for (const count of counts) {
        const pieces = Array.from({ length: parts }, (_, part) => {
          const own = [];
          for (let piece = firstPiece(before, part, parts); piece < count; piece += parts) own.push(piece);
          taken[part] += own.length;
          return own;
        });
        expect(pieces.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, piece) => piece));
        before += count;
      }
      expect(Math.max(...taken) - Math.min(...taken)).toBeLessThanOrEqual(1);
    }),
  );
});

describe.each([1, 2, 3, 5])("%i threads", (parts) => {
  it("add dense gradients in shard order, and statistics, whose squares do not count", () => {
    const sizes = { small: 7, large: 2 * DENSE_PIECE + 30 };
    const bench = new OptimiserBench({ dense: sizes, statistics: { mean: 5 }, shards: 4 });
    const random = new Random(3);
    const left = Array.from({ length: 4 }, () => ({
      small: draw(random, sizes.small),
      large: draw(random, sizes.large),
      mean: draw(random, 5),
    }));
    left.forEach((dense, shard) => {
      bench.leave(shard, dense);
    });
    bench.reduce(parts);
    for (const name of ["small", "large", "mean"] as const) {
      const expected = [...left[0][name]].map((_, i) => sumInOrder(left.map((dense) => dense[name][i])));
      expect(bench.dense(name), name).toEqual(expected);
    }
    const squares = squaresOf([...bench.dense("small"), ...bench.dense("large")]);
    expect(bench.gradients.denseSquares.length).toBe(3);
    expect([...bench.gradients.denseSquares].reduce((sum, square) => sum + square) / squares).toBeCloseTo(1, 10);
    // A piece holds its own squares.
    const first = [...bench.dense("small"), 0, ...bench.dense("large")].slice(0, DENSE_PIECE);
    expect(bench.gradients.denseSquares[0] / squaresOf(first)).toBeCloseTo(1, 10);
  });

  it("add up each touched row in (shard, look-up, position) order, step after step", () => {
    const size = { rows: 400, cols: 3 };
    const options: BenchOptions = {
      tables: { item: [size.rows, size.cols], user: [10, 2] },
      // A table that two look-ups read, with another one's between them.
      lookups: ["item", "user", "item"],
      ...{ capacity: 150, shards: 3 },
    };
    const bench = new OptimiserBench(options);
    const random = new Random(4);
    const look = (count: number, rows: number, cols: number): Looked => ({
      ids: Array.from({ length: count }, () => random.integer(rows)),
      gradient: [...draw(random, count * cols)],
    });
    // Many rows, then few: what a step leaves behind may not reach the next.
    for (const count of [150, 20, 1, 90]) {
      const shards = Array.from({ length: 3 }, () => [look(count, 400, 3), look(7, 10, 2), look(count >> 1, 400, 3)]);
      shards.forEach((looked, shard) => {
        bench.leave(shard, {}, looked);
      });
      bench.reduce(parts);
      for (const [name, own] of [["item", [0, 2]] as const, ["user", [1]] as const]) {
        const { cols } = bench.placed(name);
        const met = new Map<number, number[][]>();
        for (const looked of shards) {
          for (const i of own) {
            looked[i].ids.forEach((id, r) => {
              met.set(id, [...(met.get(id) ?? []), looked[i].gradient.slice(r * cols, (r + 1) * cols)]);
            });
          }
        }
        const expected = [...met].map(([id, gradients]) => [
          id,
          gradients[0].map((_, j) => sumInOrder(gradients.map((gradient) => gradient[j]))),
        ]);
        expect(bench.rows(name), name).toEqual(expected);
        const { squares } = bench.gradients.tables.find(({ table }) => table.name === name)!;
        bench.rows(name).forEach((_, r, all) => {
          if (r % ROW_PIECE !== 0) return;
          const piece = all.slice(r, r + ROW_PIECE).flatMap(([, gradient]) => gradient);
          expect(squares[r / ROW_PIECE] / squaresOf(piece)).toBeCloseTo(1, 10);
        });
      }
    }
  });
});

it("add up the gradients of bags, each of whose rows gets that of the bag, in (shard, bag, place) order", () => {
  const width = 3;
  const options: BenchOptions = { tables: { genre: [6, 2] }, lookups: ["genre"], capacity: 40, shards: 2, width };
  const random = new Random(5);
  // A row may be several times in a bag.
  const looked = Array.from({ length: 2 }, () => {
    const bags = Array.from({ length: 40 }, () => Array.from({ length: random.integer(4) }, () => random.integer(6)));
    return { bags, gradient: [...draw(random, 80)] };
  });
  for (const parts of [1, 2, 3]) {
    const bench = new OptimiserBench(options);
    const met = new Map<number, number[][]>();
    looked.forEach(({ bags, gradient }, shard) => {
      const ids = bags.flatMap((bag) => [...bag, -1, 5, 5].slice(0, width));
      bench.leave(shard, {}, [{ ids, gradient }]);
      bags.forEach((bag, i) => {
        for (const id of bag) met.set(id, [...(met.get(id) ?? []), gradient.slice(2 * i, 2 * i + 2)]);
      });
    });
    bench.reduce(parts);
    const expected = [...met].map(([id, all]) => [id, [0, 1].map((j) => sumInOrder(all.map((g) => g[j])))]);
    expect(bench.rows("genre")).toEqual(expected);
  }
});

it("a shard without samples, and a look-up that got no gradient, add nothing", () => {
  const bench = new OptimiserBench({ dense: { W: 2 }, tables: { item: [4, 1] }, lookups: ["item"], shards: 2 });
  const looked = [{ ids: [2, 3], gradient: [5, 7] }];
  bench.leave(0, { W: [1, 2] }, looked);
  bench.leave(1, { W: [3, 4] }, looked);
  bench.reduce();
  expect(bench.dense("W")).toEqual([4, 6]);
  expect(bench.rows("item")).toEqual([
    [2, [10]],
    [3, [14]],
  ]);
  bench.gradients.publishNothing(1);
  bench.reduce();
  expect(bench.dense("W")).toEqual([1, 2]);
  expect(bench.rows("item")).toEqual([
    [2, [5]],
    [3, [7]],
  ]);
  const rows = { axis: "tokens" as const, count: 2, first: 0, capacity: 2 };
  const output = { rows, cols: 1, value: 0, grad: 0, claimed: false };
  bench.gradients.publish(0, { lookups: [{ table: "item", ids: 0, width: 1, rows, output, column: 0 }] });
  bench.reduce();
  expect(bench.rows("item")).toEqual([]);
});

it("pointers beyond 2 GiB reach the kernels as what they are", () => {
  const bench = new OptimiserBench({ tables: { item: [4, 1] }, lookups: ["item"] });
  const rows = { axis: "tokens" as const, count: 3, first: 0, capacity: 3 };
  const output = { rows, cols: 1, value: 0, grad: 4_000_000_000, claimed: true };
  bench.gradients.publish(0, { lookups: [{ table: "item", ids: 3_000_000_000, width: 1, rows, output, column: 0 }] });
  const seen: number[][] = [];
  const kernels = {
    ...bench.kernels,
    linkRows: (...given: number[]) => {
      seen.push(given.slice(0, 5));
      return 0;
    },
  };
  gatherGradients(kernels, bench.gradients, 0, 1);
  expect(seen).toEqual([[3, 3_000_000_000, 4_000_000_000, 1, 0]]);
});
