import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ArmCounts, thompson } from "../../../src/ab/bandit/thompson.ts";
import { Random } from "../../../src/tensor/random.ts";
import "../../support/draws.ts";

describe("thompson", () => {
  it("is the probability that one rate is above the other, as the sum for whole counts has it", () => {
    const cases: [ArmCounts, ArmCounts][] = [
      [counts(0, 0), counts(0, 0)],
      [counts(0, 3), counts(2, 3)],
      [counts(7, 90), counts(11, 100)],
      [counts(0, 1000), counts(1, 2)],
      [counts(2000, 100_000), counts(2100, 100_000)],
      [counts(3, 40), counts(4_000, 200_000)],
    ];
    for (const [first, second] of cases) {
      const [, probability] = thompson([first, second], 0);
      expect(Math.abs(probability - secondIsHigher(first, second))).toBeLessThan(2e-7);
    }
  });

  it("agrees with drawing rates and taking the highest", () => {
    const arms = [counts(4, 50), counts(6, 50), counts(9, 80), counts(0, 3)];
    const random = new Random(5);
    const wins = arms.map(() => 0);
    const rounds = 5_000;
    for (let i = 0; i < rounds; i++) {
      const rates = arms.map((arm) => betaOfOrder(random, 1 + arm.clicks, 1 + arm.impressions - arm.clicks));
      wins[rates.indexOf(Math.max(...rates))]++;
    }
    const expected = thompson(arms, 0);
    // Four and a half deviations of a share.
    wins.forEach((won, k) => {
      const p = expected[k];
      expect(Math.abs(won / rounds - p)).toBeLessThan(4.5 * Math.sqrt((p * (1 - p)) / rounds));
    });
  });

  it("gives every arm its floor, sums to 1, and does not ask for the order of the arms", () => {
    const arm = fc.tuple(fc.integer({ min: 0, max: 10 ** 7 }), fc.double({ min: 0, max: 1, noNaN: true }));
    const arms = fc.array(
      arm.map(([impressions, share]) => counts(Math.floor(share * impressions), impressions)),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(arms, fc.double({ min: 0, max: 1, noNaN: true }), (drawn, part) => {
        const floor = part / drawn.length;
        const probabilities = thompson(drawn, floor);
        for (const p of probabilities) expect(p).toBeGreaterThanOrEqual(floor * (1 - 1e-9));
        expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);
        const turned = thompson(drawn.toReversed(), floor).toReversed();
        turned.forEach((p, k) => {
          expect(p).toBeCloseTo(probabilities[k], 9);
        });
      }),
      { numRuns: 15 },
    );
  });

  it("shares equally among arms that showed the same", () => {
    for (const p of thompson([counts(5, 70), counts(5, 70), counts(5, 70)], 0.1)) expect(p).toBeCloseTo(1 / 3, 12);
  });
});

function counts(clicks: number, impressions: number): ArmCounts {
  return { clicks, impressions };
}

/**
 * P(second > first) of Beta(a, b) and Beta(c, d) of whole numbers:
 * sum over i < c of B(a + i, b + d) / ((d + i) B(1 + i, d) B(a, b)).
 * https://www.evanmiller.org/bayesian-ab-testing.html, equation 6
 */
function secondIsHigher(first: ArmCounts, second: ArmCounts): number {
  const [a, b] = [1 + first.clicks, 1 + first.impressions - first.clicks];
  const [c, d] = [1 + second.clicks, 1 + second.impressions - second.clicks];
  const steps = logFactorials(a + b + c + d);
  const logBeta = (x: number, y: number) => steps[x - 1] + steps[y - 1] - steps[x + y - 1];
  let sum = 0;
  for (let i = 0; i < c; i++) {
    sum += Math.exp(logBeta(a + i, b + d) - Math.log(d + i) - logBeta(1 + i, d) - logBeta(a, b));
  }
  return sum;
}

function logFactorials(most: number): Float64Array {
  const logs = new Float64Array(most + 1);
  for (let n = 1; n <= most; n++) logs[n] = logs[n - 1] + Math.log(n);
  return logs;
}

/** Beta(a, b) of whole numbers, as a / (a + b) of sums of exponentials. */
function betaOfOrder(random: Random, a: number, b: number): number {
  const gamma = (order: number) => {
    let sum = 0;
    for (let i = 0; i < order; i++) sum -= Math.log(1 - random.uniform());
    return sum;
  };
  const x = gamma(a);
  return x / (x + gamma(b));
}
