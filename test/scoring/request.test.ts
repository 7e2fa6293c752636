/** The fast look at a request says what the schema says. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { isRequest, predictRequestSchema } from "../../src/scoring/request.ts";

const value = fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null));
const values = fc.dictionary(fc.constantFrom("user", "item", "time", "age"), value);
const wrong = fc.constantFrom<unknown>(undefined, [], [1], { user: [] }, { item: { id: 1 } }, () => 1, 1n);
/** Mostly what it should be. */
const mostly = <T>(right: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 12, arbitrary: right as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: wrong });
const item = fc.oneof(value, values);
const request = fc.record(
  {
    user: mostly(item),
    candidate: mostly(item),
    history: mostly(fc.array(mostly(item), { maxLength: 4 })),
    context: mostly(values),
    time: mostly(value),
    other: value,
  },
  { requiredKeys: ["user", "candidate", "history"] },
);

test("a request is one for both, or for neither", () => {
  let [right, all] = [0, 0];
  const schema = predictRequestSchema.loose();
  fc.assert(
    fc.property(mostly(request), (given) => {
      const { success } = schema.safeParse(given);
      expect(isRequest(given)).toBe(success);
      right += Number(success);
      all++;
    }),
    { numRuns: 2000 },
  );
  expect(right).toBeGreaterThan(all / 4);
  expect(right).toBeLessThan(all);
});
