/** A barrier in shared memory: how threads wait for each other inside a step, without messages and without garbage. */

/** Int32 cells of a barrier, zero at first. */
export const BARRIER_CELLS = 2;

const ARRIVED = 0;
const GENERATION = 1;

/** Looks at the barrier this often before it sleeps: a step's stages are shorter than a wake-up. */
const SPINS = 20_000;

/** A barrier for a fixed number of threads, each with its own object over the same cells. */
export class Barrier {
  readonly #cells: Int32Array;
  readonly #threads: number;

  constructor(cells: Int32Array, threads: number) {
    this.#cells = cells;
    this.#threads = threads;
  }

  /** Returns when all threads have called it. */
  wait(): void {
    if (this.#threads === 1) return;
    const cells = this.#cells;
    const generation = Atomics.load(cells, GENERATION);
    if (Atomics.add(cells, ARRIVED, 1) === this.#threads - 1) {
      Atomics.store(cells, ARRIVED, 0);
      Atomics.add(cells, GENERATION, 1);
      Atomics.notify(cells, GENERATION);
      return;
    }
    for (let i = 0; i < SPINS; i++) if (Atomics.load(cells, GENERATION) !== generation) return;
    while (Atomics.load(cells, GENERATION) === generation) Atomics.wait(cells, GENERATION, generation);
  }
}
