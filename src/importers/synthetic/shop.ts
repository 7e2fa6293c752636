/**
 * A synthetic shop whose users' interests drift: data whose true click probability is known (docs/synthetic.md).
 *
 * The categories of a department stand in a ring of stages. A user holds a few interests: a department, the stage
 * reached there, and a direction, fixed for that user and department, in which the interest moves on from time to time.
 * Behaviours come in bursts of one interest. A candidate pleases where the interest has been and where it goes next,
 * and not where it came from, before the first behaviour. So a sum over the history knows little about a candidate,
 * attention to its department shows where the interest has been, and only the order shows which way it goes.
 */
import { Random } from "../../tensor/random.ts";
import { MOST_INTERESTS, type ShopOptions, STAGES } from "./options.ts";

/** User segments, from the least to the most given to clicking. */
export const SEGMENTS = 8;

/** Departments a user is interested in. */
const INTERESTS = { least: 2, most: MOST_INTERESTS };

/** Probability that a behaviour stays with the interest of the one before. */
const BURST = 0.75;
/** Probability that an interest moves on by one stage before a behaviour. */
const MOVE = 0.6;
/**
 * Where candidates come from: one stage ahead of an interest, one before its origin, where it has been; else anywhere.
 */
const CANDIDATES = { ahead: 0.3, origin: 0.3, past: 0.2 };
/** Weights of the click's logit. */
const CLICK = { bias: -0.3, segment: 0.6, appeal: 0.3, suit: 1.8 };

const OPENED = 1_356_998_400; // 2013-01-01
const HOUR = 3600;
const YEAR = 365 * 24 * HOUR;
/** Seconds from a behaviour to the next one, at least; impressions lie between. */
const PAUSE = 60;
/** Draws set apart for a user's behaviours, and as many for the impressions. */
const DRAWS = 2 ** 20;

/** A candidate shown to a user who had `position` behaviours then. */
export interface Impression {
  readonly position: number;
  /** Seconds since 1970, after the behaviour before it and before the next one; no earlier than impressions before. */
  readonly time: number;
  readonly item: number;
  /** The true probability of a click. */
  readonly probability: number;
  readonly clicked: boolean;
}

/** What one user did and was shown, in order of time. */
export interface UserLog {
  readonly segment: number;
  readonly items: Int32Array;
  /** Seconds since 1970, increasing. */
  readonly times: Float64Array;
  readonly impressions: readonly Impression[];
}

interface Interest {
  readonly department: number;
  readonly direction: 1 | -1;
  stage: number;
  moves: number;
  /** Whether there was a behaviour yet. */
  shown: boolean;
}

/** The category of an item, 0 .. departments * STAGES - 1; consecutive ones, on a ring, make up a department. */
export function categoryOf({ departments }: ShopOptions, item: number): number {
  return item % (departments * STAGES);
}

/** The segment of user number `user`, as in that user's log. */
export function segmentOf({ seed }: ShopOptions, user: number): number {
  return behaviourDraws(seed, user).integer(SEGMENTS);
}

const behaviourDraws = (seed: number, user: number) => new Random(seed, 2 * user * DRAWS);

/**
 * User number `user` of the shop, from the first behaviour on: what they do next, and what they would click. The log ends
 * after `logged` behaviours; who goes on asking lives on. What a user does depends on nothing but the options and the
 * number, whatever is shown in between.
 */
export class Shopper {
  readonly segment: number;
  /** How many behaviours the log holds. */
  readonly logged: number;
  /** Seconds since 1970 of the first behaviour. */
  readonly since: number;
  readonly #options: ShopOptions;
  readonly #random: Random;
  readonly #interests: readonly Interest[];
  #interest: Interest;

  constructor(options: ShopOptions, user: number) {
    this.#options = options;
    this.#random = behaviourDraws(options.seed, user);
    this.segment = this.#random.integer(SEGMENTS);
    this.#interests = drawInterests(options.departments, this.#random);
    this.logged = drawLength(options.meanHistory, this.#random);
    this.#interest = this.#pick();
    this.since = OPENED + this.#random.integer(YEAR);
  }

  /** The next behaviour: seconds since the one before (of the first: since `since`), and the item. */
  behave(): { readonly pause: number; readonly item: number } {
    const random = this.#random;
    let pause: number;
    if (random.uniform() < BURST) {
      pause = PAUSE + random.integer(HOUR);
    } else {
      this.#interest = this.#pick();
      pause = HOUR + random.integer(48 * HOUR);
    }
    const interest = this.#interest;
    if (interest.shown && random.uniform() < MOVE) {
      interest.stage = wrap(interest.stage + interest.direction);
      interest.moves++;
    }
    interest.shown = true;
    return { pause, item: drawItem(this.#options, categoryAt(interest, interest.stage), random) };
  }

  /** Draws an item to show, by `random`; there must have been a behaviour. */
  candidate(random: Random): number {
    const shown = this.#shown();
    const category = drawCandidate(this.#options, shown[random.integer(shown.length)], random);
    return drawItem(this.#options, category, random);
  }

  /** The true probability that the user clicks an item, now. */
  probability(item: number): number {
    const category = categoryOf(this.#options, item);
    const department = Math.floor(category / STAGES);
    const interest = this.#shown().find((interest) => interest.department === department);
    const logit =
      CLICK.bias +
      CLICK.segment * ((2 * this.segment) / (SEGMENTS - 1) - 1) +
      CLICK.appeal * (1 - 2 * unpopularity(this.#options, item)) +
      CLICK.suit * (interest === undefined ? -1 : suit(interest, category % STAGES));
    // Six digits, so that engines whose exp differs in the last bit agree on every click.
    return Math.round(1e6 / (1 + Math.exp(-logit))) / 1e6;
  }

  #shown(): readonly Interest[] {
    return this.#interests.filter((interest) => interest.shown);
  }

  #pick(): Interest {
    return this.#interests[this.#random.integer(this.#interests.length)];
  }
}

/** The log of user number `user`; it depends on nothing but the options and that number. */
export function simulateUser(options: ShopOptions, user: number): UserLog {
  const shopper = new Shopper(options, user);
  const { segment, logged: length } = shopper;
  const items = new Int32Array(length);
  const times = new Float64Array(length);
  // Of its own, so that the behaviours do not depend on the number of impressions.
  const atImpressions = new Random(options.seed, (2 * user + 1) * DRAWS);
  const positions = drawPositions(options, length, atImpressions);
  const impressions: Impression[] = [];
  let time = shopper.since;
  for (let t = 0; t < length; t++) {
    const { pause, item } = shopper.behave();
    time += pause;
    items[t] = item;
    times[t] = time;
    for (let k = 0; positions[impressions.length] === t + 1; k++) {
      const moment = { position: t + 1, time: time + Math.min(k + 1, PAUSE - 1) };
      const item = shopper.candidate(atImpressions);
      const probability = shopper.probability(item);
      impressions.push({ ...moment, item, probability, clicked: atImpressions.uniform() < probability });
    }
  }
  return { segment, items, times, impressions };
}

function drawInterests(departments: number, random: Random): Interest[] {
  const count = INTERESTS.least + random.integer(INTERESTS.most - INTERESTS.least + 1);
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(random.integer(departments));
  return Array.from(chosen, (department) => ({
    department,
    direction: random.integer(2) === 0 ? -1 : 1,
    stage: random.integer(STAGES),
    moves: 0,
    shown: false,
  }));
}

/** Half the mean, the rest geometric. */
function drawLength(mean: number, random: Random): number {
  let length = Math.floor(mean / 2);
  const more = (mean - length) / (mean - length + 1);
  while (random.uniform() < more) length++;
  return length;
}

/** The number of behaviours before each impression, from a quarter of the mean on; increasing. */
function drawPositions({ impressions, meanHistory }: ShopOptions, length: number, random: Random): Int32Array {
  const first = Math.floor(meanHistory / 4);
  return Int32Array.from({ length: impressions }, () => first + random.integer(length - first + 1)).sort();
}

function drawCandidate({ departments }: ShopOptions, interest: Interest, random: Random): number {
  const { stage, direction, moves } = interest;
  const place = random.uniform();
  if (place < CANDIDATES.ahead) return categoryAt(interest, stage + direction);
  if (place < CANDIDATES.ahead + CANDIDATES.origin) return categoryAt(interest, stage - (moves + 1) * direction);
  if (place < CANDIDATES.ahead + CANDIDATES.origin + CANDIDATES.past) {
    return categoryAt(interest, stage - random.integer(moves + 1) * direction);
  }
  return random.integer(departments * STAGES);
}

/**
 * How a stage of its department suits an interest: 1 where it has been, and where the way ahead is shorter than the way
 * back beyond its origin; -1 where the way back is shorter; 0 where neither is, or the interest has not moved yet.
 */
function suit({ stage, direction, moves }: Interest, candidate: number): number {
  const behind = wrap((stage - candidate) * direction);
  if (behind <= moves) return 1;
  return moves === 0 ? 0 : Math.sign(behind - moves - (STAGES - behind));
}

/** An item of that category; the r-th of n is chosen with a probability of about 1 / (2 sqrt(r n)). */
function drawItem({ departments, items }: ShopOptions, category: number, random: Random): number {
  const categories = departments * STAGES;
  const count = Math.ceil((items - category) / categories);
  const u = random.uniform();
  return category + categories * Math.floor(count * u * u);
}

/** Rank of an item in its category, from 0, the most popular, to below 1. */
function unpopularity({ departments, items }: ShopOptions, item: number): number {
  const categories = departments * STAGES;
  return Math.floor(item / categories) / Math.ceil(items / categories);
}

function categoryAt({ department }: Interest, stage: number): number {
  return department * STAGES + wrap(stage);
}

/** A stage on the ring. */
function wrap(stage: number): number {
  return ((stage % STAGES) + STAGES) % STAGES;
}
