/** The steps of an epoch: each portion has those that its samples need, and no batch reaches into the next. */
import { expect, it } from "vitest";
import type { Portion } from "../../src/dataset/blocks.ts";
import { planEpoch, portionOfStep } from "../../src/training/steps.ts";

const portions = [10, 4, 9].map((samples): Portion => ({ samples, sequences: 1, behaviours: 0, blocks: [] }));

it("each portion has its steps", () => {
  const plan = planEpoch(portions, 4);
  expect(plan.map(({ number, first, end }) => [number, first, end])).toEqual([
    [0, 0, 3],
    [1, 3, 4],
    [2, 4, 7],
  ]);
  expect(plan.map(({ portion }) => portion)).toEqual(portions);
});

it("a step finds its portion", () => {
  const plan = planEpoch(portions, 4);
  const numbers = Array.from({ length: 7 }, (_, step) => portionOfStep(plan, step).number);
  expect(numbers).toEqual([0, 0, 0, 1, 2, 2, 2]);
});
