/**
 * Negatives: items that a user did not choose, sampled by popularity (the item of a random behaviour of the training
 * part, or of another pool).
 *
 * The generator is counter-based: a negative depends on its key alone, so any number of threads samples the same.
 */
import { below, mix } from "../tensor/random.ts";
import { type Sequences, sharedInt32 } from "./dataset.ts";

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

  /** @param behaviours how many will be added */
  constructor(behaviours: number, most = MOST) {
    this.#every = Math.max(1, Math.ceil(behaviours / most));
    this.items = sharedInt32(Math.ceil(behaviours / this.#every));
  }

  /** The item of the next behaviour. */
  add(item: number): void {
    if (this.#seen % this.#every === 0) this.items[this.#seen / this.#every] = item;
    this.#seen++;
  }
}

/** Not shared between threads: it marks the items of one user at a time. */
export class NegativeSampler {
  readonly #popularity: Int32Array;
  /** stamps[row] === #stamp: the item is in the sequence marked last. */
  readonly #stamps: Int32Array;
  /** Above the stamps at first: until `mark` is called, nothing is marked. */
  #stamp = 1;

  /** `popularity` as in `Dataset`; `rows` is the size of the catalogue, row 0 included. */
  constructor(popularity: Int32Array, rows: number) {
    this.#popularity = popularity;
    this.#stamps = new Int32Array(rows);
  }

  /** From now on, refuse items[from .. to) (and no others): a user's whole sequence, or a segment of it. */
  mark(items: Int32Array, from: number, to: number): void {
    const stamps = this.#stamps;
    if (this.#stamp === 0x7fffffff) {
      stamps.fill(0);
      this.#stamp = 0;
    }
    const stamp = ++this.#stamp;
    for (let i = from; i < to; i++) stamps[items[i]] = stamp;
  }

  /**
   * The catalogue row of a negative for `positive`, a function of the key (a, b, c, d) alone; d is below 2^24.
   * Never `positive` nor a marked item, as long as the catalogue has others that `ATTEMPTS` draws find; where there are
   * no popular items at all, 0.
   */
  draw(positive: number, a: number, b: number, c: number, d: number): number {
    const popularity = this.#popularity;
    const stamps = this.#stamps;
    const stamp = this.#stamp;
    const count = popularity.length;
    if (count === 0) return 0;
    const first = d * ATTEMPTS;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const item = popularity[below(mix(a, b, c, first + attempt), count)];
      if (item !== positive && (stamps[item] !== stamp || attempt >= STRICT_ATTEMPTS)) return item;
    }
    return positive;
  }

  /** The same for items of `pool`; where attempts find none there that is neither `positive` nor marked, what `draw` gives. */
  drawFrom(pool: Int32Array, positive: number, a: number, b: number, c: number, d: number): number {
    const first = d * ATTEMPTS;
    for (let attempt = 0; attempt < STRICT_ATTEMPTS && pool.length > 0; attempt++) {
      const item = pool[below(mix(a, b, c, first + attempt), pool.length)];
      if (item !== positive && this.#stamps[item] !== this.#stamp) return item;
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
