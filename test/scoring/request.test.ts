/** The fast look at a request says what the schema says. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { isRankingRequest, isRequest, predictRequestSchema, rankRequestSchema } from "../../src/scoring/request.ts";

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
    candidates: mostly(fc.array(mostly(item), { maxLength: 4 })),
    history: mostly(fc.array(mostly(item), { maxLength: 4 })),
    context: mostly(values),
    time: mostly(value),
    other: value,
  },
  { requiredKeys: ["user", "history"] },
);

const kinds: Record<string, readonly [(given: unknown) => boolean, z.ZodType]> = {
  "one candidate": [isRequest, predictRequestSchema.extend({ candidates: z.undefined().optional() }).loose()],
  candidates: [isRankingRequest, rankRequestSchema.extend({ candidate: z.undefined().optional() }).loose()],
};

test.each(Object.entries(kinds))("a request with %s is one for both, or for neither", (_, [isOne, schema]) => {
  let [right, all] = [0, 0];
  fc.assert(
    fc.property(mostly(request), (given) => {
      const { success } = schema.safeParse(given);
      expect(isOne(given)).toBe(success);
      right += Number(success);
      all++;
    }),
    { numRuns: 2000 },
  );
  expect(right).toBeGreaterThan(all / 20);
  expect(right).toBeLessThan(all);
});
