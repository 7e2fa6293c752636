import fc from "fast-check";
import { expect, test } from "vitest";
import { quantiles } from "../../../src/importers/events/learn/vocabularies.ts";

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
