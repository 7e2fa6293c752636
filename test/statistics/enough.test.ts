import { describe, expect, it } from "vitest";
import { usersToTrust } from "../../src/statistics/enough.ts";

describe("users to trust", () => {
  it("are those with which the standard error is a twentieth of the metric", () => {
    expect(usersToTrust({ n: 10, value: -2, variance: 4 })).toBe(400);
    expect(usersToTrust({ n: 1e6, value: 0.02, variance: 0.0016 }) / 1600).toBeCloseTo(1, 2);
  });

  it("are as many with CUPED as without", () => {
    const base = { value: 2, variance: 4, covariance: 1 };
    expect(usersToTrust({ n: 10, value: 1.9, variance: 1, base })).toBe(400);
  });

  it("are never there where the metric is 0 or not defined", () => {
    for (const value of [0, Number.NaN]) expect(usersToTrust({ n: 10, value, variance: 0 })).toBe(Infinity);
    expect(usersToTrust({ n: 1, value: 3, variance: Number.NaN })).toBe(Infinity);
  });
});
