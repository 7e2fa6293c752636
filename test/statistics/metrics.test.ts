import { readFileSync } from "node:fs";
import ranks from "@stdlib/stats-ranks";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { auc } from "../../src/statistics/auc.ts";
import { calibrationOf } from "../../src/statistics/calibration.ts";
import { gauc } from "../../src/statistics/gauc.ts";
import { logloss } from "../../src/statistics/logloss.ts";
import { evaluateScores } from "../../src/statistics/metrics.ts";

/** AUC by its definition, over all pairs. */
function aucOfPairs(label: number[], score: number[]): number {
  let right = 0;
  let pairs = 0;
  for (let i = 0; i < score.length; i++) {
    for (let j = 0; j < score.length; j++) {
      if (label[i] !== 1 || label[j] !== 0) continue;
      right += score[i] > score[j] ? 1 : score[i] === score[j] ? 0.5 : 0;
      pairs++;
    }
  }
  return right / pairs;
}

/** Equal up to rounding; NaN equals NaN. */
function expectSame(actual: number, expected: number): void {
  if (Number.isNaN(expected)) expect(actual).toBeNaN();
  else expect(actual).toBeCloseTo(expected, 12);
}

/** Few distinct scores, so that ties are common; both signed zeros are equal. */
const samples = fc.array(
  fc.record({
    label: fc.constantFrom(0, 1),
    score: fc.oneof(fc.constantFrom(0, -0, 0.25, 0.5, 1), fc.double({ noNaN: true })),
    group: fc.integer({ min: 0, max: 4 }),
  }),
  { maxLength: 40 },
);

describe("metrics", () => {
  it("agree with the independent float64 program", () => {
    const golden = JSON.parse(readFileSync("test/golden/metrics.json", "utf8"));
    const metrics = evaluateScores({ label: golden.label, score: golden.score, group: Int32Array.from(golden.user) });
    expect(metrics.auc).toBeCloseTo(golden.auc, 12);
    expect(metrics.gauc).toBeCloseTo(golden.gauc, 12);
    expect(metrics.logloss).toBeCloseTo(golden.logloss, 12);
    expect(metrics.ece).toBe(calibrationOf(golden.label, golden.score).ece);
    expect(metrics.samples).toBe(400);
  });

  it("AUC equals the count over all pairs", () => {
    fc.assert(
      fc.property(samples, (rows) => {
        const label = rows.map((row) => row.label);
        const score = rows.map((row) => row.score);
        expectSame(auc(label, score), aucOfPairs(label, score));
      }),
    );
  });

  it("AUC equals the Mann-Whitney statistic of an independent library's ranks", () => {
    fc.assert(
      fc.property(samples, (rows) => {
        const label = rows.map((row) => row.label);
        const score = rows.map((row) => row.score);
        const positives = label.filter((value) => value === 1).length;
        const rankSum = ranks(score).reduce((sum: number, rank: number, i: number) => sum + label[i] * rank, 0);
        const statistic = rankSum - (positives * (positives + 1)) / 2;
        expectSame(auc(label, score), statistic / (positives * (rows.length - positives)));
      }),
    );
  });

  it("GAUC equals the weighted mean of the groups' AUC", () => {
    fc.assert(
      fc.property(samples, (rows) => {
        let weighted = 0;
        let weight = 0;
        for (let g = 0; g <= 4; g++) {
          const own = rows.filter((row) => row.group === g);
          const value = aucOfPairs(
            own.map((row) => row.label),
            own.map((row) => row.score),
          );
          if (Number.isNaN(value)) continue;
          weighted += own.length * value;
          weight += own.length;
        }
        const label = rows.map((row) => row.label);
        const score = rows.map((row) => row.score);
        const group = Int32Array.from(rows, (row) => row.group);
        expectSame(gauc(label, score, group), weighted / weight);
      }),
    );
  });

  it("all scores equal give one half; one class only gives NaN, which JSON writes as null", () => {
    expect(auc([0, 1, 1, 0, 0], [0.3, 0.3, 0.3, 0.3, 0.3])).toBe(0.5);
    const metrics = evaluateScores({ label: [1, 1], score: [0.2, 0.8], group: Int32Array.of(0, 1) });
    expect(metrics).not.toHaveProperty("known");
    expect(metrics.auc).toBeNaN();
    expect(metrics.gauc).toBeNaN();
    expect(JSON.stringify({ auc: metrics.auc })).toBe('{"auc":null}');
    expect(evaluateScores({ label: [], score: [], group: new Int32Array(0) }).logloss).toBeNaN();
  });

  it("of known candidates are those of these samples alone, and absent where all are known", () => {
    const [label, score, group] = [[1, 0, 1, 0, 1], [0.9, 0.1, 0.2, 0.3, 0.4], Int32Array.of(0, 0, 1, 1, 1)];
    const known = evaluateScores({ label, score, group, known: Uint8Array.of(1, 1, 1, 1, 0) }).known;
    expect(known).toEqual({ auc: auc(label.slice(0, 4), score.slice(0, 4)), samples: 4 });
    expect(evaluateScores({ label, score, group, known: [0, 0, 0, 0, 0] }).known).toEqual({
      auc: Number.NaN,
      samples: 0,
    });
    expect(evaluateScores({ label, score, group, known: [1, 1, 1, 1, 1] })).not.toHaveProperty("known");
  });

  it("groups of one class carry no weight", () => {
    // Group 0 is ordered rightly; group 1, larger, has positives only.
    expect(gauc([1, 0, 1, 1, 1], [0.9, 0.1, 0.2, 0.3, 0.4], Int32Array.of(0, 0, 1, 1, 1))).toBe(1);
  });

  it("logloss is finite for sure and wrong predictions", () => {
    expect(logloss([1], [0])).toBeCloseTo(-Math.log(1e-7), 10);
    expect(logloss([0], [1])).toBeCloseTo(-Math.log(1e-7), 6);
    expect(logloss([1, 0], [1, 0])).toBeCloseTo(1e-7, 12);
  });

  it("refuse NaN scores and lists of different lengths", () => {
    const group = Int32Array.of(0, 0);
    expect(() => evaluateScores({ label: [0, 1], score: [0.1, Number.NaN], group })).toThrow("score 1 is NaN");
    expect(() => gauc([0, 1], [0.1, Number.NaN], group)).toThrow("score 1 is NaN");
    expect(() => evaluateScores({ label: [0], score: [0.1, 0.2], group })).toThrow("1 labels, 2 scores, 2 groups");
  });
});
