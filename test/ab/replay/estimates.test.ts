/**
 * Estimates against another implementation, and against the truth: figures of docs/ab/replay.md by
 * `REPLAY_RUNS=2000 npx vitest run test/ab/replay/estimates.test.ts`.
 */
import { describe, expect, it } from "vitest";
import {
  ESTIMATORS,
  type EstimatorName,
  estimatesOf,
  meanWeight,
  quantities,
} from "../../../src/ab/replay/estimates.ts";
import { sumsOf } from "../../../src/statistics/sums.ts";
import { readGolden } from "../../support/golden.ts";
import { logOf, worth } from "./simulation.ts";

const LONG = process.env.REPLAY_RUNS !== undefined;
const RUNS = Number(process.env.REPLAY_RUNS ?? 50);
const USERS = LONG ? 1000 : 250;

interface Row {
  readonly reward: number;
  readonly propensity: number;
  readonly target: number;
  readonly predicted: number;
  readonly expected: number;
}

describe("estimates of another policy", () => {
  it("are those of Open Bandit Pipeline", () => {
    const { rows, ips, snips, dr } = readGolden<{ rows: Row[]; ips: number; snips: number; dr: number }>("replay");
    const users = rows.map(({ reward, propensity, target, predicted, expected }) => {
      const weight = target / propensity;
      return [1, weight, reward, weight * reward, expected + weight * (reward - predicted), 0, 0, 0];
    });
    const { estimates } = estimatesOf(sumsOf(users, quantities.length), "clicks", true);
    expect(estimates.map(({ estimator, value }) => [estimator, value])).toEqual([
      ["ips", expect.closeTo(ips, 12)],
      ["snips", expect.closeTo(snips, 12)],
      ["dr", expect.closeTo(dr, 12)],
    ]);
  });

  it("are the log itself, where the policy is the one that was logged", () => {
    const users = [1, 0, 1, 1].map((click) => [1, 1, click, click, click, 2 * click, 2 * click, 2 * click]);
    const { logged, estimates } = estimatesOf(sumsOf(users, quantities.length), "revenue", true);
    for (const { value, low, high, lift } of estimates) {
      expect({ value, low, high }).toEqual(logged);
      expect(lift.value).toBe(0);
    }
  });

  it("hold the truth as often as they say, and weights have a mean of 1", () => {
    const { truth, coverage, bias, width, weight } = figures();
    // 95 % less four deviations of a share, and no estimate away from the truth.
    const least = 0.95 - 4 * Math.sqrt((0.95 * 0.05) / RUNS);
    for (const estimator of ESTIMATORS) {
      expect(coverage.clicks[estimator]).toBeGreaterThan(least);
      expect(coverage.revenue[estimator]).toBeGreaterThan(least);
      expect(Math.abs(bias[estimator])).toBeLessThan((1.2 * width[estimator]) / Math.sqrt(RUNS));
    }
    expect(width.snips).toBeLessThan(width.ips);
    expect(weight).toBeGreaterThan(least);
    if (LONG) console.log(JSON.stringify({ truth, coverage, bias, width, weight }, undefined, 1));
  }, 600_000);
});

function figures() {
  const truth = worth(LONG ? 400_000 : 20_000, 1);
  const zeros = (): Record<EstimatorName, number> => ({ ips: 0, snips: 0, dr: 0 });
  const [coverage, bias, width] = [{ clicks: zeros(), revenue: zeros() }, zeros(), zeros()];
  let weight = 0;
  for (let run = 0; run < RUNS; run++) {
    const sums = sumsOf(logOf(USERS, run + 100, 2), quantities.length);
    for (const reward of ["clicks", "revenue"] as const) {
      for (const { estimator, value, low, high } of estimatesOf(sums, reward, true).estimates) {
        coverage[reward][estimator] += Number(low <= truth[reward] && truth[reward] <= high) / RUNS;
        if (reward === "revenue") continue;
        bias[estimator] += (value - truth.clicks) / RUNS;
        width[estimator] += (high - low) / RUNS;
      }
    }
    const { low, high } = meanWeight(sums);
    weight += Number(low <= 1 && 1 <= high) / RUNS;
  }
  return { truth, coverage, bias, width, weight };
}
