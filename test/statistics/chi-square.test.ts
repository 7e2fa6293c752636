/** The chi-square distribution, and the test of sample ratios that is made of it. */
import normalCdf from "@stdlib/stats-base-dists-normal-cdf";
import { describe, expect, it } from "vitest";
import { chiSquareP, sampleRatioP } from "../../src/statistics/chi-square.ts";

/** Equal but for a relative error. */
function expectClose(actual: number, expected: number, error: number, what: string): void {
  expect(Math.abs(actual / expected - 1), `${what}: ${actual}, not ${expected}`).toBeLessThan(error);
}

const VALUES = [1e-6, 0.01, 0.4, 1, 2.9, 3.1, 7, 25, 120, 700];

describe("chi-square", () => {
  it("with one degree of freedom has the tails of the square of an independent normal", () => {
    for (const x of VALUES) expectClose(chiSquareP(x, 1), 2 * normalCdf(-Math.sqrt(x), 0, 1), 1e-9, `x ${x}`);
  });

  it("with two more has y^a e^-y / Gamma(a + 1) more, y = x / 2 and a half the degrees", () => {
    for (const x of VALUES) {
      const y = x / 2;
      let gamma = Math.sqrt(Math.PI) / 2; // of a + 1, for a of one half
      for (let degrees = 1; degrees < 40; degrees += 2) {
        const expected = chiSquareP(x, degrees) + Math.exp((degrees / 2) * Math.log(y) - y) / gamma;
        expectClose(chiSquareP(x, degrees + 2), expected, 1e-9, `x ${x}, df ${degrees}`);
        gamma *= degrees / 2 + 1;
      }
    }
  });

  it("with an even number of degrees is a Poisson sum", () => {
    for (const x of VALUES) {
      let term = Math.exp(-x / 2);
      let sum = term;
      for (let degrees = 2; degrees < 120; degrees += 2) {
        expectClose(chiSquareP(x, degrees), sum, 1e-12, `x ${x}, df ${degrees}`);
        term *= x / degrees;
        sum += term;
      }
    }
  });

  it.each([
    // scipy 1.10: chi2.sf(x, degrees)
    [0.01, 3, 0.9997348349413444],
    [19.2, 5, 0.0017640185173923206],
    [100, 99, 0.4529585113209314],
    [380.16, 99, 1.4680021280474726e-34],
    [700, 99, 3.2425252671648466e-91],
  ])("x %d with %d degrees of freedom has the tail of another library", (x, degrees, expected) => {
    expectClose(chiSquareP(x, degrees), expected, 1e-9, "tail");
  });

  it("knows its ends, and where it is not defined", () => {
    expect([0, -1, Number.POSITIVE_INFINITY].map((x) => chiSquareP(x, 3))).toEqual([1, 1, 0]);
    for (const degrees of [0, -2, 1.5, Number.NaN]) expect(chiSquareP(1, degrees)).toBeNaN();
    expect(chiSquareP(Number.NaN, 1)).toBeNaN();
  });
});

describe("sample ratio mismatch", () => {
  it("is improbable where users do not fit the weights", () => {
    // 821,588 against 815,482 users of equal weights: the example of Fabijan et al., KDD 2019.
    expect(sampleRatioP([821_588, 815_482], [1, 1])).toBeLessThan(1e-5);
    expect(sampleRatioP([5100, 4900], [1, 1])).toBeCloseTo(0.0455, 4);
    expect(sampleRatioP([900, 100, 20], [9, 1, 0.2])).toBe(1);
  });

  it("leaves out an arm without weight, in which nobody may be", () => {
    expect(sampleRatioP([5100, 4900, 0], [1, 1, 0])).toBe(sampleRatioP([5100, 4900], [1, 1]));
    expect(sampleRatioP([5000, 5000, 1], [1, 1, 0])).toBe(0);
  });

  it("is nothing to speak of without users, or with one arm", () => {
    expect(sampleRatioP([0, 0], [1, 1])).toBe(1);
    expect(sampleRatioP([10], [1])).toBe(1);
  });
});
