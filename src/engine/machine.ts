/**
 * How a machine does the work: which kernels, how many threads, how often a checkpoint. Each command chooses anew, so none
 * of it is part of a model or identifies a run: what was trained on one machine is resumed and scored on any other.
 */
import { availableParallelism } from "node:os";
import { z } from "zod";
import { failure } from "../errors/failure.ts";
import { note } from "../files/notes.ts";
import { ENGINES, type Engine, lackFor } from "../kernels/load.ts";
import { nativeBuild } from "../kernels/native/native-kernels.ts";
import { checkOptions } from "../options/problems.ts";

const engine = z
  .enum(ENGINES)
  .describe(
    "kernels: native where this machine has them, else wasm; both give the same bits; reference is for comparison (default: the fastest there is)",
  )
  .optional();

/** Each has a stack, buffers and activations of its own, and threads beyond the cores make nothing faster. */
const MOST_THREADS = 64;

const threads = z.int().min(1).max(MOST_THREADS).optional();

export const machineOptions = z.strictObject({
  threads: threads.describe("worker threads; never changes the result (default: one for each core)"),
  engine,
});
export type MachineOptions = Readonly<z.input<typeof machineOptions>>;

export const trainingMachineOptions = z.strictObject({
  threads: threads.describe(
    "worker threads; never changes the result (default: one for each core, at most train.shards)",
  ),
  engine,
  checkpointSeconds: z.number().min(0).max(86_400).describe("time between checkpoints").default(30),
});
export type TrainingMachineOptions = Readonly<z.input<typeof trainingMachineOptions>>;

/** A machine as it was chosen. */
export interface Machine {
  readonly engine: Engine;
  readonly threads: number;
}

let hasSaid = false;

/** The kernels of a machine that nobody has chosen. Says once in a process where there are better ones that do not load. */
function fastestEngine(): Engine {
  const { lack } = nativeBuild();
  if (lack?.isBroken && !hasSaid) {
    hasSaid = true;
    note(`the slower kernels "wasm" are used: ${lack.reason}`);
  }
  return lack === undefined ? "native" : "wasm";
}

/** Fills the defaults. @throws UserError for other values, or where this machine does not have the engine */
export function chooseMachine(options: MachineOptions): Machine {
  const given = { engine: options.engine, threads: options.threads };
  const chosen = checkOptions("machine", machineOptions, given);
  const { engine = fastestEngine(), threads = Math.min(MOST_THREADS, availableParallelism()) } = chosen;
  const reason = lackFor(engine);
  if (reason !== undefined) throw failure("run.unsupported-engine", { engine, reason });
  return { engine, threads };
}

/** As `chooseMachine`, for training: no more threads than there are shards. */
export function chooseTrainingMachine(
  options: TrainingMachineOptions,
  shards: number,
): Machine & { readonly checkpointSeconds: number } {
  const given = { engine: options.engine, threads: options.threads, checkpointSeconds: options.checkpointSeconds };
  const { checkpointSeconds, ...machine } = checkOptions("machine", trainingMachineOptions, given);
  const { engine, threads } = chooseMachine(machine);
  return { engine, threads: Math.min(threads, shards), checkpointSeconds };
}
