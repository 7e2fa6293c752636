/** Cases that GrowthBook publishes for its SDKs. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isInNamespace } from "../../../src/ab/experiment/assign.ts";
import { BUCKETS, bucketOf, hashV1 } from "../../../src/ab/experiment/hash.ts";
import { bucketRanges, chooseRange } from "../../../src/ab/experiment/layout.ts";

type Range = [number, number];
interface Cases {
  readonly hash: [seed: string, value: string, version: number, expected: number | null][];
  readonly getBucketRange: [name: string, [arms: number, coverage: number, weights: number[] | null], Range[]][];
  readonly chooseVariation: [name: string, n: number, Range[], expected: number][];
  readonly inNamespace: [name: string, user: string, [string, number, number], expected: boolean][];
}
const cases: Cases = JSON.parse(readFileSync("test/golden/growthbook.json", "utf8"));

/** What ab.yaml cannot say: its shares are checked, and its weights are relative to their sum. */
const UNSAID = [
  "negative coverage",
  "coverage above 1",
  "weights sum below 1",
  "weights sum above 1",
  "weights.length not equal to num variations",
  "weights sum almost equals 1",
];

describe("GrowthBook's cases", () => {
  it.each(cases.hash.filter(([, , version]) => version === 2))("hash 2 of %j and %j", (seed, value, _, expected) => {
    expect(bucketOf(seed, value) / BUCKETS).toBe(expected);
  });

  it.each(cases.hash.filter(([, , version]) => version === 1))("hash 1 of %j and %j", (seed, value, _, expected) => {
    expect(hashV1(seed, value)).toBe(expected);
  });

  it.each(cases.getBucketRange.filter(([name]) => !UNSAID.includes(name)))(
    "ranges: %s",
    (_, [arms, share, weights], expected) => {
      const ranges = bucketRanges({ weights: weights ?? new Array(arms).fill(1), share });
      expect(ranges).toEqual(expected.map((range) => range.map((edge) => expect.closeTo(edge, 12))));
    },
  );

  it.each(cases.chooseVariation)("choice: %s", (_, n, ranges, expected) =>
    expect(chooseRange(ranges, n)).toBe(expected),
  );

  it.each(cases.inNamespace)("namespace: %s", (_, user, [name, from, to], expected) => {
    expect(isInNamespace(user, name, [from, to])).toBe(expected);
  });

  it("are all there", () => {
    expect([cases.hash.length, cases.chooseVariation.length, cases.inNamespace.length]).toEqual([15, 13, 16]);
    expect(cases.getBucketRange.length - UNSAID.length).toBe(7);
  });
});
