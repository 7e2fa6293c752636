/** Degrees of freedom of a comparison: of its users, of its seeds, and of both after Welch. */
import { expect, it } from "vitest";
import { compareAuc, type Difference } from "../../src/statistics/compare.ts";
import { quantileT } from "../../src/statistics/student.ts";
import { Random } from "../../src/tensor/random.ts";

/** Half the width of the interval in standard errors: the quantile of Student's t. */
const reach = ({ low, high, deviation }: Difference) => (high - low) / 2 / deviation;

/** Random samples of so many users, and so many runs a side that have learnt something. */
function comparisonOf(users: number, runs: number) {
  const random = new Random(users + runs);
  const label = Array.from({ length: 12 * users }, (_, i) => Math.floor(i / users) % 2);
  const group = Int32Array.from(label, (_, i) => i % users);
  const run = (knows: number) => label.map((y) => knows * y + random.normal());
  const side = (knows: number) => Array.from({ length: runs }, () => run(knows));
  return { label, group, a: side(0.8), b: side(0.3) };
}

// Quantiles of Student's t at 97.5 %, from a table.
it.each([
  [2, 12.7062],
  [3, 4.30265],
  [4, 3.18245],
  [11, 2.22814],
])("one run a side, %i users: one less than users", (users, quantile) => {
  expect(reach(compareAuc(comparisonOf(users, 1)))).toBeCloseTo(quantile, 4);
});

it("several runs a side: variances of users and of both sides' seeds by Welch's formula", () => {
  const { label, group, a, b } = comparisonOf(6, 4);
  const whole = compareAuc({ label, group, a, b });
  const aucs = (side: number[][]) =>
    side.map((score) => {
      let right = 0;
      label.forEach((y, i) => {
        label.forEach((other, j) => {
          if (y === 1 && other === 0 && score[i] > score[j]) right++;
        });
      });
      return right / (label.length / 2) ** 2;
    });
  const varianceOfMean = (values: number[]) => {
    const mean = values.reduce((sum, value) => sum + value) / values.length;
    return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1) / values.length;
  };
  const seeds = [varianceOfMean(aucs(a)), varianceOfMean(aucs(b))];
  const ofUsers = whole.deviation ** 2 - seeds[0] - seeds[1];
  expect(ofUsers).toBeGreaterThan(0);
  const df = whole.deviation ** 4 / (ofUsers ** 2 / 5 + seeds[0] ** 2 / 3 + seeds[1] ** 2 / 3);
  expect(reach(whole)).toBeCloseTo(quantileT(0.975, df), 8);
});
