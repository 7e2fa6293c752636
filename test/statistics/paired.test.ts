import { describe, expect, it } from "vitest";
import { effect, readOnce } from "../../src/statistics/effect.ts";
import { estimate } from "../../src/statistics/estimate.ts";
import { level, pairedEffect } from "../../src/statistics/paired.ts";
import { sumsOf } from "../../src/statistics/sums.ts";
import { Random } from "../../src/tensor/random.ts";

/** Impressions and clicks in arm 0, then in arm 1. */
const [CTR_0, CTR_1] = [
  { of: 1, per: 0 },
  { of: 3, per: 2 },
];

describe("metrics of the same users", () => {
  it("vary as leaving out one user after the other says (jackknife)", () => {
    const random = new Random(3);
    const users = Array.from({ length: 400 }, () => {
      const keen = 0.2 + 0.6 * random.uniform();
      return [0, 0].flatMap(() => {
        const shown = 1 + random.integer(9);
        return [shown, Array.from({ length: shown }, () => random.uniform()).filter((u) => u < keen).length];
      });
    });
    const sums = sumsOf(users, 4);
    for (const kind of ["absolute", "relative"] as const) {
      const all = pairedEffect(sums, CTR_0, CTR_1, kind);
      const without = users.map((_, left) => {
        const rest = users.filter((_, user) => user !== left);
        return pairedEffect(sumsOf(rest, 4), CTR_0, CTR_1, kind).value;
      });
      const mean = without.reduce((sum, value) => sum + value, 0) / without.length;
      const spread = without.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      const jackknife = Math.sqrt(((users.length - 1) / users.length) * spread);
      expect(all.error / jackknife).toBeCloseTo(1, 1.7);
      // Who clicks much clicks much in both: as independent arms they would seem to vary more.
      expect(all.error).toBeLessThan(0.9 * effect(estimate(sums, CTR_0), estimate(sums, CTR_1), kind).error);
    }
  });

  it("are what Welch's test of independent arms has, where no user is in both", () => {
    const [a, b] = [
      [
        [4, 1],
        [5, 0],
        [3, 3],
        [7, 2],
      ],
      [
        [2, 1],
        [6, 3],
        [4, 4],
        [1, 0],
      ],
    ];
    const both = sumsOf([...a.map((user) => [...user, 0, 0]), ...b.map((user) => [0, 0, ...user])], 4);
    const [first, second] = [a, b].map((arm) => estimate(sumsOf(arm, 2), CTR_0));
    const apart = effect(first, second, "absolute");
    const paired = pairedEffect(both, CTR_0, CTR_1, "absolute");
    expect(paired.value).toBeCloseTo(apart.value, 14);
    // n / (n - 1) of eight users in place of four.
    expect(paired.error ** 2).toBeCloseTo(apart.error ** 2 * (3 / 4) * (8 / 7), 14);
  });

  it("are known to be the same", () => {
    const sums = sumsOf(
      [
        [1, 1],
        [3, 1],
        [2, 0],
      ],
      2,
    );
    expect(pairedEffect(sums, CTR_0, CTR_0, "absolute")).toMatchObject({ value: 0, error: 0 });
    const { value, error, degrees } = level(sums, CTR_0);
    expect(value).toBe(1 / 3);
    // (1 - 1/3, 1 - 1, 0 - 2/3) over the sum of 6, squared, times 3/2.
    expect(error).toBeCloseTo(Math.sqrt((1.5 * (4 / 9 + 0 + 4 / 9)) / 36), 14);
    expect(readOnce({ value, error, degrees, users: 3 }).low).toBeLessThan(0);
  });
});
