/**
 * How far apart the cores are on which two threads run: nanoseconds until one sees what the other has written. On a virtual
 * machine it changes from second to second, for the host moves its virtual cores: between cores that share a cache and cores
 * that do not, or onto the two halves of a single one.
 */
import { Worker } from "node:worker_threads";
import { ask } from "../ask.ts";

const TURNS = 3000;
const TRIES = 3;

/** Turns of each player, numbered from `begin` on. */
export interface Game {
  readonly begin: number;
  readonly turns: number;
}

export class Distance {
  readonly #players = [0, 1].map((player) => {
    const workerData = { cells: Distance.#cells, player };
    return new Worker(new URL("./distance-worker.js", import.meta.url), { workerData });
  });
  #turns = 0;
  static readonly #cells = new Int32Array(new SharedArrayBuffer(256));

  /** The least of a few tries. */
  async nanoseconds(): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < TRIES; i++) {
      const game: Game = { begin: this.#turns, turns: TURNS };
      this.#turns += 2 * TURNS;
      const [time] = await Promise.all(this.#players.map((player) => ask<number>(player, game)));
      least = Math.min(least, time);
    }
    return least;
  }

  async close(): Promise<void> {
    await Promise.all(this.#players.map((player) => player.terminate()));
  }
}
