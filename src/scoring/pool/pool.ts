/**
 * Threads that score the requests of a server, over one copy of the weights.
 *
 * The main thread reads requests to ids, into memory that it shares with a thread, and wakes it; the thread replays the
 * model's tape with activations of its own and wakes the main thread. Vocabularies and catalogue stand once, on the main
 * thread; weights stand once, in shared memory.
 *
 * A request is given to a thread as soon as one is idle. Those that wait are scored together. One with many candidates
 * is cut into pieces, and goes behind the others after each. A score depends on none of this.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Calibrate } from "../../calibration/calibrator.ts";
import type { Workspace } from "../../engine/workspace.ts";
import { failure, UserError } from "../../errors/failure.ts";
import type { ModelDescription } from "../../run/model-description.ts";
import type { StoredItem } from "../../store/event.ts";
import { RequestEncoder } from "../encode.ts";
import type { Explanation } from "../explain.ts";
import { checkRankRequest, type PredictRequest, type RankRequest } from "../request.ts";
import type { RequestCells } from "../request-cells.ts";
import type { ScoringListener, StageListener } from "./events.ts";
import { Job, type Scored } from "./job.ts";
import { Pace } from "./pace.ts";
import { MOST_REQUESTS } from "./slot.ts";
import { ScoringThread } from "./thread.ts";

export interface PoolOptions {
  /** What the model is called in errors. */
  readonly name: string;
  /** Candidates that may wait; a request that finds more of them waiting is refused. */
  readonly mostWaiting: number;
  /** Without it probabilities are the scores as the model gives them. */
  readonly calibrate?: Calibrate | undefined;
  readonly onEvent?: ScoringListener;
}

export interface ScoringOptions {
  /** When the answer is of no use any more, as `performance.now()` tells the time. Default: never. */
  readonly deadline?: number | undefined;
  /** Aborted when nobody wants the answer any more: what has not begun by then is not done. */
  readonly signal?: AbortSignal | undefined;
  readonly onStage?: StageListener | undefined;
}

/** Candidates of a job that are scored together. */
interface Piece {
  readonly job: Job;
  readonly from: number;
  readonly count: number;
  /** When it had been read. */
  readonly readAt: number;
}

/** Milliseconds before a thread is started anew whose predecessors did not come to their first request. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 10_000;

/** A model and the threads that score with it: as many as its workspace has room for. */
export class ScoringPool {
  readonly #workspace: Workspace;
  readonly #encoder: RequestEncoder;
  readonly #name: string;
  readonly #mostWaiting: number;
  readonly #calibrate: Calibrate | undefined;
  readonly #tell: ScoringListener;
  readonly #pace = new Pace();
  readonly #waiting: Job[] = [];
  #waitingCandidates = 0;
  /** Jobs that were neither answered nor refused. */
  #open = 0;
  readonly #threads = new Set<ScoringThread>();
  readonly #idle: ScoringThread[] = [];
  readonly #closing = new AbortController();
  #whenDone: (() => void) | undefined;

  /** Starts the threads. @throws UserError where one of them ends before it is ready */
  static async start(description: ModelDescription, workspace: Workspace, options: PoolOptions): Promise<ScoringPool> {
    const pool = new ScoringPool(description, workspace, options);
    const { threads } = workspace.options;
    const all = Array.from({ length: threads }, (_, number) => pool.#start(number));
    const error = (await Promise.all(all.map((thread) => thread.started()))).find((each) => each !== undefined);
    if (error !== undefined) {
      await pool.close();
      throw error;
    }
    all.forEach((thread, number) => void pool.#keep(thread, number));
    return pool;
  }

  private constructor(
    description: ModelDescription,
    workspace: Workspace,
    { name, mostWaiting, calibrate, onEvent = () => {} }: PoolOptions,
  ) {
    this.#workspace = workspace;
    this.#encoder = new RequestEncoder(description);
    this.#name = name;
    this.#mostWaiting = mostWaiting;
    this.#calibrate = calibrate;
    this.#tell = onEvent;
  }

  /** Requests that wait for a thread, wholly or in part, and those that are being scored as a whole. */
  get queue(): { readonly waiting: number; readonly running: number } {
    const waiting = this.#waiting.filter(({ isSettled }) => !isSettled).length;
    return { waiting, running: this.#open - waiting };
  }

  /** Whether training saw the key of an item, where it has one. */
  knowsItem(item: StoredItem): boolean {
    return this.#encoder.knowsItem(item);
  }

  /**
   * Scores the candidates of a request.
   * @throws UserError for a request that is none of this model's; where too many wait, the deadline is past, the thread
   * that scores it ends, or the pool is closed
   */
  async score(request: RankRequest, options: ScoringOptions = {}): Promise<Scored> {
    return await this.#submit(request, options, false).scored;
  }

  /** Scores a candidate and looks into the model meanwhile. @throws UserError as `score`, and for a model that exposes nothing */
  async explain({ candidate, ...request }: PredictRequest, options: ScoringOptions = {}): Promise<Explanation> {
    const job = this.#submit({ ...request, candidates: [candidate] }, options, true);
    const { probabilities } = await job.scored;
    return { score: probabilities[0], ...job.exposed! };
  }

  /** Ends the threads when all requests are answered; takes no others. */
  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#open > 0) {
      await new Promise<void>((resolve) => {
        this.#whenDone = resolve;
      });
    }
    await Promise.all([...this.#threads].map((thread) => thread.end()));
  }

  #submit(request: unknown, options: ScoringOptions, explains: boolean): Job {
    const { deadline = Number.POSITIVE_INFINITY, signal, onStage } = options;
    const abandoned = () => failure("scoring.abandoned", { name: this.#name });
    try {
      checkRankRequest(request);
      if (this.#closing.signal.aborted) throw failure("scoring.closed", { name: this.#name });
      const waiting = this.#waitingCandidates;
      if (waiting > 0 && waiting + request.candidates.length > this.#mostWaiting) {
        throw failure("scoring.overloaded", { name: this.#name, waiting });
      }
      if (this.#threads.size === 0)
        throw failure("scoring.thread-ended", { name: this.#name, reason: "the next one does not start" });
      if (signal?.aborted) throw abandoned();
      const job = new Job(request, deadline, explains, onStage, this.#calibrate);
      if (signal !== undefined) {
        const leave = () => this.#refuse(job, abandoned());
        const forget = () => signal.removeEventListener("abort", leave);
        signal.addEventListener("abort", leave);
        job.scored.then(forget, forget);
      }
      this.#open++;
      this.#wait(job);
      this.#dispatch();
      return job;
    } catch (error) {
      if (error instanceof UserError) this.#tell({ kind: "refused", code: error.code });
      throw error;
    }
  }

  #wait(job: Job): void {
    job.waitsSince = performance.now();
    this.#waiting.push(job);
    this.#waitingCandidates += room(job);
  }

  #next(): Job {
    const job = this.#waiting.shift()!;
    this.#waitingCandidates -= room(job);
    return job;
  }

  /** Gives what waits to the threads that are idle. */
  #dispatch(): void {
    while (this.#idle.length > 0 && this.#waiting.length > 0) {
      const thread = this.#idle.pop()!;
      const start = performance.now();
      const pieces = this.#fill(thread.slot.requests);
      if (pieces.length === 0) this.#idle.push(thread);
      else void this.#run(thread, pieces, (performance.now() - start) / 1000);
    }
  }

  /** Reads what waits to ids: the first in the queue, and as many of those behind as are to be scored together. */
  #fill(cells: readonly RequestCells[]): Piece[] {
    const pieces: Piece[] = [];
    let room = this.#pace.most;
    while (room > 0 && pieces.length < MOST_REQUESTS && this.#waiting.length > 0) {
      if (this.#waiting[0].explains && pieces.length > 0) break;
      const job = this.#next();
      const piece = this.#read(job, room, cells[pieces.length]);
      if (piece === undefined) continue;
      pieces.push(piece);
      room -= piece.count;
      if (job.left > 0) this.#wait(job);
      if (job.explains) break;
    }
    return pieces;
  }

  /** Reads at most `most` candidates of a job that waited; undefined where nothing of it is to be scored. */
  #read(job: Job, most: number, cells: RequestCells): Piece | undefined {
    if (job.isSettled) return undefined;
    const { request, given: from } = job;
    const count = Math.min(job.left, most);
    const start = performance.now();
    job.passed("queue", job.waitsSince, start);
    try {
      if (start > job.deadline) throw failure("scoring.deadline", { name: this.#name });
      this.#encoder.read(request, request.candidates.slice(from, from + count), cells, job.explains ? undefined : from);
    } catch (error) {
      this.#refuse(job, error);
      return undefined;
    }
    job.give(count, cells.counts);
    job.passed("encode", start, job.givenAt);
    return { job, from, count, readAt: job.givenAt };
  }

  async #run(thread: ScoringThread, pieces: readonly Piece[], reading: number): Promise<void> {
    try {
      const { job } = pieces[0];
      if (job.explains) {
        const exposed = await thread.explain();
        if (typeof exposed !== "string") job.exposed = exposed;
        else this.#refuse(job, this.#nothingExposed(exposed));
      } else await thread.score(pieces.length);
    } catch (error) {
      // Whoever keeps the threads starts another one.
      for (const { job } of pieces) this.#refuse(job, error);
      return;
    }
    const { probabilities, seconds } = thread.slot;
    const end = performance.now();
    let at = 0;
    for (const { job, from, count, readAt } of pieces) {
      job.passed("score", readAt, end);
      if (job.take(from, probabilities.subarray(at, at + count))) this.#done(job);
      at += count;
    }
    this.#pace.learn(at, seconds);
    this.#tell({ kind: "batch", requests: pieces.length, candidates: at, reading, replay: seconds });
    this.#idle.push(thread);
    this.#dispatch();
  }

  #done(job: Job): void {
    const { counts, arrived, givenAt, probabilities } = job;
    const [waited, took] = [(givenAt - arrived) / 1000, (performance.now() - arrived) / 1000];
    this.#tell({ kind: "scored", counts, waited, took, probabilities });
    this.#settle();
  }

  #refuse(job: Job, error: unknown): void {
    if (!job.refuse(error)) return;
    if (error instanceof UserError) this.#tell({ kind: "refused", code: error.code });
    this.#settle();
  }

  #settle(): void {
    if (--this.#open === 0) this.#whenDone?.();
  }

  #start(number: number): ScoringThread {
    const thread = new ScoringThread(this.#name, this.#workspace, number);
    this.#threads.add(thread);
    void thread.ended.then(() => this.#threads.delete(thread));
    return thread;
  }

  /** Has one thread after the other do the work of number `number`, until the pool is closed; the first one is ready. */
  async #keep(first: ScoringThread, number: number): Promise<void> {
    for (let thread: ScoringThread | undefined = first; thread !== undefined; ) {
      this.#idle.push(thread);
      this.#dispatch();
      const { values } = await thread.ended;
      if (this.#isDone) return;
      const place = this.#idle.indexOf(thread);
      if (place >= 0) this.#idle.splice(place, 1);
      this.#tell({ kind: "thread-ended", reason: values.reason });
      thread = await this.#startAnew(number);
    }
  }

  /** A thread that is ready, however often it must be tried; undefined where the pool is closed meanwhile. */
  async #startAnew(number: number): Promise<ScoringThread | undefined> {
    for (let pause = FIRST_PAUSE; !this.#isDone; pause = Math.min(LONGEST_PAUSE, 2 * pause)) {
      const thread = this.#start(number);
      const error = await thread.started();
      if (error === undefined) return thread;
      this.#tell({ kind: "thread-ended", reason: error.values.reason });
      // Nobody is there to do what waits, and nobody may come.
      if (this.#threads.size === 0) for (const job of this.#waiting) this.#refuse(job, error);
      await sleep(pause, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {});
    }
    return undefined;
  }

  /** Whether there will be nothing more to do. */
  get #isDone(): boolean {
    return this.#closing.signal.aborted && this.#open === 0;
  }

  #nothingExposed(field: string): UserError {
    return failure("request.nothing-exposed", { model: this.#workspace.options.config.model.name, field });
  }
}

/** What a job counts in the queue: one without candidates is work as well. */
function room({ left }: Job): number {
  return Math.max(1, left);
}
