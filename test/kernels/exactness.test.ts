/**
 * Equality to the bit: a result depends on its own inputs only, not on how many rows the call has, where in memory they
 * lie, or what else is in the batch. Scores served one by one equal scores of a batch because of this.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Activation, Gate } from "../../src/kernels/contract.ts";
import { BUILDS, Stage } from "./stage.ts";

const size = fc.integer({ min: 1, max: 45 });

/** The packing of histories of these lengths: they, longest first, and of each step its tokens and the first of them. */
function packingOf(lengths: readonly number[]) {
  const sorted = lengths.toSorted((x, y) => y - x);
  const counts = Array.from({ length: sorted[0] }, (_, t) => sorted.filter((length) => length > t).length);
  const firsts = counts.map((_, t) => counts.slice(0, t).reduce((sum, count) => sum + count, 0));
  return { sorted, steps: sorted[0], counts, firsts, tokens: sorted.reduce((sum, length) => sum + length, 0) };
}

describe.each(BUILDS)("bits of build %s", (build) => {
  const stage = new Stage(build);
  const bits = (at: number, count: number): Int32Array => stage.i32.slice(at / 4, at / 4 + count);

  it("a row of gemmNN does not depend on the other rows, nor on where it lies", () => {
    fc.assert(
      fc.property(fc.nat(), size, size, size, fc.boolean(), (seed, m, n, k, sigmoid) => {
        const activation = sigmoid ? Activation.sigmoid : Activation.none;
        stage.reset(seed);
        const [a, b, bias] = [stage.matrix(m, k), stage.matrix(k, n), stage.matrix(1, n)];
        const [all, alone] = [stage.room(m * n), stage.room(n)];
        stage.kernels.gemmNN(m, n, k, a, k, b, n, all, n, bias, activation, 0);
        for (let i = 0; i < m; i++) {
          stage.kernels.gemmNN(1, n, k, a + 4 * i * k, k, b, n, alone, n, bias, activation, 0);
          expect(bits(alone, n)).toEqual(bits(all + 4 * i * n, n));
        }
      }),
      { numRuns: 50 },
    );
  });

  it("a column of gemmNN does not depend on the other columns", () => {
    fc.assert(
      fc.property(fc.nat(), size, size, size, (seed, m, n, k) => {
        stage.reset(seed);
        const [a, b] = [stage.matrix(m, k), stage.matrix(k, n)];
        const [all, alone] = [stage.room(m * n), stage.room(m * n)];
        stage.kernels.gemmNN(m, n, k, a, k, b, n, all, n, 0, Activation.none, 0);
        for (let j = 0; j < n; j++) {
          stage.kernels.gemmNN(m, 1, k, a, k, b + 4 * j, n, alone + 4 * j, n, 0, Activation.none, 0);
        }
        expect(bits(alone, m * n)).toEqual(bits(all, m * n));
      }),
      { numRuns: 50 },
    );
  });

  it("gemmTN over all rows equals gemmTN over some and then, accumulating, over the rest", () => {
    fc.assert(
      fc.property(fc.nat(), size, size, size, size, (seed, m, n, some, rest) => {
        stage.reset(seed);
        const [a, b] = [stage.matrix(some + rest, m), stage.matrix(some + rest, n)];
        const [whole, parts] = [stage.room(m * n), stage.room(m * n)];
        stage.kernels.gemmTN(m, n, some + rest, a, m, b, n, whole, n, 0);
        stage.kernels.gemmTN(m, n, some, a, m, b, n, parts, n, 0);
        stage.kernels.gemmTN(m, n, rest, a + 4 * some * m, m, b + 4 * some * n, n, parts, n, 1);
        expect(bits(parts, m * n)).toEqual(bits(whole, m * n));
      }),
      { numRuns: 50 },
    );
  });

  it("a sample of a recurrence does not depend on the others", () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.nat(), lengths, size, (seed, unsorted, hidden) => {
        stage.reset(seed);
        const { sorted, steps, counts, firsts, tokens } = packingOf(unsorted);
        const input = stage.matrix(tokens, 3 * hidden);
        const [U, attention] = [stage.matrix(hidden, 3 * hidden), stage.matrix(1, tokens, tokens, 0, 1)];
        const [all, alone] = [stage.room(sorted.length * hidden), stage.room(hidden)];
        const scratch = stage.room(48 * hidden);
        const [offsets, active] = [stage.integers(firsts), stage.integers(counts)];
        const ones = stage.integers(new Array(steps).fill(1));
        const run = (steps: number, offsets: number, active: number, input: number, attention: number, last: number) =>
          stage.kernels.gruForward(
            steps,
            hidden,
            Gate.augruPaper,
            offsets,
            active,
            input,
            0,
            0,
            U,
            attention,
            0,
            last,
            0,
            0,
            scratch,
          );
        run(steps, offsets, active, input, attention, all);
        sorted.forEach((length, i) => {
          run(length, offsets, ones, input + 12 * i * hidden, attention + 4 * i, alone);
          expect(bits(alone, hidden)).toEqual(bits(all + 4 * i * hidden, hidden));
        });
      }),
      { numRuns: 30 },
    );
  });

  it("the attention of a sample does not depend on the others", () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 11 });
    fc.assert(
      fc.property(fc.nat(), lengths, (seed, unsorted) => {
        const { sorted, steps, counts, firsts, tokens } = packingOf(unsorted);
        stage.reset(seed);
        const scores = stage.matrix(1, tokens, tokens, -5, 5);
        const [out, scratch] = [stage.room(tokens), stage.room(2 * sorted.length)];
        const [offsets, active] = [stage.integers(firsts), stage.integers(counts)];
        stage.kernels.softmaxSteps(sorted.length, steps, offsets, active, scores, out, scratch);
        const given = stage.read(scores, tokens);
        const together = stage.read(out, tokens);
        const line = stage.integers(Array.from({ length: steps }, (_, t) => t));
        const ones = stage.integers(new Array(steps).fill(1));
        sorted.forEach((length, sample) => {
          const own = firsts.slice(0, length).map((first) => first + sample);
          const at = stage.floats(own.map((token) => given[token]));
          stage.kernels.softmaxSteps(1, length, line, ones, at, at, scratch);
          expect(Array.from(stage.read(at, length))).toEqual(own.map((token) => together[token]));
        });
      }),
      { numRuns: 30 },
    );
  });
});
