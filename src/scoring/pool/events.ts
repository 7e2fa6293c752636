/** What a pool reports of its work, for those who watch it. Times are in seconds. */
import type { Code } from "../../errors/catalogue/catalogue.ts";
import type { ItemCounts } from "../request-cells.ts";

/** A request was scored. */
export interface ScoredEvent {
  readonly kind: "scored";
  readonly counts: ItemCounts;
  /** From its arrival until the last of its candidates was given to a thread, and until its scores were there. */
  readonly waited: number;
  readonly took: number;
  /** Probabilities in the order of its candidates, to be read and not kept. */
  readonly probabilities: Float32Array;
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

/** Is told of everything at the moment it happens, on the main thread; must be quick, and must not throw. */
export type ScoringListener = (event: ScoringEvent) => void;
