/** Which users move when weights change: no more than must, as long as the definition says what was before. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { movesBetween, type OnlineExperiment, parseExperiment } from "../../../src/ab/experiment/experiment.ts";
import { BUCKETS, bucketOf } from "../../../src/ab/experiment/hash.ts";
import { countsOf, layOut, OUT } from "../../../src/ab/experiment/layout.ts";
import "../../support/draws.ts";

const NAMES = ["a", "b", "c", "d", "e"];
const stage = (arms: number) =>
  fc.record({
    weights: fc
      .array(fc.integer({ min: 0, max: 20 }), { minLength: arms, maxLength: arms })
      .filter((weights) => weights.some((weight) => weight > 0)),
    share: fc.constantFrom(1, 1, 0.5, 0.13),
  });
const stages = fc.integer({ min: 2, max: 5 }).chain((arms) => fc.array(stage(arms), { minLength: 1, maxLength: 4 }));
type Stages = readonly { readonly weights: readonly number[]; readonly share: number }[];

/** The definition after these stages. */
function definitionAfter(all: Stages): OnlineExperiment {
  const names = NAMES.slice(0, all[0].weights.length);
  const weighted = ({ weights, share }: Stages[number]) => ({
    weights: Object.fromEntries(names.map((name, i) => [name, weights[i]])),
    share,
  });
  const { weights, share } = all[all.length - 1];
  const value = {
    ...{ name: "trial", share, before: all.slice(0, -1).map(weighted) },
    arms: names.map((name, i) => ({ name, model: "m", weight: weights[i] })),
  };
  return parseExperiment(value, "ab.yaml");
}

describe("a change of weights", () => {
  it("moves only users of arms that shrink, only to arms that grow, and no more than those must lose", () => {
    fc.assert(
      fc.property(stages, (all) => {
        fc.pre(all.length > 1);
        const [before, now] = [definitionAfter(all.slice(0, -1)), definitionAfter(all)];
        const arms = all[0].weights.length;
        const [had, has] = [before, now].map(({ layout }) => countsOf(layout, arms));
        const place = (arm: number) => (arm === OUT ? arms : arm);
        let moved = 0;
        for (let bucket = 0; bucket < BUCKETS; bucket++) {
          const [from, to] = [before.layout[bucket], now.layout[bucket]].map(place);
          if (from === to) continue;
          moved++;
          if (!(has[from] < had[from] && has[to] > had[to])) throw new Error(`bucket ${bucket}: ${from} to ${to}`);
        }
        const lost = had.reduce((sum, count, arm) => sum + Math.max(0, count - has[arm]), 0);
        expect(moved).toBe(lost);
        expect(movesBetween(before, now)).toEqual({ moved: moved / BUCKETS, needless: 0 });
      }),
      { numRuns: 30 },
    );
  });

  it("leaves each arm the share that its weight says, whatever was before", () => {
    fc.assert(
      fc.property(stages, (all) => {
        const { weights, share } = all[all.length - 1];
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const counts = countsOf(definitionAfter(all).layout, weights.length);
        for (const [arm, weight] of weights.entries()) {
          expect(Math.abs(counts[arm] - (BUCKETS * share * weight) / total)).toBeLessThan(2);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("needs no word of before with two arms of everybody, and with a share that grows", () => {
    const two = fc.tuple(stage(2), stage(2)).map((both) => both.map((each) => ({ ...each, share: 1 })));
    const growing = stage(4).map(({ weights }) => [0.2, 0.7].map((share) => ({ weights, share })));
    fc.assert(
      fc.property(fc.oneof(two, growing), ([before, now]) => {
        expect(movesBetween(definitionAfter([before]), definitionAfter([now])).needless).toBe(0);
        expect(definitionAfter([before, now]).layout).toEqual(definitionAfter([now]).layout);
      }),
      { numRuns: 15 },
    );
  });

  it("moves others too without a word of before: three arms cannot do better", () => {
    const [before, now] = [
      [1, 1, 1],
      [2, 1, 1],
    ].map((weights) => definitionAfter([{ weights, share: 1 }]));
    const { moved, needless } = movesBetween(before, now);
    expect(needless).toBeGreaterThan(0.05);
    expect(moved - needless).toBeCloseTo(1 / 2 - 1 / 3, 3);
  });

  it("is about names: arms in another order are other arms, and one that is gone is left by all", () => {
    const [one, other] = [
      ["a", "b"],
      ["b", "a"],
    ].map((names) => parseExperiment({ name: "trial", arms: names.map((name) => ({ name })) }, "ab.yaml"));
    expect(movesBetween(one, other)).toEqual({ moved: 1, needless: 1 });
    const more = parseExperiment({ name: "trial", arms: ["a", "b", "c"].map((name) => ({ name })) }, "ab.yaml");
    expect(movesBetween(more, one).moved).toBeGreaterThan(1 / 3);
  });
});

it("users fall into buckets evenly, and independently under different seeds", () => {
  const users = Array.from({ length: 20_000 }, (_, i) => `user-${i}`);
  const layout = layOut([{ weights: [1, 1], share: 1 }], 2);
  const cells = [0, 0, 0, 0];
  for (const user of users) cells[2 * layout[bucketOf("one", user)] + layout[bucketOf("two", user)]]++;
  // Five standard deviations of a binomial count.
  for (const count of cells) expect(Math.abs(count - 5000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.25 * 0.75));
});
