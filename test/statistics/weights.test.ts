/** Weighted statistics: what a weight means is that of as many samples. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { auc } from "../../src/statistics/auc.ts";
import { calibrationOf } from "../../src/statistics/calibration.ts";
import { compareAuc } from "../../src/statistics/compare.ts";
import { gauc } from "../../src/statistics/gauc.ts";
import { logloss } from "../../src/statistics/logloss.ts";
import { evaluateScores } from "../../src/statistics/metrics.ts";

const probability = fc.oneof(fc.constantFrom(0, 0.25, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true }));
const rowsOf = (weight: fc.Arbitrary<number>) =>
  fc.array(
    fc.record({ label: fc.constantFrom(0, 1), score: probability, other: probability, group: fc.nat(4), weight }),
    { minLength: 1, maxLength: 40 },
  );
type Row = { label: number; score: number; other: number; group: number; weight: number };

const columns = (rows: readonly Row[]) => ({
  label: rows.map(({ label }) => label),
  score: rows.map(({ score }) => score),
  other: rows.map(({ other }) => other),
  group: Int32Array.from(rows, ({ group }) => group),
  weight: rows.map(({ weight }) => weight),
});

function expectClose(found: number, expected: number): void {
  if (Number.isFinite(expected)) expect(found).toBeCloseTo(expected, 9);
  else expect(found).toBe(expected);
}

test("a whole weight is as many samples", () => {
  fc.assert(
    fc.property(rowsOf(fc.nat(3)), (rows) => {
      const { label, score, other, group, weight } = columns(rows);
      const many = columns(rows.flatMap((row) => Array.from({ length: row.weight }, () => row)));
      expectClose(auc(label, score, undefined, weight), auc(many.label, many.score));
      expectClose(gauc(label, score, group, weight), gauc(many.label, many.score, many.group));
      expectClose(logloss(label, score, weight), logloss(many.label, many.score));
      expectClose(calibrationOf(label, score, 10, weight).ratio, calibrationOf(many.label, many.score).ratio);
      expectClose(calibrationOf(label, score, 1, weight).ece, calibrationOf(many.label, many.score, 1).ece);
      const difference = compareAuc({ label, group, weight, a: [score, other], b: [other] });
      const expected = compareAuc({
        label: many.label,
        group: many.group,
        a: [many.score, many.other],
        b: [many.other],
      });
      for (const key of ["difference", "deviation", "low", "high", "p"] as const) {
        // Where the difference vanishes, rounding decides what is left of its deviation.
        if (expected.deviation > 1e-9) expectClose(difference[key], expected[key]);
      }
    }),
  );
});

test("the AUC is that of all pairs by the product of their weights", () => {
  fc.assert(
    fc.property(rowsOf(fc.oneof(fc.constant(0), fc.double({ min: 0.001, max: 1000, noNaN: true }))), (rows) => {
      let [right, pairs] = [0, 0];
      for (const positive of rows.filter(({ label }) => label === 1)) {
        for (const negative of rows.filter(({ label }) => label === 0)) {
          const pair = positive.weight * negative.weight;
          right += pair * (positive.score > negative.score ? 1 : positive.score === negative.score ? 0.5 : 0);
          pairs += pair;
        }
      }
      const { label, score, weight } = columns(rows);
      const found = auc(label, score, undefined, weight);
      if (pairs === 0) expect(found).toBeNaN();
      else expect(found).toBeCloseTo(right / pairs, 9);
    }),
  );
});

test("equal weights are none", () => {
  fc.assert(
    fc.property(rowsOf(fc.constant(1)), (rows) => {
      const { label, score, group, weight } = columns(rows);
      const found = evaluateScores({ label, score, group, weight });
      const { auc, gauc, ...expected } = evaluateScores({ label, score, group });
      expect(found).toMatchObject(expected);
      expectClose(found.auc, auc);
      expectClose(found.gauc, gauc);
    }),
  );
});
