/**
 * What readings of experiments claim, counted: `SIMULATIONS=2000 npx vitest run test/statistics/experiments.test.ts` prints
 * the figures of docs/ab/trust.md.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { sampleRatioP } from "../../src/statistics/chi-square.ts";
import { usersToTrust } from "../../src/statistics/enough.ts";
import { estimate } from "../../src/statistics/estimate.ts";
import { usersNeeded } from "../../src/statistics/power.ts";
import { sumsOf } from "../../src/statistics/sums.ts";
import { Random } from "../../src/tensor/random.ts";
import {
  type Counted,
  countReadings,
  METRICS,
  type Population,
  populationOf,
  QUANTITIES,
  truthOf,
} from "./experiments.ts";

const { SIMULATIONS } = process.env;
const runs = Number(SIMULATIONS ?? 60);
const users = SIMULATIONS === undefined ? 20_000 : 300_000;
const looks = SIMULATIONS === undefined ? 8 : 30;

/** Some users look at hundreds of ads; a click's revenue is log-normal. */
const HEAVY = { impressions: 1, revenue: 1 };
const heavy = populationOf(users, HEAVY, 7);

const sumsOfAll = (population: Population) => {
  const k = QUANTITIES.length;
  const rows = Array.from({ length: population.length / k }, (_, i) => population.subarray(i * k, (i + 1) * k));
  return sumsOf(rows, k);
};
/** A tenth more clicks. */
const lifted = populationOf(users, HEAVY, 7, 0.1);
const noises = Object.values(METRICS).map((metric) => estimate(sumsOfAll(heavy), metric));
/** As many as the metric that varies most needs. */
const enough = Math.max(...noises.map(usersToTrust));

/** How far a share of the runs may lie from what it is in truth, by chance: there are many of them. */
const chance = (share: number) => 3.5 * Math.sqrt((share * (1 - share)) / runs);

function show(what: string, counted: ReadonlyMap<string, Counted>): void {
  if (SIMULATIONS === undefined) return;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  for (const [name, { covered, shown, peeked, peekedAnyTime }] of counted) {
    const cells = { covered, shown, peeked, "any time": peekedAnyTime };
    const text = Object.entries(cells).map(([key, value]) => `${key} ${percent(value)}`);
    process.stdout.write(`${what}, ${name}: ${text.join(", ")}\n`);
  }
}

describe("an A/A experiment with enough users", () => {
  const joining = [Math.ceil(enough / looks), Math.ceil(enough / looks)] as const;
  let counted: ReadonlyMap<string, Counted>;

  beforeAll(() => {
    counted = countReadings({ control: heavy, treatment: heavy, joining, looks, runs, seed: 1 });
    show(`A/A, ${joining[0] * looks} users an arm, ${looks} looks`, counted);
  });

  it.each(Object.keys(METRICS))("has 5 %% of false alarms in %s, read once", (name) => {
    expect(Math.abs(counted.get(name)!.shown - 0.05)).toBeLessThan(chance(0.05));
  });

  it.each(Object.keys(METRICS))("has no more in %s, read at any time", (name) => {
    expect(counted.get(name)!.peekedAnyTime).toBeLessThanOrEqual(0.05);
    expect(counted.get(name)!.peeked).toBeGreaterThan(0.1);
  });

  it("has no more where users come back and their sums grow", () => {
    const again = countReadings({ control: heavy, treatment: heavy, joining, looks, returning: 2, runs, seed: 2 });
    show("A/A, users come back", again);
    for (const [name, { shown, peekedAnyTime }] of again) {
      if (METRICS[name].cuped) continue;
      expect(Math.abs(shown - 0.05), name).toBeLessThan(chance(0.05));
      expect(peekedAnyTime, name).toBeLessThanOrEqual(0.05);
    }
  });
});

describe.each([
  ["halves", 0.5],
  ["a fifth in treatment", 0.2],
])("intervals of %s", (what, part) => {
  it("cover the true lift in 95 % of experiments with enough users", () => {
    const joining = [(enough * (1 - part)) / Math.min(part, 1 - part), (enough * part) / Math.min(part, 1 - part)];
    const [a, b] = joining.map(Math.ceil);
    const counted = countReadings({ control: heavy, treatment: lifted, joining: [a, b], looks: 1, runs, seed: 3 });
    show(`A/B, ${what}, ${a} and ${b} users`, counted);
    for (const [name, { covered }] of counted) expect(Math.abs(covered - 0.95), name).toBeLessThan(chance(0.95));
  });
});

it("an experiment has the power that was planned", () => {
  const { variance, value } = estimate(sumsOfAll(heavy), METRICS.CTR);
  const lift = truthOf(lifted, METRICS.CTR) / truthOf(heavy, METRICS.CTR) - 1;
  for (const horizon of ["fixed", "sequential"] as const) {
    const design = { noise: variance / value ** 2, shares: [0.5, 0.5], alpha: 0.05, horizon } as const;
    const half = Math.ceil(usersNeeded(lift, 0.8, design) / 2 / looks);
    const counted = countReadings({ control: heavy, treatment: lifted, joining: [half, half], looks, runs, seed: 4 });
    show(`power of .8, ${horizon}, ${half * looks} users an arm`, counted);
    const { shown, peekedAnyTime } = counted.get("CTR")!;
    // Sequential readings may see it earlier, so that they see it more often than at the end.
    if (horizon === "fixed") expect(Math.abs(shown - 0.8)).toBeLessThan(chance(0.8));
    else {
      expect(peekedAnyTime).toBeGreaterThan(0.8 - chance(0.8));
      expect(peekedAnyTime).toBeLessThan(0.9 + chance(0.9));
    }
  }
});

it("sample ratios alarm at their level, and find that a twentieth of an arm is lost", () => {
  const random = new Random(5);
  const alarms = (people: number, lost: number, level: number, times: number) => {
    let found = 0;
    for (let run = 0; run < times; run++) {
      const counts = [0, 0, 0];
      for (let i = 0; i < people; i++) {
        const draw = random.uniform();
        const arm = draw < 0.5 ? 0 : draw < 0.8 ? 1 : 2;
        if (arm !== 0 || random.uniform() >= lost) counts[arm]++;
      }
      found += Number(sampleRatioP(counts, [0.5, 0.3, 0.2]) < level);
    }
    return found / times;
  };
  const levels = [0.05, 0.01, 0.001].map((level) => [level, alarms(1000, 0, level, 10 * runs)]);
  const leak = alarms(50_000, 0.05, 0.001, runs / 4);
  if (SIMULATIONS !== undefined) process.stdout.write(`sample ratios: ${JSON.stringify({ levels, leak })}\n`);
  for (const [level, found] of levels) {
    expect(Math.abs(found - level)).toBeLessThan(4 * Math.sqrt((level * (1 - level)) / (10 * runs)));
  }
  expect(leak).toBeGreaterThan(0.8);
});
