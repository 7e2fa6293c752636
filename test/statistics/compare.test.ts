import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { auc } from "../../src/statistics/auc.ts";
import { compareAuc } from "../../src/statistics/compare.ts";
import { placementsOf } from "../../src/statistics/placements.ts";
import { spreadOf } from "../../src/statistics/spread.ts";
import { Random } from "../../src/tensor/random.ts";
import { differenceByBootstrap, drawShop } from "./shop.ts";

const golden = JSON.parse(readFileSync("test/golden/delong.json", "utf8"));
const user = Int32Array.from(golden.user);
const alone = Int32Array.from(golden.label, (_, i) => i);

/** A relative difference. */
const apart = (value: number, other: number) => Math.abs(value / other - 1);

/** Variance of run a minus run b, from a covariance. */
const contrast = (covariance: number[][], a: number, b: number) =>
  covariance[a][a] + covariance[b][b] - 2 * covariance[a][b];

describe("placements", () => {
  const samples = fc.array(
    fc.record({
      label: fc.constantFrom(0, 1),
      scores: fc.tuple(fc.constantFrom(0, -0, 0.25, 0.5), fc.double({ noNaN: true })),
    }),
    { minLength: 2, maxLength: 40 },
  );

  it("have the AUC as their mean, over positives and over negatives", () => {
    fc.assert(
      fc.property(samples, (rows) => {
        const label = rows.map((row) => row.label);
        const scores = [0, 1].map((run) => rows.map((row) => row.scores[run]));
        const placements = placementsOf(label, scores);
        const expected = scores.map((score) => auc(label, score));
        expect(placements.aucs).toEqual(expected);
        if (Number.isNaN(expected[0])) {
          expect(placements.auc).toBeNaN();
          return;
        }
        expect(placements.auc).toBeCloseTo((expected[0] + expected[1]) / 2, 12);
        for (const kind of [0, 1]) {
          const own = placements.value.filter((_, i) => label[i] === kind);
          expect(own.reduce((sum, value) => sum + value, 0) / own.length).toBeCloseTo(placements.auc, 12);
        }
      }),
    );
  });
});

describe("comparing AUC", () => {
  it("of golden runs, every sample its own cluster, has the variance of DeLong's program", () => {
    const { positives: m, negatives: n } = golden;
    for (const [a, b] of [
      [0, 2],
      [1, 3],
      [0, 1],
    ]) {
      const ofOne = { label: golden.label, group: alone, a: [golden.runs[a]], b: [golden.runs[b]] };
      const { difference, deviation } = compareAuc(ofOne);
      expect(difference).toBeCloseTo(golden.auc[a] - golden.auc[b], 12);
      // The same sums of squares, over U - 1 instead of m - 1 and n - 1.
      const parts = (contrast(golden.s10, a, b) * (m - 1)) / m ** 2 + (contrast(golden.s01, a, b) * (n - 1)) / n ** 2;
      expect(apart(deviation ** 2, (parts * (m + n)) / (m + n - 1))).toBeLessThan(1e-10);
      expect(apart(deviation ** 2, contrast(golden.delong, a, b))).toBeLessThan(1 / Math.min(m, n));
    }
  });

  it("of golden runs, clustered by user, has the variance of Obuchowski's program", () => {
    const { deviation } = compareAuc({ label: golden.label, group: user, a: [golden.runs[0]], b: [golden.runs[2]] });
    // Clusters matter: with samples for clusters it is 7 % less.
    expect(apart(deviation ** 2, contrast(golden.clustered, 0, 2))).toBeLessThan(0.02);
  });

  it("adds the variance of seeds to that of users, over means of the runs", () => {
    const [a, b] = [golden.runs.slice(0, 2), golden.runs.slice(2)];
    const { difference, deviation } = compareAuc({ label: golden.label, group: alone, a, b });
    const [a0, a1, b0, b1] = golden.auc;
    expect(difference).toBeCloseTo((a0 + a1 - b0 - b1) / 2, 12);
    const weight = [0.5, 0.5, -0.5, -0.5];
    const users = weight.flatMap((w, i) => weight.map((v, j) => w * v * golden.delong[i][j])).reduce((s, x) => s + x);
    // Of two values the sample variance is half the squared difference.
    const seeds = (a0 - a1) ** 2 / 4 + (b0 - b1) ** 2 / 4;
    expect(apart(deviation ** 2, users + seeds)).toBeLessThan(0.005);
    // A side with one run says nothing of seeds.
    const one = compareAuc({ label: golden.label, group: alone, a: [golden.runs[0]], b });
    expect(one.deviation ** 2).toBeGreaterThan((b0 - b1) ** 2 / 4);
    expect(one.deviation).toBeLessThan(deviation);
  });

  it("agrees with a bootstrap of users", () => {
    const random = new Random(11);
    for (const seeds of [1, 3]) {
      const shop = drawShop(random, { users: 150, perUser: 10, strengths: [0.9, 0.7], seeds });
      const resampled = differenceByBootstrap(random, shop, 500);
      // What users add: the seeds stay as they are.
      const ofSeeds = [shop.a, shop.b].reduce((sum, runs) => {
        const { count, deviation } = spreadOf(placementsOf(shop.label, runs).aucs);
        return sum + (count > 1 ? deviation ** 2 / count : 0);
      }, 0);
      const ofUsers = Math.sqrt(compareAuc(shop).deviation ** 2 - ofSeeds);
      expect(apart(ofUsers, resampled)).toBeLessThan(0.1);
    }
  });

  it("finds nothing five times in a hundred where there is nothing", () => {
    const random = new Random(5);
    for (const seeds of [1, 4]) {
      const found = Array.from({ length: 400 }, () => {
        const strengths = [0.8, 0.8] as const;
        return compareAuc(drawShop(random, { users: 40, perUser: 8, strengths, seeds, seedNoise: 0.1 * (seeds - 1) }));
      }).filter(({ p }) => p < 0.05).length;
      expect(found / 400, `${seeds} seeds`).toBeGreaterThanOrEqual(0.02);
      expect(found / 400, `${seeds} seeds`).toBeLessThanOrEqual(0.09);
    }
  });

  it("finds what is plain to see, with an interval around it", () => {
    const shop = drawShop(new Random(3), { users: 300, perUser: 10, strengths: [1.5, 0.5], seeds: 2 });
    const { difference, low, high, p } = compareAuc(shop);
    expect(p).toBeLessThan(1e-6);
    expect(low).toBeGreaterThan(0);
    expect((low + high) / 2).toBeCloseTo(difference, 12);
    const turned = compareAuc({ ...shop, a: shop.b, b: shop.a });
    expect(turned.difference).toBeCloseTo(-difference, 12);
    expect(turned.p).toBeCloseTo(p, 12);
  });

  it("of the same scores is no difference for certain, however many runs repeat them", () => {
    const [score] = golden.runs;
    const { label } = golden;
    const same = { difference: 0, deviation: 0, low: 0, high: 0, p: 1 };
    expect(compareAuc({ label, group: user, a: [score], b: [score] })).toEqual(same);
    expect(compareAuc({ label, group: user, a: [score, score, score], b: [score] })).toEqual(same);
    // Only the order of scores counts.
    const logits = score.map((value: number) => 5 * value - 3);
    expect(compareAuc({ label, group: user, a: [logits], b: [score] })).toEqual(same);
  });

  it("of all right and all wrong leaves no doubt", () => {
    const shop = { label: [0, 1, 0, 1], group: Int32Array.of(0, 0, 1, 1) };
    const { difference, p } = compareAuc({ ...shop, a: [[0, 1, 0, 1]], b: [[1, 0, 1, 0]] });
    expect({ difference, p }).toEqual({ difference: 1, p: 0 });
  });

  it("cannot be known from one user, or from one class", () => {
    const scores = { a: [[0.1, 0.4, 0.3]], b: [[0.3, 0.1, 0.2]] };
    const oneUser = compareAuc({ label: [0, 1, 0], group: new Int32Array(3), ...scores });
    expect(oneUser.difference).toBe(1);
    expect([oneUser.deviation, oneUser.low, oneUser.p]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    const oneClass = compareAuc({ label: [1, 1, 1], group: Int32Array.of(0, 1, 2), ...scores });
    expect(Object.values(oneClass)).toEqual(Array(5).fill(Number.NaN));
  });

  it("refuses no runs, lists of different lengths and NaN", () => {
    const group = Int32Array.of(0, 1);
    const of = (a: number[][], b: number[][]) => compareAuc({ label: [0, 1], group, a, b });
    expect(() => of([], [[0, 1]])).toThrow("no scores of a");
    expect(() => of([[0, 1]], [[0, 1], [0]])).toThrow("2 labels, 1 scores of b, 2 groups");
    expect(() => of([[0, 1]], [[0, Number.NaN]])).toThrow("score 1 is NaN");
  });
});
