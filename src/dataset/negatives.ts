/**
 * Negatives: items that a user did not choose, sampled by popularity (the item of a random behaviour of the training
 * part, or of another pool).
 *
 * The generator is counter-based: a negative depends on its key alone, so any number of threads samples the same.
 */
import { below, mix } from "../tensor/random.ts";
import { type Sequences, sharedInt32 } from "./dataset.ts";
import type { Marks } from "./marks.ts";

/** Attempts that may be refused for being marked; after them only the positive is refused. */
const STRICT_ATTEMPTS = 100;
/**
 * Attempts in all; a catalogue that still gives nothing but the positive has no negative, and the positive is returned.
 */
export const ATTEMPTS = 128;

/** Behaviours that are kept to sample from. */
const MOST = 2 ** 24;

/** Gathers what negatives are sampled from: the items of the training part, or of as many evenly spaced behaviours as are kept. */
export class Popularity {
  readonly items: Int32Array;
  readonly #every: number;
  #seen = 0;

  /** @param behaviours how many will be added at most */
  constructor(behaviours: number, most = MOST) {
    this.#every = Math.max(1, Math.ceil(behaviours / most));
    this.items = sharedInt32(Math.ceil(behaviours / this.#every));
  }

  /** What was gathered so far, of `items`. */
  get added(): Int32Array {
    return this.items.subarray(0, Math.ceil(this.#seen / this.#every));
  }

  /** The item of the next behaviour. */
  add(item: number): void {
    if (this.#seen % this.#every === 0) this.items[this.#seen / this.#every] = item;
    this.#seen++;
  }
}

/** Samples negatives that are not marked: of a user, say, whose whole sequence is, or a segment of it. */
export class NegativeSampler {
  readonly #popularity: Int32Array;
  readonly #refused: Marks;

  /**
   * @param popularity as in `Dataset`
   * @param refused the items that are, whenever a negative is drawn; not shared between threads
   */
  constructor(popularity: Int32Array, refused: Marks) {
    this.#popularity = popularity;
    this.#refused = refused;
  }

  /**
   * The catalogue row of a negative for `positive`, a function of the key (a, b, c, d) alone; d is below 2^24.
   * Never `positive` nor a marked item, as long as the catalogue has others that `ATTEMPTS` draws find; where there are
   * no popular items at all, 0.
   */
  draw(positive: number, a: number, b: number, c: number, d: number): number {
    const popularity = this.#popularity;
    const refused = this.#refused;
    const count = popularity.length;
    if (count === 0) return 0;
    const first = d * ATTEMPTS;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const item = popularity[below(mix(a, b, c, first + attempt), count)];
      if (item !== positive && (!refused.has(item) || attempt >= STRICT_ATTEMPTS)) return item;
    }
    return positive;
  }

  /** The same for items of `pool`; where attempts find none there that is neither `positive` nor marked, what `draw` gives. */
  drawFrom(pool: Int32Array, positive: number, a: number, b: number, c: number, d: number): number {
    const first = d * ATTEMPTS;
    for (let attempt = 0; attempt < STRICT_ATTEMPTS && pool.length > 0; attempt++) {
      const item = pool[below(mix(a, b, c, first + attempt), pool.length)];
      if (item !== positive && !this.#refused.has(item)) return item;
    }
    return this.draw(positive, a, b, c, d);
  }
}

/** The catalogue row of each behaviour of the training part: the first training[s] of each sequence s. */
export function trainingBehaviours({ offsets, items }: Sequences, training: Int32Array): Int32Array {
  let total = 0;
  for (const length of training) total += length;
  const rows = new Int32Array(total);
  let next = 0;
  for (let s = 0; s < training.length; s++) {
    rows.set(items.subarray(offsets[s], offsets[s] + training[s]), next);
    next += training[s];
  }
  return rows;
}
