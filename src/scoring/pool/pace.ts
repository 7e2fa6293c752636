/** How long a candidate takes, learned from what was scored, so that nobody waits long for the end of a batch. */
import { MOST_CANDIDATES } from "./slot.ts";

/** A batch is to take about this long: a request that comes just behind it waits for it. */
const SECONDS = 0.004;
/** Fewer candidates are no gain: what is computed once for a user is then most of the work. */
const LEAST_CANDIDATES = 16;
/** What a batch counts in the mean. */
const WEIGHT = 0.1;

export class Pace {
  #secondsEach = SECONDS / MOST_CANDIDATES;

  /** The most candidates that are to be scored at once. */
  get most(): number {
    return Math.max(LEAST_CANDIDATES, Math.min(MOST_CANDIDATES, Math.floor(SECONDS / this.#secondsEach)));
  }

  /** A batch took so long. */
  learn(candidates: number, seconds: number): void {
    if (candidates > 0) this.#secondsEach += WEIGHT * (seconds / candidates - this.#secondsEach);
  }
}
