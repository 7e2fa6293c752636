import { expect, it } from "vitest";
import { explore } from "../../../src/ab/bandit/explore.ts";
import { Random } from "../../../src/tensor/random.ts";

it("shows each candidate at each place as often as its propensity says", () => {
  const ranked = [2, 0, 3, 1];
  const rounds = 10_000;
  const random = new Random(11);
  const shown = ranked.map(() => ranked.map(() => 0));
  const said = ranked.map(() => ranked.map(() => Number.NaN));
  for (let i = 0; i < rounds; i++) {
    const { order, propensities } = explore(ranked, 0.3, random);
    order.forEach((candidate, place) => {
      shown[place][candidate]++;
      said[place][candidate] = propensities[place];
    });
  }
  expect(shown.map((row) => row.reduce((sum, count) => sum + count))).toEqual(ranked.map(() => rounds));
  shown.forEach((row, place) => {
    expect(said[place].reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    row.forEach((count, candidate) => {
      const p = said[place][candidate];
      expect(Math.abs(count / rounds - p)).toBeLessThan(4.5 * Math.sqrt((p * (1 - p)) / rounds));
    });
  });
});

it("leaves a ranking as it is with a share of 0, and says that it was certain", () => {
  expect(explore([1, 2, 0], 0, new Random(1))).toEqual({ order: [1, 2, 0], propensities: [1, 1, 1] });
});
