/**
 * How far apart the cores are on which two threads run: nanoseconds until one sees what the other has written. On a virtual
 * machine it changes from second to second, for the host moves its virtual cores: between cores that share a cache and cores
 * that do not, or onto the two halves of a single one. It holds for other threads only where there are no more than two cores.
 */
import { Worker } from "node:worker_threads";
import { ask } from "../ask.ts";

/** Places in the memory that the two players share, each in a line of its own. */
export const CELLS = { turn: 0, present: 32, isOver: 64 };

const TRIES = 3;

export class Distance {
  readonly #cells = new Int32Array(new SharedArrayBuffer(96 * 4));
  readonly #players = [0, 1].map((player) => {
    const workerData = { cells: this.#cells, player };
    return new Worker(new URL("./distance-worker.js", import.meta.url), { workerData });
  });

  /** The least of a few tries; infinite where both threads are on one core. */
  async nanoseconds(): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < TRIES; i++) {
      this.#cells.fill(0);
      const times = await Promise.all(this.#players.map((player) => ask<number>(player, "play")));
      least = Math.min(least, ...times);
    }
    return least;
  }

  async close(): Promise<void> {
    await Promise.all(this.#players.map((player) => player.terminate()));
  }
}
