/** A shop whose rankings explore, and another ranking whose worth is known: what replays are checked against. */
import { explore } from "../../../src/ab/bandit/explore.ts";
import { quantities } from "../../../src/ab/replay/estimates.ts";
import { Random } from "../../../src/tensor/random.ts";

const ITEMS = 8;
const PLACES = 3;
/** Of all requests. */
export const SHARE = 0.3;
/** Of each place, against the first. */
const SEEN = [1, 0.7, 0.5];

interface Request {
  /** [item] of a click at the first place, as it is, and as the two models have it. */
  readonly truth: readonly number[];
  readonly logging: readonly number[];
  readonly other: readonly number[];
}

const byFalling = (scores: readonly number[]) => scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a]);
/** What a click on an item earns. */
const price = (item: number) => 1 + (item % 3);

/** Requests of one user, who has a taste; some users come more often. */
function requestsOf(random: Random): Request[] {
  const count = 1 + Math.floor(4 * random.uniform() ** 3 * 2);
  const taste = Array.from({ length: ITEMS }, () => 0.5 * random.normal());
  return Array.from({ length: count }, () => {
    const logit = taste.map((value, item) => -2.6 + 0.15 * item + value);
    const p = (x: number) => 1 / (1 + Math.exp(-x));
    return {
      truth: logit.map(p),
      logging: logit.map((x) => p(x + 0.9 * random.normal())),
      other: logit.map((x) => p(x + 0.5 * random.normal() - 0.2)),
    };
  });
}

/** Means per impression of the other ranking's clicks and revenue, over many users. */
export function worth(users: number, seed: number): { readonly clicks: number; readonly revenue: number } {
  const random = new Random(seed);
  let [clicks, revenue, impressions] = [0, 0, 0];
  for (let user = 0; user < users; user++) {
    for (const { truth, other } of requestsOf(random)) {
      byFalling(other)
        .slice(0, PLACES)
        .forEach((item, place) => {
          clicks += truth[item] * SEEN[place];
          revenue += truth[item] * SEEN[place] * price(item);
          impressions++;
        });
    }
  }
  return { clicks: clicks / impressions, revenue: revenue / impressions };
}

/** [user] of a log the quantities that a replay sums up; `perClick` is what the model takes a click to earn. */
export function logOf(users: number, seed: number, perClick: number): Float64Array[] {
  const random = new Random(seed);
  return Array.from({ length: users }, () => {
    const sums = new Float64Array(quantities.length);
    for (const { truth, logging, other } of requestsOf(random)) {
      const { order, propensities } = explore(byFalling(logging), SHARE, random);
      const chosen = byFalling(other);
      for (let place = 0; place < PLACES; place++) {
        const item = order[place];
        const click = random.uniform() < truth[item] * SEEN[place] ? 1 : 0;
        const weight = (item === chosen[place] ? 1 : 0) / propensities[place];
        const [q, v] = [other[item], other[chosen[place]]];
        sums[0]++;
        sums[1] += weight;
        [click, click * price(item)].forEach((reward, i) => {
          const factor = i === 0 ? 1 : perClick;
          sums[2 + 3 * i] += reward;
          sums[3 + 3 * i] += weight * reward;
          sums[4 + 3 * i] += factor * v + weight * (reward - factor * q);
        });
      }
    }
    return sums;
  });
}
