/** A request on its way through the pool: piece by piece, where it has many candidates. */
import type { Calibrate, Probabilities } from "../../calibration/calibrator.ts";
import type { Exposed } from "../exposed.ts";
import type { RankRequest } from "../request.ts";
import { CountSums, type RequestCounts } from "../request-cells.ts";
import type { PoolStage, StageListener } from "./events.ts";

export interface Scored {
  /** In the order of the candidates; float64 where they are calibrated. */
  readonly probabilities: Probabilities;
  readonly counts: RequestCounts;
}

export class Job {
  readonly request: RankRequest;
  /** As `performance.now()` tells the time. */
  readonly deadline: number;
  /** Whether what the model exposes is wanted too; of one candidate. */
  readonly explains: boolean;
  readonly arrived = performance.now();
  /** Since when it waits for a thread, wholly or with what is left. */
  waitsSince = this.arrived;
  readonly probabilities: Probabilities;
  readonly scored: Promise<Scored>;
  exposed: Exposed | undefined;
  /** Candidates that were given to threads, and when the last of them were; pieces that are not back. */
  given = 0;
  givenAt = 0;
  out = 0;
  isSettled = false;
  readonly #counts = new CountSums();
  readonly #onStage: StageListener | undefined;
  readonly #calibrate: Calibrate | undefined;
  #resolve!: (scored: Scored) => void;
  #reject!: (error: unknown) => void;

  constructor(
    request: RankRequest,
    deadline: number,
    explains: boolean,
    onStage: StageListener | undefined,
    calibrate: Calibrate | undefined,
  ) {
    this.request = request;
    this.deadline = deadline;
    this.explains = explains;
    this.#onStage = onStage;
    this.#calibrate = calibrate;
    const { length } = request.candidates;
    this.probabilities = calibrate === undefined ? new Float32Array(length) : new Float64Array(length);
    this.scored = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Candidates that wait. */
  get left(): number {
    return this.request.candidates.length - this.given;
  }

  /** The whole of it, or a piece, was in a stage from `start` to `end`. */
  passed(stage: PoolStage, start: number, end: number): void {
    this.#onStage?.(stage, start, end);
  }

  /** The candidates from `given` on, `count` of them, are on their way; `counts` are theirs. */
  give(count: number, { candidates, behaviours, users, unknown }: RequestCounts): void {
    const sums = this.#counts;
    sums.candidates += candidates;
    sums.unknown.candidates += unknown.candidates;
    // Every piece has the same user, and the whole history.
    sums.behaviours = behaviours;
    sums.users = users;
    sums.unknown.behaviours = unknown.behaviours;
    sums.unknown.users = unknown.users;
    this.given += count;
    this.givenAt = performance.now();
    this.out++;
  }

  /** A piece is back, with its scores. Returns whether it was the last one, and the request is answered. */
  take(from: number, scores: Float32Array): boolean {
    const calibrate = this.#calibrate;
    if (calibrate === undefined) this.probabilities.set(scores, from);
    else for (let i = 0; i < scores.length; i++) this.probabilities[from + i] = calibrate(scores[i]);
    this.out--;
    if (this.isSettled || this.left > 0 || this.out > 0) return false;
    this.isSettled = true;
    this.#resolve({ probabilities: this.probabilities, counts: this.#counts });
    return true;
  }

  /** Returns false where the request was answered or refused before. */
  refuse(error: unknown): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    this.#reject(error);
    return true;
  }

  get counts(): RequestCounts {
    return this.#counts;
  }
}
