/** The clipping factor is the limit over the norm of the whole gradient, where the norm is the larger. */
import { expect, it } from "vitest";
import { clipFactor } from "../../src/optim/clipping.ts";
import { DENSE_PIECE, ROW_PIECE } from "../../src/optim/gradients.ts";
import { OptimiserBench } from "../support/optimiser-bench.ts";

it("takes dense gradients and touched rows together, statistics not", () => {
  const bench = new OptimiserBench({
    ...{ dense: { W: 2, b: 1 }, statistics: { mean: 1 }, tables: { item: [9, 2], user: [3, 1] } },
    ...{ lookups: ["item", "user"], shards: 2 },
  });
  // 3-4-12 and 84: norms of 5, 13 and 85 on the way.
  bench.leave(0, { W: [1, 4], mean: [1000] }, [
    { ids: [5, 7], gradient: [10, 0, 0, 0] },
    { ids: [1], gradient: [80] },
  ]);
  bench.leave(1, { W: [2, 0], mean: [1000] }, [
    { ids: [5], gradient: [2, 0] },
    { ids: [1], gradient: [4] },
  ]);
  bench.reduce();
  expect(clipFactor(bench.gradients, 8.5)).toBeCloseTo(0.1, 12);
  expect(clipFactor(bench.gradients, 42.5)).toBeCloseTo(0.5, 12);
  expect(clipFactor(bench.gradients, 85)).toBe(1);
  expect(clipFactor(bench.gradients, 86)).toBe(1);
  expect(clipFactor(bench.gradients, 0)).toBe(1);
});

it("takes every piece, and none that an earlier step left", () => {
  const rows = 2 * ROW_PIECE + 1;
  const size = 2 * DENSE_PIECE;
  const bench = new OptimiserBench({
    ...{ dense: { W: size }, tables: { item: [rows, 1] }, lookups: ["item"], capacity: rows },
  });
  const ids = Array.from({ length: rows }, (_, i) => i);
  bench.leave(0, { W: new Float32Array(size).fill(1) }, [{ ids, gradient: ids.map(() => 1) }]);
  bench.reduce();
  expect(clipFactor(bench.gradients, 1)).toBeCloseTo(1 / Math.sqrt(size + rows), 12);
  bench.leave(0, {}, [{ ids: [4], gradient: [10] }]);
  bench.reduce();
  expect(clipFactor(bench.gradients, 1)).toBeCloseTo(0.1, 12);
  bench.leave(0, {}, [{ ids: [], gradient: [] }]);
  bench.reduce();
  expect(clipFactor(bench.gradients, 1)).toBe(1);
});
