/** Metrics, CUPED, effects and readings: golden values, and what the formulas say of samples that are drawn. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Effect, effect, readAnyTime, readOnce } from "../../src/statistics/effect.ts";
import { adjusted, type Estimate, estimate } from "../../src/statistics/estimate.ts";
import { addSums, covarianceOf, type Sums, sumsOf } from "../../src/statistics/sums.ts";
import { Random } from "../../src/tensor/random.ts";
import "../support/draws.ts";

/** Of one quantity. */
const sums = (n: number, sum: number, squares: number): Sums => ({ n, sum: [sum], products: [squares] });
const MEAN = { of: 0 };
const [CLICKS, IMPRESSIONS, CLICKS_BEFORE, IMPRESSIONS_BEFORE] = [0, 1, 2, 3];
const CTR = { of: CLICKS, per: IMPRESSIONS };
const CTR_BEFORE = { of: CLICKS_BEFORE, per: IMPRESSIONS_BEFORE };

describe("golden values", () => {
  const control = estimate(sums(3407, 1396.87, 52377.9767), MEAN);

  it("of a relative difference at a fixed horizon", () => {
    const treatment = estimate(sums(3461, 2422.7, 134698.29), MEAN);
    const lift = effect(control, treatment, "relative");
    const { low, high, p } = readOnce(lift);
    for (const [actual, expected] of [
      [lift.value, 0.70732],
      [low, -0.03526],
      [high, 1.44989],
      [p, 0.06191],
    ]) {
      expect(actual).toBeCloseTo(expected, 5);
    }
  });

  it("of an always-valid interval", () => {
    const smaller = estimate(sums(3000, 1396.87, 52377.9767), MEAN);
    const lift = effect(smaller, estimate(sums(3461, 2422.7, 134698.29), MEAN), "relative");
    const { low, high } = readAnyTime(lift, 1000);
    expect(lift.value).toBeCloseTo(0.50336, 5);
    expect(low).toBeCloseTo(-0.55844, 5);
    expect(high).toBeCloseTo(1.56516, 5);
  });
});

/** Users of clicks, impressions, and both before. */
const users = fc.array(
  fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 40 }), fc.nat(5), fc.integer({ min: 1, max: 40 })),
  { minLength: 3, maxLength: 30 },
);

describe("sums", () => {
  it("add up, and have the covariances of their users", () => {
    fc.assert(
      fc.property(users, users, (some, others) => {
        const all = addSums([sumsOf(some, 4), sumsOf(others, 4)]);
        expect(all).toEqual(sumsOf([...some, ...others], 4));
        const together = [...some, ...others];
        const mean = (of: number) => together.reduce((sum, user) => sum + user[of], 0) / together.length;
        for (let i = 0; i < 4; i++) {
          for (let j = 0; j < 4; j++) {
            const product = together.reduce((sum, user) => sum + (user[i] - mean(i)) * (user[j] - mean(j)), 0);
            expect(covarianceOf(all, i, j)).toBeCloseTo(product / (together.length - 1), 6);
          }
        }
      }),
    );
  });
});

describe("a ratio", () => {
  it("is the ratio of sums, with the variance of its linear part", () => {
    fc.assert(
      fc.property(users, (some) => {
        const { n, value, variance } = estimate(sumsOf(some, 4), CTR);
        const clicks = some.reduce((sum, user) => sum + user[CLICKS], 0);
        const impressions = some.reduce((sum, user) => sum + user[IMPRESSIONS], 0);
        expect(value).toBe(clicks / impressions);
        // (clicks - ratio impressions) / mean impressions has mean 0 over the users.
        const parts = some.map((user) => (user[CLICKS] - value * user[IMPRESSIONS]) / (impressions / n));
        expect(variance).toBeCloseTo(parts.reduce((sum, part) => sum + part * part, 0) / (n - 1), 9);
      }),
    );
  });

  it("of sums with nothing to divide by is not defined", () => {
    const { value, variance } = estimate(
      sumsOf(
        [
          [1, 0],
          [2, 0],
        ],
        2,
      ),
      CTR,
    );
    expect([value, variance]).toEqual([Number.POSITIVE_INFINITY, Number.NaN]);
  });
});

describe("CUPED", () => {
  const draw = (seed: number, n: number) => {
    const source = new Random(seed);
    const random = () => source.uniform();
    return Array.from({ length: n }, () => {
      const taste = 0.02 + 0.3 * random() ** 3;
      const seen = [1 + Math.floor(40 * random() ** 2), 1 + Math.floor(40 * random() ** 2)];
      const clicks = seen.map((count) => Array.from({ length: count }, () => Number(random() < taste)).reduce(add, 0));
      return [clicks[0], seen[0], clicks[1], seen[1]];
    });
  };
  const arms = [sumsOf(draw(1, 4000), 4), sumsOf(draw(2, 4000), 4)];

  it.each([
    ["a mean", { of: CLICKS }, { of: CLICKS_BEFORE }],
    ["a ratio", CTR, CTR_BEFORE],
  ] as const)("takes of %s the variance that the time before explains, and no more", (_, metric, before) => {
    const { arms: less, theta } = adjusted(arms, metric, before);
    const plain = arms.map((arm) => estimate(arm, metric));
    const explained =
      (theta ** 2 * estimate(addSums(arms), before).variance) / estimate(addSums(arms), metric).variance;
    expect(explained).toBeGreaterThan(0.05);
    for (const [i, { variance }] of less.entries()) {
      expect(variance / plain[i].variance).toBeCloseTo(1 - explained, 1);
    }
  });

  it("is a regression: no other theta leaves a smaller variance in all", () => {
    const all = [addSums(arms)];
    const least = adjusted(all, CTR, CTR_BEFORE).arms[0].variance;
    const { theta } = adjusted(all, CTR, CTR_BEFORE);
    const cov = (theta * estimate(all[0], CTR_BEFORE).variance) as number;
    for (const other of [theta - 0.05, theta + 0.05]) {
      const variance =
        estimate(all[0], CTR).variance - 2 * other * cov + other ** 2 * estimate(all[0], CTR_BEFORE).variance;
      expect(variance).toBeGreaterThan(least);
    }
  });

  it("of what did not vary before changes nothing, and says so", () => {
    const flat = arms.map(({ n, sum, products }) => {
      const none = [...products];
      for (const at of [3, 4, 5, 6, 7, 8, 9]) none[at] = 0;
      return { n, sum: [...sum.slice(0, 2), 0, 0], products: none };
    });
    for (const metric of [{ of: CLICKS_BEFORE }, CTR_BEFORE]) {
      const { arms: same, theta } = adjusted(flat, CTR, metric);
      expect(theta).toBe(0);
      expect(same).toEqual(flat.map((arm) => estimate(arm, CTR)));
    }
  });

  it("is relative to control as it was, with the variance of that quotient", () => {
    const {
      arms: [control, treatment],
      theta,
    } = adjusted(arms, CTR, CTR_BEFORE);
    const lift = effect(control, treatment, "relative");
    const plain = estimate(arms[0], CTR).value;
    expect(lift.value).toBeCloseTo((treatment.value - control.value) / plain, 12);
    // The delete-one jackknife knows no formula; over groups of users it is quick.
    const groups = 200;
    const parts = [draw(1, 4000), draw(2, 4000)].map((rows) =>
      Array.from({ length: groups }, (_, g) =>
        sumsOf(
          rows.filter((_, i) => i % groups === g),
          4,
        ),
      ),
    );
    let variance = 0;
    for (const [arm] of parts.entries()) {
      const values = Array.from({ length: groups }, (_, g) => {
        const left = parts.map((all, i) => addSums(all.filter((_, j) => i !== arm || j !== g)));
        const [a, b] = left.map((part) => estimate(part, CTR).value - theta * estimate(part, CTR_BEFORE).value);
        return (b - a) / estimate(left[0], CTR).value;
      });
      const mean = values.reduce(add, 0) / groups;
      variance += (values.reduce((sum, value) => sum + (value - mean) ** 2, 0) * (groups - 1)) / groups;
    }
    expect(lift.error / Math.sqrt(variance)).toBeCloseTo(1, 1);
  });
});

describe("effects", () => {
  const one: Estimate = { n: 100, value: 2, variance: 9 };
  const other: Estimate = { n: 50, value: 3, variance: 16 };

  it("are differences, or parts of control", () => {
    expect(effect(one, other, "absolute")).toMatchObject({ value: 1, error: Math.sqrt(0.09 + 0.32), users: 150 });
    const lift = effect(one, other, "relative");
    expect(lift.value).toBe(0.5);
    expect(lift.error).toBeCloseTo(Math.sqrt(0.32 / 4 + (9 * 0.09) / 16), 12);
  });

  it("of a negative control keep the sign of the difference", () => {
    const lift = effect({ ...one, value: -2 }, { ...other, value: -3 }, "relative");
    expect(lift.value).toBe(-0.5);
    expect(lift.error).toBeCloseTo(effect(one, other, "relative").error, 12);
  });

  it("are shown just where their interval leaves out zero, in both readings", () => {
    fc.assert(
      fc.property(fc.double({ min: -5, max: 5, noNaN: true }), fc.integer({ min: 4, max: 1e6 }), (value, users) => {
        const found: Effect = { value, error: 1, degrees: users - 2, users };
        for (const { low, high, p } of [readOnce(found), readAnyTime(found, 5000)]) {
          expect(low > 0 || high < 0).toBe(p < 0.05);
        }
      }),
    );
  });

  it("are not defined where nothing varies", () => {
    const still = { ...one, variance: 0 };
    for (const read of [
      readOnce(effect(still, still, "absolute")),
      readAnyTime(effect(still, still, "absolute"), 100),
    ]) {
      expect(read).toEqual({ low: Number.NaN, high: Number.NaN, p: Number.NaN });
    }
  });
});

const add = (a: number, b: number) => a + b;
