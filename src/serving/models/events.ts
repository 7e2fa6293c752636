/** What served models report, for those who watch over them. Times are in seconds. */
import type { Code } from "../../errors/catalogue/catalogue.ts";
import type { ScoringEvent } from "../../scoring/pool/events.ts";

/** Of the work of a model's threads. What a model is warmed with is none. */
export type ModelScoringEvent = ScoringEvent & { readonly model: string; readonly version: string };

/** From now on a version answers the requests for a model. */
export interface SwappedEvent {
  readonly kind: "loaded" | "rolled-back";
  readonly model: string;
  readonly version: string;
  /** That loading it took, warming included. */
  readonly took: number;
}

/** A version was not loaded; the one before goes on. */
export interface LoadRefusedEvent {
  readonly kind: "load-refused";
  readonly model: string;
  /** Of an error for users; none of a defect. */
  readonly code?: Code;
  readonly reason: string;
}

/** A shadow scored what a model had scored before. */
export interface ComparedEvent {
  readonly kind: "compared";
  readonly model: string;
  readonly shadow: string;
  readonly candidates: number;
  /** Of the probabilities: means of the shadow's minus the model's, and of how far they are apart; the farthest. */
  readonly bias: number;
  readonly distance: number;
  readonly farthest: number;
  /** Whether both put the same candidate first. */
  readonly sameFirst: boolean;
}

/** A shadow did not score a request: it was at work, or it refused it. */
export interface NotComparedEvent {
  readonly kind: "not-compared";
  readonly model: string;
  readonly shadow: string;
  readonly reason: "busy" | "refused";
}

export type ModelEvent = ModelScoringEvent | SwappedEvent | LoadRefusedEvent | ComparedEvent | NotComparedEvent;

/** Is told of everything at the moment it happens; must be quick, and must not throw. */
export type ModelListener = (event: ModelEvent) => void;
