import fc from "fast-check";
import { expect, test } from "vitest";
import { historyLength, isBefore, mayHold } from "../../src/dataset/history.ts";

const cases = fc.record({
  before: fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 5 }),
  times: fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 20 }),
  now: fc.integer({ min: -5, max: 40 }),
  maxHistory: fc.integer({ min: 1, max: 8 }),
  window: fc.option(fc.integer({ min: 1, max: 15 })),
});

test("a history is the latest of the behaviours that it may hold", () => {
  fc.assert(
    fc.property(cases, ({ before, times, now, maxHistory, window }) => {
      const own = times.sort((a, b) => a - b);
      const all = Float64Array.from([...before, ...own, 7]);
      const position = own.filter((time) => isBefore(time, now)).length;
      const length = historyLength(all, before.length, position, now, { maxHistory, window });
      const expected = own.filter((time) => mayHold(time, now, window)).slice(-maxHistory);
      expect(own.slice(position - length, position)).toEqual(expected);
    }),
  );
});

test("a behaviour counts strictly before the sample, and as far back as the window", () => {
  const held = (window: number | null) => [9, 10, 11, 19, 20, 21].filter((time) => mayHold(time, 20, window));
  expect(held(null)).toEqual([9, 10, 11, 19]);
  expect(held(10)).toEqual([10, 11, 19]);
});

test("a time that is not known excludes nothing", () => {
  expect(mayHold(Number.NaN, 20, 5)).toBe(true);
  expect(mayHold(3, Number.NaN, 5)).toBe(true);
});
