/** What a pool reports of its work, for those who watch it. Times are in seconds. */
import type { Probabilities } from "../../calibration/calibrator.ts";
import type { Code } from "../../errors/catalogue/catalogue.ts";
import type { RequestCounts } from "../request-cells.ts";

/** A request was scored. */
export interface ScoredEvent {
  readonly kind: "scored";
  readonly counts: RequestCounts;
  /** From its arrival until the last of its candidates was given to a thread, and until its scores were there. */
  readonly waited: number;
  readonly took: number;
  /** Probabilities in the order of its candidates, to be read and not kept. */
  readonly probabilities: Probabilities;
}

/** Requests, or pieces of them, were scored together. */
export interface BatchEvent {
  readonly kind: "batch";
  readonly requests: number;
  readonly candidates: number;
  /** The main thread read the values to ids; the thread replayed the model's tape. */
  readonly reading: number;
  readonly replay: number;
}

/** A request was refused: for what is wrong with it, or because there was too much to do. */
export interface RefusedEvent {
  readonly kind: "refused";
  readonly code: Code;
}

/** A thread came to its end by itself; another one takes its place. */
export interface ThreadEndedEvent {
  readonly kind: "thread-ended";
  readonly reason: string;
}

export type ScoringEvent = ScoredEvent | BatchEvent | RefusedEvent | ThreadEndedEvent;

/** Where a request in a pool is, or a piece of it: it waits for a thread, is read to ids, is scored. */
export type PoolStage = "queue" | "encode" | "score";

/**
 * Is told of each stage of one request when it is over, as `performance.now()` tells the time. Pieces that are scored on
 * several threads have stages at once. Must be quick, and must not throw.
 */
export type StageListener = (stage: PoolStage, start: number, end: number) => void;

/** Is told of everything at the moment it happens, on the main thread; must be quick, and must not throw. */
export type ScoringListener = (event: ScoringEvent) => void;
