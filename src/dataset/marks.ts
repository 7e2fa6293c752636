/** Sets of catalogue rows, one at a time: to forget the last set takes no time, however large the catalogue is. */
export class Marks {
  /** stamps[row] === #stamp: the row is in the set. */
  readonly #stamps: Int32Array;
  /** Above the stamps at first: until `mark` is called, the set is empty. */
  #stamp = 1;

  /** @param rows the size of the catalogue, row 0 included */
  constructor(rows: number) {
    this.#stamps = new Int32Array(rows);
  }

  /** From now on the set is items[from .. to). */
  mark(items: Int32Array, from: number, to: number): void {
    const stamps = this.#stamps;
    if (this.#stamp === 0x7fffffff) {
      stamps.fill(0);
      this.#stamp = 0;
    }
    const stamp = ++this.#stamp;
    for (let i = from; i < to; i++) stamps[items[i]] = stamp;
  }

  has(row: number): boolean {
    return this.#stamps[row] === this.#stamp;
  }
}
