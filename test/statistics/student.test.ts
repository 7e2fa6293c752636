import normalCdf from "@stdlib/stats-base-dists-normal-cdf";
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import tCdf from "@stdlib/stats-base-dists-t-cdf";
import tQuantile from "@stdlib/stats-base-dists-t-quantile";
import { describe, expect, it } from "vitest";
import { quantileT, twoSidedP } from "../../src/statistics/student.ts";

const DEGREES = [0.4, 1, 2, 3.7, 4, 9.5, 30, 31.9, 32, 120, 1234.5, 1e5];
const VALUES = [1e-6, 0.01, 0.3, 0.9, 1.2, 1.7, 1.8, 1.96, 2.5, 4, 8, 15, 40];

/** Equal but for a relative error. */
function expectClose(actual: number, expected: number, error: number, what: string): void {
  expect(Math.abs(actual / expected - 1), `${what}: ${actual}, not ${expected}`).toBeLessThan(error);
}

describe("Student's t", () => {
  it("has the tails of an independent library, far ones relatively too", () => {
    for (const df of DEGREES) {
      for (const t of VALUES) {
        const expected = 2 * tCdf(-t, df);
        if (expected > 1e-300) expectClose(twoSidedP(t, df), expected, 1e-10, `t ${t}, df ${df}`);
      }
    }
  });

  it("has the tails of an independent normal where df is infinite, and nearly so where it is huge", () => {
    for (const z of [...VALUES.slice(0, -1), 30, 37]) {
      const expected = 2 * normalCdf(-z, 0, 1);
      expectClose(twoSidedP(z, Number.POSITIVE_INFINITY), expected, 1e-12, `z ${z}`);
      if (z < 5) expectClose(twoSidedP(z, 1e9), expected, 1e-6, `z ${z}, df 1e9`);
      if (z < 5) expectClose(twoSidedP(z, 1e11), expected, 1e-8, `z ${z}, df 1e11`);
    }
  });

  it("has the closed forms of one, two and four degrees of freedom", () => {
    for (const t of VALUES) {
      expectClose(twoSidedP(t, 1), (2 / Math.PI) * Math.atan(1 / t), 1e-13, `t ${t}, df 1`);
      const root = Math.sqrt(2 + t * t);
      expectClose(twoSidedP(t, 2), 2 / (root * (root + t)), 1e-13, `t ${t}, df 2`);
    }
    // 1 - s (3 - s^2) / 2 with s = t / sqrt(4 + t^2), written as (1 - s)^2 (2 + s) / 2 to keep the tail.
    const root = Math.sqrt(4 + 40 * 40);
    const s = 40 / root;
    expectClose(twoSidedP(40, 4), ((4 / (root * (root + 40))) ** 2 * (2 + s)) / 2, 1e-13, "t 40, df 4");
  });

  it("has the quantiles of an independent library", () => {
    for (const probability of [1e-9, 0.001, 0.025, 0.2, 0.45, 0.6, 0.975, 0.9999]) {
      const normal = quantileT(probability, Number.POSITIVE_INFINITY);
      expectClose(normal, normalQuantile(probability, 0, 1), 1e-9, `${probability}`);
      for (const df of DEGREES) {
        const expected = tQuantile(probability, df);
        expectClose(quantileT(probability, df), expected, 1e-8, `${probability}, df ${df}`);
      }
    }
  });

  it("is symmetric, and knows its ends", () => {
    expect(twoSidedP(-2.5, 7)).toBe(twoSidedP(2.5, 7));
    expect(quantileT(0.25, 7)).toBe(-quantileT(0.75, 7));
    for (const df of [0.5, 3, 50, Number.POSITIVE_INFINITY]) {
      expect([twoSidedP(0, df), twoSidedP(Number.POSITIVE_INFINITY, df)]).toEqual([1, 0]);
      expect([0, 0.5, 1].map((probability) => quantileT(probability, df))).toEqual([-Infinity, 0, Infinity]);
    }
  });

  it("is not defined without degrees of freedom", () => {
    for (const df of [0, -1, Number.NaN]) {
      expect(twoSidedP(1, df)).toBeNaN();
      expect(quantileT(0.975, df)).toBeNaN();
    }
    expect(twoSidedP(Number.NaN, 4)).toBeNaN();
    expect(quantileT(1.5, 4)).toBeNaN();
  });
});
