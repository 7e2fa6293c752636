/**
 * Checkpoints: one file with weights, moments and position. Random numbers need no state, for they are a function of
 * (seed, epoch, sample). A run that goes on from a checkpoint ends bit-identical to one that was never stopped.
 */
import { existsSync } from "node:fs";
import { z } from "zod";
import { stateTensors } from "../engine/state.ts";
import type { Workspace } from "../engine/workspace.ts";
import { failure } from "../errors/failure.ts";
import { readTensors, runFiles, writeTensors } from "../run/run-folder.ts";
import { epochSchema, metricsSchema } from "../run/summary.ts";

const VERSION = 2;

/** Sums over steps of the target loss and of the auxiliary losses. */
const lossSums = z.object({ target: z.number(), auxiliary: z.number(), steps: z.int() });

const progressSchema = z.object({
  format: z.literal("dien-checkpoint"),
  version: z.literal(VERSION),
  /** The epoch under way, from 1, and its next step. */
  epoch: z.int(),
  step: z.int(),
  /** Steps of all epochs before this one. */
  stepsDone: z.int(),
  /** Step losses of this epoch, those that are not in the log yet, and the seconds that the epoch has taken. */
  epochLosses: lossSums,
  unlogged: lossSums,
  seconds: z.number(),
  loadingSeconds: z.number(),
  /** Finished epochs, and the best of them. */
  epochs: z.array(epochSchema),
  best: z.object({ epoch: z.int(), valid: metricsSchema }).nullable(),
  metricsBytes: z.int(),
});

/** Where a run is. */
export type Progress = z.output<typeof progressSchema>;

export type LossSums = z.output<typeof lossSums>;

export function noLosses(): LossSums {
  return { target: 0, auxiliary: 0, steps: 0 };
}

/** Where a fresh run is. */
export function startOfRun(): Progress {
  return {
    format: "dien-checkpoint",
    version: VERSION,
    epoch: 1,
    step: 0,
    stepsDone: 0,
    epochLosses: noLosses(),
    unlogged: noLosses(),
    seconds: 0,
    loadingSeconds: 0,
    epochs: [],
    best: null,
    metricsBytes: 0,
  };
}

export async function writeCheckpoint(run: string, workspace: Workspace, progress: Progress): Promise<void> {
  await writeTensors(runFiles(run).checkpoint, stateTensors(workspace), progress);
}

/**
 * Restores the latest state of a run into the workspace; undefined where the run was stopped before its first
 * checkpoint.
 */
export async function readCheckpoint(run: string, workspace: Workspace): Promise<Progress | undefined> {
  const path = runFiles(run).checkpoint;
  if (!existsSync(path)) return undefined;
  return await readTensors(path, stateTensors(workspace), (about) => parseProgress(path, about));
}

/** Where the latest state of a run is, without its weights; undefined before the first checkpoint. */
export async function readProgress(run: string): Promise<Progress | undefined> {
  const path = runFiles(run).checkpoint;
  if (!existsSync(path)) return undefined;
  return await readTensors(path, new Map(), (about) => parseProgress(path, about));
}

function parseProgress(path: string, about: unknown): Progress {
  const parsed = progressSchema.safeParse(about);
  if (!parsed.success) throw failure("file.damaged", { path, problem: `it is no checkpoint of version ${VERSION}` });
  return parsed.data;
}
