/** What becomes of a running experiment, for those who watch over it. */
import type { Code } from "../../errors/catalogue/catalogue.ts";

interface OfExperiment {
  readonly experiment: string;
}

/** Why something was not done. */
interface Refused {
  /** Of an error for users; none of a defect. */
  readonly code?: Code;
  readonly reason: string;
}

/** The definition was loaded anew, which moved this share of all users. */
export interface ExperimentLoadedEvent extends OfExperiment {
  readonly kind: "loaded";
  readonly moved: number;
}

/** A definition was refused; the one before goes on. */
export interface ExperimentRefusedEvent extends OfExperiment, Refused {
  readonly kind: "load-refused";
}

/** A bandit has new weights. */
export interface RoundEvent extends OfExperiment {
  readonly kind: "round";
}

/** It could not look at what the arms have earned, and goes on with the weights that it had. */
export interface RoundRefusedEvent extends OfExperiment, Refused {
  readonly kind: "round-refused";
}

/** Exposures could not be recorded; the request was answered without them. */
export interface NotRecordedEvent extends OfExperiment, Refused {
  readonly kind: "not-recorded";
  readonly exposures: number;
}

export type ExperimentEvent =
  | ExperimentLoadedEvent
  | ExperimentRefusedEvent
  | RoundEvent
  | RoundRefusedEvent
  | NotRecordedEvent;

/** Is told of everything at the moment it happens; must be quick, and must not throw. */
export type ExperimentListener = (event: ExperimentEvent) => void;
