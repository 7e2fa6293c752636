/**
 * Sets of catalogue rows, one at a time, in memory of the size of the largest set and not of the catalogue: a look-up stays
 * in the cache, however many items there are.
 */

/** Slots at first; always a power of two. */
const FEWEST_SLOTS = 64;

/** A hash table with linear probing, at most half full. To forget the last set takes no time. */
export class Marks {
  /** [slots, 2]: a row, and the number of the set that it is in. */
  #slots = new Int32Array(2 * FEWEST_SLOTS);
  /** How many of the 32 bits of a hash do not count. */
  #shift = Math.clz32(FEWEST_SLOTS - 1);
  /** Above the numbers in the slots at first: until `mark` is called, the set is empty. */
  #set = 1;

  /** From now on the set is items[from .. to). Allocates only where they are more than ever before. */
  mark(items: Int32Array, from: number, to: number): void {
    this.#empty(to - from);
    const slots = this.#slots;
    for (let i = from; i < to; i++) {
      const at = this.#find(items[i]);
      slots[at] = items[i];
      slots[at + 1] = this.#set;
    }
  }

  has(row: number): boolean {
    return this.#slots[this.#find(row) + 1] === this.#set;
  }

  /** The place of `row`, or the free one where it would stand. */
  #find(row: number): number {
    const slots = this.#slots;
    const set = this.#set;
    // Fibonacci hashing (Knuth, The Art of Computer Programming, volume 3, section 6.4).
    let at = 2 * (Math.imul(row, 0x9e3779b1) >>> this.#shift);
    while (slots[at + 1] === set && slots[at] !== row) at = (at + 2) & (slots.length - 1);
    return at;
  }

  #empty(items: number): void {
    let count = this.#slots.length / 2;
    if (2 * items > count || this.#set === 0x7fffffff) {
      while (2 * items > count) count *= 2;
      this.#slots = new Int32Array(2 * count);
      this.#shift = Math.clz32(count - 1);
      this.#set = 0;
    }
    this.#set++;
  }
}
