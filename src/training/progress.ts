/**
 * Where a run is: all that a checkpoint needs beside weights and moments. Random numbers need no state, for they are a
 * function of (seed, epoch, sample), or of the first of the samples that share a sequence.
 */
import { z } from "zod";
import type { Engine } from "../kernels/load.ts";
import type { LossTerm } from "../run/losses.ts";
import { EMPTY_LOG, logStateSchema } from "../run/metrics-log.ts";
import { type EpochSummary, enginesSchema, epochSchema, metricsSchema } from "../run/summary.ts";
import { addLosses, type LossSums, lossSumsSchema, noLosses } from "./losses.ts";

export const progressSchema = z.object({
  /** The engines that have computed so far. */
  engines: enginesSchema,
  /** The epoch under way, from 1, and its next step. */
  epoch: z.int(),
  step: z.int(),
  /** Steps of all epochs before this one. */
  stepsDone: z.int(),
  /** Losses of this epoch's steps, and of those that are not in the log yet. */
  epochLosses: lossSumsSchema,
  unlogged: lossSumsSchema,
  /** Seconds that the epoch has taken, and of them those in which the threads waited for samples. */
  seconds: z.number(),
  loadingSeconds: z.number(),
  /** Finished epochs, and the best of them. */
  epochs: z.array(epochSchema),
  best: z.object({ epoch: z.int(), valid: metricsSchema }).nullable(),
  log: logStateSchema,
});

export type Progress = z.output<typeof progressSchema>;

/** Where a fresh run is. */
export function startOfRun(terms: readonly LossTerm[]): Progress {
  return {
    engines: [],
    epoch: 1,
    step: 0,
    stepsDone: 0,
    epochLosses: noLosses(terms),
    unlogged: noLosses(terms),
    seconds: 0,
    loadingSeconds: 0,
    epochs: [],
    best: null,
    log: EMPTY_LOG,
  };
}

/** From now on `engine` computes. */
export function noteEngine({ engines }: Progress, engine: Engine): void {
  if (!engines.includes(engine)) engines.push(engine);
}

/** The steps up to step `to` of the epoch were made, with these losses. */
export function noteSteps(
  progress: Progress,
  { to, seconds, loadingSeconds }: { readonly to: number; readonly seconds: number; readonly loadingSeconds: number },
  losses: LossSums,
): void {
  progress.step = to;
  progress.seconds += seconds;
  progress.loadingSeconds += loadingSeconds;
  addLosses(progress.epochLosses, losses);
  addLosses(progress.unlogged, losses);
}

/** The epoch, of `steps` steps, is over; the next one begins. */
export function noteEpoch(progress: Progress, steps: number, summary: EpochSummary, terms: readonly LossTerm[]): void {
  progress.epochs.push(summary);
  progress.stepsDone += steps;
  progress.epoch++;
  progress.step = 0;
  progress.epochLosses = noLosses(terms);
  progress.seconds = 0;
  progress.loadingSeconds = 0;
}
