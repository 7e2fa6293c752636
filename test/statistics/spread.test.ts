import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { relaImpr } from "../../src/statistics/relaimpr.ts";
import { spreadOf } from "../../src/statistics/spread.ts";

describe("spread", () => {
  it("is mean, sample deviation and the interval of Student's t", () => {
    // Squares about the mean 5 add up to 20; t(0.975; 3) = 3.182446 in printed tables.
    const { count, mean, deviation, low, high } = spreadOf([2, 4, 6, 8]);
    expect({ count, mean }).toEqual({ count: 4, mean: 5 });
    expect(deviation).toBeCloseTo(Math.sqrt(20 / 3), 12);
    expect(high - mean).toBeCloseTo(3.182446 * Math.sqrt(20 / 3 / 4), 5);
    expect(mean - low).toBeCloseTo(high - mean, 12);
  });

  it("of equal values is none, to the bit", () => {
    expect(spreadOf([0.1, 0.1, 0.1])).toEqual({ count: 3, mean: 0.1, deviation: 0, low: 0.1, high: 0.1 });
  });

  it("of one value has no deviation and no interval, of none no mean either", () => {
    const nan = Number.NaN;
    expect(spreadOf([0.7])).toEqual({ count: 1, mean: 0.7, deviation: nan, low: nan, high: nan });
    expect(spreadOf([])).toEqual({ count: 0, mean: nan, deviation: nan, low: nan, high: nan });
  });

  it("moves with the values and grows with their scale", () => {
    const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(values, fc.integer({ min: -50, max: 50 }), (list, by) => {
        const spread = spreadOf(list);
        const moved = spreadOf(list.map((value) => 2 * value + by));
        expect(moved.mean).toBeCloseTo(2 * spread.mean + by, 8);
        expect(moved.deviation).toBeCloseTo(2 * spread.deviation, 8);
        expect(moved.low).toBeCloseTo(2 * spread.low + by, 6);
      }),
    );
  });
});

describe("RelaImpr", () => {
  it("is the gain over guessing", () => {
    expect(relaImpr(0.55, 0.6)).toBeCloseTo(-0.5, 12);
    expect(relaImpr(0.7, 0.7)).toBe(0);
    // MovieLens in table 3 of the paper: logistic regression, DIN and DIN with Dice against the base model.
    const improvements = [0.7263, 0.7337, 0.7348].map((value) => (100 * relaImpr(value, 0.73)).toFixed(2));
    expect(improvements).toEqual(["-1.61", "1.61", "2.09"]);
  });

  it("is not finite over a guess", () => {
    expect(relaImpr(0.7, 0.5)).toBeNaN();
    expect(relaImpr(0.7, 0.49)).toBeNaN();
    expect(relaImpr(0.5, 0.5)).toBeNaN();
  });
});
