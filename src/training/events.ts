/** What a run reports while it trains. Times are in seconds. */
import type { LossTerm, MeasuredLosses } from "../run/losses.ts";
import type { EpochSummary, ReportedMetrics } from "../run/summary.ts";
import type { WarmStart } from "../run/warm-start.ts";
import { type LossSums, meanLosses } from "./losses.ts";
import type { Progress } from "./progress.ts";

/** A chunk of steps was made; the losses are means over it. */
export interface StepEvent extends MeasuredLosses {
  readonly kind: "step";
  readonly epoch: number;
  readonly epochs: number;
  /** Steps made of the epoch, and how many it has. */
  readonly step: number;
  readonly steps: number;
  readonly samples_per_s: number;
  readonly seconds_left: number;
}

/** An epoch ended, validation included. */
export interface EpochEvent extends Omit<EpochSummary, "valid_auc"> {
  readonly kind: "epoch";
  readonly epoch: number;
  readonly total_loss: number;
  readonly valid: ReportedMetrics;
}

/** The run goes on from another one's model. */
export interface FromEvent extends WarmStart {
  readonly kind: "from";
}

/** Something worth a line. */
export interface NoteEvent {
  readonly kind: "note";
  readonly text: string;
}

export type TrainEvent = StepEvent | EpochEvent | FromEvent | NoteEvent;

/** What is fixed while a run trains. */
export interface Scale {
  readonly terms: readonly LossTerm[];
  readonly epochs: number;
  readonly batchSize: number;
  /** Training samples. */
  readonly samples: number;
}

/** The event of a chunk with these losses, after which `progress` is where the run is; the epoch has `steps` steps. */
export function stepEvent(
  { epoch, step, seconds, epochs: finished }: Progress,
  steps: number,
  sums: LossSums,
  { terms, epochs, batchSize, samples }: Scale,
): StepEvent {
  const done = step * batchSize;
  const samplesPerSecond = Math.min(done, samples) / seconds;
  return {
    kind: "step",
    epoch,
    epochs,
    step,
    steps,
    ...meanLosses(sums, terms),
    samples_per_s: samplesPerSecond,
    seconds_left: Math.max(0, samples * (epochs - finished.length) - done) / samplesPerSecond,
  };
}
