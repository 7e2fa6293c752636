/**
 * What a bandit gains and costs, and that what is read of it is right: figures of docs/ab/bandit.md by
 * `BANDIT_RUNS=2000 npx vitest run test/ab/bandit/bandit.test.ts`.
 */
import { describe, expect, it } from "vitest";
import { readOnce } from "../../../src/statistics/effect.ts";
import { pairedEffect } from "../../../src/statistics/paired.ts";
import { sumsOf } from "../../../src/statistics/sums.ts";
import { fixed, live, type Policy, type Shop, thompsonWith } from "./simulation.ts";

const LONG = process.env.BANDIT_RUNS !== undefined;
const RUNS = Number(process.env.BANDIT_RUNS ?? 30);
const SIZE = LONG ? { users: 1000, days: 28, visits: 20 } : { users: 250, days: 14, visits: 20 };
const WEEK = [0.76, 0.76, 0.76, 0.76, 0.76, 1.6, 1.6];

const SHOPS: Readonly<Record<string, Shop>> = {
  "no difference": { rates: [0.05, 0.05], season: () => 1, ...SIZE },
  "one is better": { rates: [0.05, 0.06], season: () => 1, ...SIZE },
  weekends: { rates: [0.05, 0.06], season: (day) => WEEK[day % 7], ...SIZE },
  "a sale at first": { rates: [0.05, 0.06], season: (day) => (day < SIZE.days / 4 ? 1.6 : 0.8), ...SIZE },
  "three arms": { rates: [0.05, 0.05, 0.07], season: () => 1, ...SIZE },
};
const POLICIES: Readonly<Record<string, Policy>> = {
  fixed,
  "floor .05": thompsonWith(0.05),
  "floor .1": thompsonWith(0.1),
};

interface Figures {
  /** Of what the best arm would have earned beyond the average arm, the share that was. */
  readonly gain: number;
  /** Of 95 % intervals of the last arm's CTR less the first's: how many hold the truth, bias and mean width. */
  readonly naive: Reading;
  readonly weighted: Reading;
}
interface Reading {
  readonly coverage: number;
  readonly bias: number;
  readonly width: number;
}

function figures(shop: Shop, policy: Policy, runs: number): Figures {
  const last = shop.rates.length - 1;
  const season = Array.from({ length: shop.days }, (_, day) => shop.season(day));
  const mean = season.reduce((sum, factor) => sum + factor, 0) / shop.days;
  const truth = (shop.rates[last] - shop.rates[0]) * mean;
  const lives = Array.from({ length: runs }, (_, run) => live(shop, policy, run + 1));
  const average = shop.rates.reduce((sum, rate) => sum + rate, 0) / shop.rates.length;
  const share = 1 - average / Math.max(...shop.rates);
  const read = (users: readonly Float64Array[]) => {
    const sums = sumsOf(users, 2 * shop.rates.length);
    const effect = pairedEffect(sums, { of: 1, per: 0 }, { of: 2 * last + 1, per: 2 * last }, "absolute");
    return { value: effect.value, ...readOnce(effect) };
  };
  const over = (of: (life: (typeof lives)[number]) => number) => lives.reduce((sum, life) => sum + of(life), 0) / runs;
  const reading = (readings: ReturnType<typeof read>[]): Reading => {
    const over = (of: (one: (typeof readings)[number]) => number) =>
      readings.reduce((sum, one) => sum + of(one), 0) / runs;
    return {
      coverage: over(({ low, high }) => Number(low <= truth && truth <= high)),
      bias: over(({ value }) => value) - truth,
      width: over(({ low, high }) => high - low),
    };
  };
  return {
    gain: share === 0 ? Number.NaN : 1 - over(({ earned, best }) => 1 - earned / best) / share,
    naive: reading(lives.map(({ plain }) => read(plain))),
    weighted: reading(lives.map(({ weighted }) => read(weighted))),
  };
}

describe("a bandit", () => {
  it("earns more than fixed weights where an arm is better, and its weighted reading holds the truth", () => {
    const shop = SHOPS["one is better"];
    const [even, floored] = [fixed, thompsonWith(0.1)].map((policy) => figures(shop, policy, RUNS));
    expect(Math.abs(even.gain)).toBeLessThan(0.05);
    expect(floored.gain).toBeGreaterThan(0.15);
    // 95 % less 3.5 deviations of a share.
    expect(floored.weighted.coverage).toBeGreaterThan(0.95 - 3.5 * Math.sqrt((0.95 * 0.05) / RUNS));
    // What was chosen less is known less.
    expect(floored.weighted.width).toBeGreaterThan(even.weighted.width);
  });

  it("misleads whoever counts clicks as they are, where days differ", () => {
    const { naive, weighted } = figures(SHOPS["a sale at first"], thompsonWith(0.05), RUNS);
    expect(Math.abs(naive.bias)).toBeGreaterThan(3 * Math.abs(weighted.bias));
  });

  it.runIf(LONG).each(Object.keys(SHOPS))(
    "has the figures of the docs: %s",
    (name) => {
      const percent = (value: number) => (100 * value).toFixed(1);
      const thousandths = (value: number) => (1000 * value).toFixed(2);
      for (const [policy, choose] of Object.entries(POLICIES)) {
        const { gain, naive, weighted } = figures(SHOPS[name], choose, RUNS);
        const readings = [naive, weighted].flatMap(({ coverage, bias, width }) => {
          return [percent(coverage), thousandths(bias), thousandths(width)];
        });
        console.log([name, policy, percent(gain), ...readings].join(" | "));
      }
    },
    3_600_000,
  );
});
