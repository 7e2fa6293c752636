/**
 * Experiments that never were: arms of users drawn from a made-up population, whose truth is known, and read as a report
 * would read them. What their readings claim can be counted.
 */
import { effect, readAnyTime, readOnce } from "../../src/statistics/effect.ts";
import { adjusted, type Estimate, estimate, type Metric } from "../../src/statistics/estimate.ts";
import type { Sums } from "../../src/statistics/sums.ts";
import { Random } from "../../src/tensor/random.ts";

/** What a user did in the experiment, and before it. */
export const QUANTITIES = ["clicks", "impressions", "revenue", "clicks before", "impressions before", "revenue before"];
const K = QUANTITIES.length;
const [CLICKS, IMPRESSIONS, REVENUE] = QUANTITIES.keys();

/** Every metric of a report; `cuped` where it is adjusted by the same metric before. */
export const METRICS: Readonly<Record<string, Metric & { readonly cuped?: true }>> = {
  "clicks a user": { of: CLICKS },
  CTR: { of: CLICKS, per: IMPRESSIONS },
  PPC: { of: REVENUE, per: CLICKS },
  eCPM: { of: REVENUE, per: IMPRESSIONS },
  "revenue a user": { of: REVENUE },
  "CTR, CUPED": { of: CLICKS, per: IMPRESSIONS, cuped: true },
  "revenue a user, CUPED": { of: REVENUE, cuped: true },
};

/** Users with all their quantities, [users * K]. */
export type Population = Float64Array;

export interface Tails {
  /** Of the logarithm of a user's impressions. */
  readonly impressions: number;
  /** Of the logarithm of a click's revenue. */
  readonly revenue: number;
}

/**
 * Users who differ in how much they see (log-normal), in their taste for clicking and in what a click of theirs brings
 * (log-normal too). The same seed gives the same users, who click `lift` more readily in the experiment.
 */
export function populationOf(users: number, tails: Tails, seed: number, lift = 0): Population {
  const random = new Random(seed);
  const rows = new Float64Array(users * K);
  for (let user = 0; user < users; user++) {
    const taste = 0.01 + 0.1 * random.uniform() ** 2;
    const activity = tails.impressions * random.normal();
    const worth = 0.5 * tails.revenue * random.normal();
    for (const period of [1, 0]) {
      const seen = 1 + Math.floor(8 * Math.exp(0.8 * activity + 0.6 * tails.impressions * random.normal()));
      let clicks = 0;
      let revenue = 0;
      const rate = taste * (period === 0 ? 1 + lift : 1);
      for (let i = 0; i < seen; i++) {
        // Two numbers an impression, clicked or not, so that a lift adds clicks and changes nothing else.
        const [draw, price] = [random.uniform(), random.normal()];
        if (draw >= rate) continue;
        clicks++;
        revenue += Math.exp(worth + 0.85 * tails.revenue * price);
      }
      rows.set([clicks, seen, revenue], user * K + 3 * period);
    }
  }
  return rows;
}

/** The value of a metric in a whole population. */
export function truthOf(population: Population, { of, per }: Metric): number {
  let [sum, by] = [0, 0];
  for (let at = 0; at < population.length; at += K) {
    sum += population[at + of];
    by += per === undefined ? 1 : population[at + per];
  }
  return sum / by;
}

/** The sums of an arm that users join. */
class Arm {
  readonly #population: Population;
  /** Where the row of each user stands, in the order of joining. */
  readonly #rows: number[] = [];
  readonly #sum = new Float64Array(K);
  readonly #products = new Float64Array((K * (K + 1)) / 2);

  constructor(population: Population) {
    this.#population = population;
  }

  /** Draws users, with replacement. */
  join(users: number, random: Random): void {
    const all = this.#population.length / K;
    for (let u = 0; u < users; u++) {
      const row = random.integer(all) * K;
      this.#rows.push(row);
      this.#add(this.#population.subarray(row, row + K), 1);
    }
  }

  /** Users who joined from some place on come once more, and do what they did before the experiment. */
  comeBack(first: number, users: number): void {
    for (const row of this.#rows.slice(first, first + users)) {
      const once = this.#population.subarray(row, row + K);
      this.#add(once, -1);
      this.#add(
        Float64Array.from(once, (value, i) => (i < 3 ? value + once[i + 3] : value)),
        1,
      );
    }
  }

  #add(user: Float64Array, times: number): void {
    let at = 0;
    for (let i = 0; i < K; i++) {
      const value = times * user[i];
      this.#sum[i] += value;
      for (let j = 0; j <= i; j++) this.#products[at++] += value * user[j];
    }
  }

  get sums(): Sums {
    return { n: this.#rows.length, sum: [...this.#sum], products: [...this.#products] };
  }
}

export interface Trial {
  readonly control: Population;
  readonly treatment: Population;
  /** Users that join at each look, in control and in treatment. */
  readonly joining: readonly [number, number];
  readonly looks: number;
  /** Looks after which each user comes once more; CUPED makes no sense then, for that visit is the one before. */
  readonly returning?: number;
  readonly runs: number;
  readonly seed: number;
}

/** Parts of the runs. */
export interface Counted {
  /** The interval of the last look holds the true lift. */
  readonly covered: number;
  /** The last look shows an effect. */
  readonly shown: number;
  /** Some look shows an effect: what happens to somebody who peeks and stops. */
  readonly peeked: number;
  /** The same of always-valid readings. */
  readonly peekedAnyTime: number;
}

/** Runs experiments and counts what relative readings at 5 % say, for each metric. Always-valid ones are tuned to the last look. */
export function countReadings(trial: Trial): Map<string, Counted> {
  const { control, treatment, joining, looks, returning, runs, seed } = trial;
  const random = new Random(seed);
  const tuning = (joining[0] + joining[1]) * looks;
  const names = Object.keys(METRICS);
  const truths = names.map((name) => truthOf(treatment, METRICS[name]) / truthOf(control, METRICS[name]) - 1);
  const counts = names.map(() => ({ covered: 0, shown: 0, peeked: 0, peekedAnyTime: 0 }));
  for (let run = 0; run < runs; run++) {
    const arms = [new Arm(control), new Arm(treatment)];
    const peeked = names.map(() => false);
    const peekedAnyTime = names.map(() => false);
    for (let look = 1; look <= looks; look++) {
      for (const [a, arm] of arms.entries()) {
        arm.join(joining[a], random);
        if (returning !== undefined && look > returning) arm.comeBack((look - returning - 1) * joining[a], joining[a]);
      }
      const sums = arms.map((arm) => arm.sums);
      for (const [m, name] of names.entries()) {
        const [a, b] = estimatesOf(sums, METRICS[name]);
        const found = effect(a, b, "relative");
        const once = readOnce(found);
        peeked[m] ||= once.p < 0.05;
        peekedAnyTime[m] ||= readAnyTime(found, tuning).p < 0.05;
        if (look < looks) continue;
        counts[m].covered += Number(once.low <= truths[m] && truths[m] <= once.high);
        counts[m].shown += Number(once.p < 0.05);
      }
    }
    for (const m of names.keys()) {
      counts[m].peeked += Number(peeked[m]);
      counts[m].peekedAnyTime += Number(peekedAnyTime[m]);
    }
  }
  return new Map(
    names.map((name, m) => {
      const { covered, shown, peeked, peekedAnyTime } = counts[m];
      return [
        name,
        { covered: covered / runs, shown: shown / runs, peeked: peeked / runs, peekedAnyTime: peekedAnyTime / runs },
      ];
    }),
  );
}

function estimatesOf(arms: readonly Sums[], metric: (typeof METRICS)[string]): readonly Estimate[] {
  if (metric.cuped === undefined) return arms.map((arm) => estimate(arm, metric));
  const { of, per } = metric;
  return adjusted(arms, metric, { of: of + 3, ...(per !== undefined && { per: per + 3 }) }).arms;
}
