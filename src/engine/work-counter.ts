/** A counter in shared memory that hands out pieces of work to threads, and how much of the work is done. */

/** Int32 cells of a counter. */
export const COUNTER_CELLS = 2;

const NEXT = 0;
const DONE = 1;

export class WorkCounter {
  readonly #cells: Int32Array;

  constructor(cells: Int32Array) {
    this.#cells = cells;
  }

  /** Starts a new task: the next piece is 0, and nothing is done. While no thread works. */
  reset(): void {
    Atomics.store(this.#cells, NEXT, 0);
    Atomics.store(this.#cells, DONE, 0);
  }

  /** The next piece of work, from 0; each number goes to one thread. */
  take(): number {
    return Atomics.add(this.#cells, NEXT, 1);
  }

  /** Hands out the pieces from 0 again; called by one thread, while no other takes any. */
  restart(): void {
    Atomics.store(this.#cells, NEXT, 0);
  }

  /** Adds to the samples done. */
  advance(count: number): void {
    Atomics.add(this.#cells, DONE, count);
  }

  /** Samples done of the task at work. */
  get done(): number {
    return Atomics.load(this.#cells, DONE);
  }
}
