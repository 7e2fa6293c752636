/**
 * A shop in which a policy chooses arms: what that earns, and what can be read of it afterwards. Users come back, some
 * often, and some click more than others whatever the arm; on some days everybody does. A user keeps an arm for a day, and
 * the outcomes of a day are known when the next day but one begins.
 */
import { type ArmCounts, thompson } from "../../../src/ab/bandit/thompson.ts";
import { Random } from "../../../src/tensor/random.ts";

export interface Shop {
  /** Of each arm, of an average user on an average day. */
  readonly rates: readonly number[];
  /** What they are multiplied with on day t. */
  readonly season: (day: number) => number;
  readonly users: number;
  readonly days: number;
  /** In all days, on average. */
  readonly visits: number;
}

/** A day's probabilities of the arms, by what is known in the morning. */
export type Policy = (known: readonly ArmCounts[]) => readonly number[];

export const fixed: Policy = (known) => known.map(() => 1 / known.length);
export const thompsonWith =
  (floor: number): Policy =>
  (known) =>
    thompson(known, floor);

export interface Life {
  /** Per visit, in expectation: what was earned, and what the best arm alone would have. */
  readonly earned: number;
  readonly best: number;
  /** Of each user the visits and the clicks in each arm, as they are and each divided by the probability of its arm. */
  readonly plain: readonly Float64Array[];
  readonly weighted: readonly Float64Array[];
}

export function live({ rates, season, users, days, visits }: Shop, policy: Policy, seed: number): Life {
  const random = new Random(seed);
  const arms = rates.map((_, arm) => arm);
  // Log-normal, with means of 1.
  const drawn = (deviation: number) =>
    Float64Array.from({ length: users }, () => Math.exp(deviation * random.normal() - deviation ** 2 / 2));
  const [activity, keenness] = [drawn(0.8), drawn(0.5)];
  const tables = () => Array.from({ length: users }, () => new Float64Array(2 * arms.length));
  const [plain, weighted] = [tables(), tables()];
  const nothing = () => arms.map(() => ({ clicks: 0, impressions: 0 }));
  const known = nothing();
  let yesterday = nothing();
  let [earned, best, all] = [0, 0, 0];
  for (let day = 0; day < days; day++) {
    const today = nothing();
    const probabilities = policy(known);
    for (let user = 0; user < users; user++) {
      const arm = pick(probabilities, random.uniform());
      const expected = (visits / days) * activity[user];
      const count = Math.floor(expected + random.uniform());
      const factor = keenness[user] * season(day);
      for (let visit = 0; visit < count; visit++) {
        const click = random.uniform() < rates[arm] * factor ? 1 : 0;
        today[arm].impressions++;
        today[arm].clicks += click;
        plain[user][2 * arm]++;
        plain[user][2 * arm + 1] += click;
        weighted[user][2 * arm] += 1 / probabilities[arm];
        weighted[user][2 * arm + 1] += click / probabilities[arm];
      }
      all += count;
      earned += count * rates[arm] * factor;
      best += count * Math.max(...rates) * factor;
    }
    for (const arm of arms) {
      known[arm].clicks += yesterday[arm].clicks;
      known[arm].impressions += yesterday[arm].impressions;
    }
    yesterday = today;
  }
  return { earned: earned / all, best: best / all, plain, weighted };
}

function pick(probabilities: readonly number[], uniform: number): number {
  let arm = 0;
  for (let end = probabilities[0]; arm < probabilities.length - 1 && uniform >= end; end += probabilities[arm]) arm++;
  return arm;
}
