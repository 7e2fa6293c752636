import fc from "fast-check";
import { expect, test } from "vitest";
import { Marks } from "../../src/dataset/marks.ts";

/** Few that are close together, as in a small catalogue, and any others. */
const rows = fc.oneof(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 2 ** 31 - 1 }));

test("has what was marked last and nothing else, however large the sets are", () => {
  fc.assert(
    fc.property(fc.array(fc.array(rows, { maxLength: 400 }), { maxLength: 6 }), rows, (sets, other) => {
      const marks = new Marks();
      expect(marks.has(other)).toBe(false);
      for (const set of sets) {
        marks.mark(Int32Array.from([other, ...set, other]), 1, 1 + set.length);
        for (const row of [...sets.flat(), other]) expect(marks.has(row)).toBe(set.includes(row));
      }
    }),
    { numRuns: 30 },
  );
});
