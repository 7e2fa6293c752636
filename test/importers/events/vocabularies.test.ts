import fc from "fast-check";
import { expect, test } from "vitest";
import { quantiles, spreadOf } from "../../../src/importers/events/learn/vocabularies.ts";

test("edges cut numbers into buckets of the same weight", () => {
  const of = (numbers: number[], buckets: number) =>
    quantiles(
      Float64Array.from(numbers),
      numbers.map(() => 1),
      buckets,
    );
  expect(of([8, 1, 7, 2, 6, 3, 5, 4], 4)).toEqual([3, 5, 7]);
  expect(of([1, 1, 1, 1, 2, 3], 3)).toEqual([2]); // one edge is the least number, which needs none
  expect(of([5, 5, 5], 4)).toEqual([]);
  expect(of([], 4)).toEqual([]);
  expect(of([Number.NaN, 1, 2], 2)).toEqual([2]);
});

test("a weight is so many numbers", () => {
  const pairs = fc.array(fc.tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: 0, max: 4 })), { maxLength: 20 });
  fc.assert(
    fc.property(pairs, fc.integer({ min: 2, max: 9 }), (given, buckets) => {
      const all = given.flatMap(([number, weight]) => Array<number>(weight).fill(number)).sort((a, b) => a - b);
      const places = Array.from({ length: buckets - 1 }, (_, i) => Math.floor(((i + 1) * all.length) / buckets));
      const edges = [...new Set(places.map((place) => all[place]))].filter((edge) => edge > all[0]);
      const numbers = Float64Array.from(given, ([number]) => number);
      expect(
        quantiles(
          numbers,
          given.map(([, weight]) => weight),
          buckets,
        ),
      ).toEqual(edges);
    }),
  );
});

test("mean and deviation of weighted numbers, however large or small, and of equal ones exactly", () => {
  const of = (numbers: number[], weights = numbers.map(() => 1), scale: "standard" | "log1p" = "standard") =>
    spreadOf(Float64Array.from(numbers), weights, scale);
  const weighted = of([1, 2, 3, Number.NaN], [1, 1, 2, 9]);
  expect(weighted.mean).toBeCloseTo(2.25, 12);
  expect(weighted.deviation).toBeCloseTo(Math.sqrt(0.6875), 12);
  expect(of([])).toEqual({ mean: 0, deviation: 1 });
  expect(of([0, 0])).toEqual({ mean: 0, deviation: 1 });
  expect(of([0.1, 0.1, 0.1], [7, 3, 11])).toEqual({ mean: 0.1, deviation: 1 });
  expect(of([-1e308, 1e308])).toEqual({ mean: 0, deviation: 1e308 });
  expect(of([0, 2e-200])).toEqual({ mean: 1e-200, deviation: 1e-200 });
  const { mean, deviation } = of([Math.E - 1, 1 - Math.E], [3, 1], "log1p");
  expect(mean).toBeCloseTo(0.5, 12);
  expect(deviation).toBeCloseTo(Math.sqrt(0.75), 12);
});
