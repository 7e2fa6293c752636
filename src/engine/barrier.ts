/** How threads meet inside a step: a counter that hands out work, and a barrier. No messages, no garbage. */

/** Cells of the control block. */
export const Cell = { work: 0, arrived: 1, generation: 2, progress: 3 } as const;

/** Looks at the barrier this often before it sleeps: a step's stages are shorter than a wake-up. */
const SPINS = 20_000;

/** The threads of a team, meeting in shared cells. */
export class Meeting {
  readonly #cells: Int32Array;
  readonly #threads: number;

  constructor(control: Int32Array, threads: number) {
    this.#cells = control;
    this.#threads = threads;
  }

  /** Next piece of work, from 0; each number goes to one thread. */
  take(): number {
    return Atomics.add(this.#cells, Cell.work, 1);
  }

  /** Begins a new round of `take`; by one thread, while no other takes. */
  restart(): void {
    Atomics.store(this.#cells, Cell.work, 0);
  }

  /** Tells the main thread how far the work is. */
  progress(done: number): void {
    Atomics.add(this.#cells, Cell.progress, done);
  }

  /** Returns when all threads have called it. */
  wait(): void {
    if (this.#threads === 1) return;
    const cells = this.#cells;
    const generation = Atomics.load(cells, Cell.generation);
    if (Atomics.add(cells, Cell.arrived, 1) === this.#threads - 1) {
      Atomics.store(cells, Cell.arrived, 0);
      Atomics.add(cells, Cell.generation, 1);
      Atomics.notify(cells, Cell.generation);
      return;
    }
    for (let i = 0; i < SPINS; i++) if (Atomics.load(cells, Cell.generation) !== generation) return;
    while (Atomics.load(cells, Cell.generation) === generation) Atomics.wait(cells, Cell.generation, generation);
  }
}
