/** A tie between a positive and a negative counts one half: numbers counted by hand. */
import { expect, it } from "vitest";
import { auc } from "../../src/statistics/auc.ts";
import { gauc } from "../../src/statistics/gauc.ts";
import { evaluateScores } from "../../src/statistics/metrics.ts";
import { placementsOf } from "../../src/statistics/placements.ts";

const label = [1, 0, 1, 0, 0, 1, 0];
const score = [0.5, 0.5, 0.8, 0.2, 0.8, 0.5, 0.5];

it("in AUC", () => {
  // Of four negatives 0.5 is above one and ties with two, twice; 0.8 is above three and ties with one.
  expect(auc(label, score)).toBe((2 + 2 + 3.5) / 12);
  expect(auc([1, 0], [0.4, 0.4])).toBe(0.5);
  expect(auc([1, 0, 0], [0.4, 0.4, 0.1])).toBe(0.75);
  expect(auc([1, 1, 0], [0.4, 0.9, 0.9])).toBe(0.25);
  expect(auc([1, 0], [0, -0])).toBe(0.5);
});

it("in GAUC, within each group only", () => {
  // Group 0: 0.5 against 0.5. Group 1: 0.8 against 0.2 and 0.8. Group 2: 0.5 against 0.5.
  const group = Int32Array.of(0, 0, 1, 1, 1, 2, 2);
  expect(gauc(label, score, group)).toBe((2 * 0.5 + 3 * 0.75 + 2 * 0.5) / 7);
  expect(evaluateScores({ label, score, group })).toMatchObject({ auc: 0.625, gauc: 4.25 / 7 });
});

it("in the placement of each sample", () => {
  const { value, auc: mean, aucs } = placementsOf(label, [score]);
  expect([...value]).toEqual([2 / 4, 2 / 3, 3.5 / 4, 1, 0.5 / 3, 2 / 4, 2 / 3]);
  expect(mean).toBe(0.625);
  expect(aucs).toEqual([0.625]);
});
