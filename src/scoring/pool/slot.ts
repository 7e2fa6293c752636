/**
 * Memory that the main thread shares with one scoring thread: a batch of requests in ids, their probabilities, and whose
 * turn it is.
 *
 * The state belongs to the main thread while it is `IDLE`, and to the scoring thread otherwise. So neither writes while
 * the other one reads, and there are no messages on the way of a score.
 */
import type { Schema } from "../../features/schema.ts";
import { RequestCells } from "../request-cells.ts";

/** The most requests, and the most candidates of all of them together, that are scored at once. */
export const MOST_REQUESTS = 16;
export const MOST_CANDIDATES = 256;

/** What the thread does. The last state is for good: the thread is gone. */
export const STARTING = 0;
export const IDLE = 1;
export const SCORING = 2;
export const EXPLAINING = 3;
export const ENDED = 4;
type State = typeof STARTING | typeof IDLE | typeof SCORING | typeof EXPLAINING | typeof ENDED;

const STATE = 0;
const COUNT = 1;
/** Bytes before the probabilities: the two cells, and the seconds of the latest replay. */
const HEADER = 16;

export class ScoringSlot {
  /** [MOST_REQUESTS] of which the first ones are to be scored. */
  readonly requests: readonly RequestCells[];
  /** [MOST_CANDIDATES] of one request after the other. */
  readonly probabilities: Float32Array;
  readonly #cells: Int32Array;
  readonly #seconds: Float64Array;

  static allocate(schema: Schema): SharedArrayBuffer {
    return new SharedArrayBuffer(
      HEADER + 4 * MOST_CANDIDATES + MOST_REQUESTS * RequestCells.bytes(schema, MOST_CANDIDATES),
    );
  }

  /** @param memory made by `allocate` for the same schema */
  constructor(schema: Schema, memory: SharedArrayBuffer) {
    this.#cells = new Int32Array(memory, 0, 2);
    this.#seconds = new Float64Array(memory, 8, 1);
    this.probabilities = new Float32Array(memory, HEADER, MOST_CANDIDATES);
    const [first, bytes] = [HEADER + 4 * MOST_CANDIDATES, RequestCells.bytes(schema, MOST_CANDIDATES)];
    this.requests = Array.from(
      { length: MOST_REQUESTS },
      (_, i) => new RequestCells(schema, MOST_CANDIDATES, memory, first + i * bytes),
    );
  }

  get state(): State {
    return Atomics.load(this.#cells, STATE) as State;
  }

  /** Requests to score. */
  get count(): number {
    return this.#cells[COUNT];
  }

  /** That the latest replay took. */
  get seconds(): number {
    return this.#seconds[0];
  }

  /** Hands the first `count` requests to the thread. */
  give(state: typeof SCORING | typeof EXPLAINING, count: number): void {
    this.#cells[COUNT] = count;
    this.#enter(state);
  }

  /** Hands the slot back to the main thread. */
  giveBack(seconds: number): void {
    this.#seconds[0] = seconds;
    this.#enter(IDLE);
  }

  /** The thread is gone. */
  end(): void {
    this.#enter(ENDED);
  }

  /** Sleeps while the state is `state`: for a thread that has nothing else to do. */
  sleepWhile(state: State): void {
    while (this.state === state) Atomics.wait(this.#cells, STATE, state);
  }

  /** The same without blocking. */
  async leaves(state: State): Promise<void> {
    while (this.state === state) {
      const { async, value } = Atomics.waitAsync(this.#cells, STATE, state);
      if (async) await value;
    }
  }

  #enter(state: State): void {
    Atomics.store(this.#cells, STATE, state);
    Atomics.notify(this.#cells, STATE);
  }
}
