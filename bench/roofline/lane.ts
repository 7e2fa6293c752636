/** Training steps of DIEN on a thread with an engine, a slice of a fraction of a second at a time. */
import { Worker } from "node:worker_threads";
import type { Operation } from "../../src/autograd/operation.ts";
import type { Dataset } from "../../src/dataset/dataset.ts";
import { flopsOf } from "../../src/engine/cost.ts";
import { Workspace, type WorkspaceOptions } from "../../src/engine/workspace.ts";
import type { Engine } from "../../src/kernels/load.ts";
import { resolveConfig } from "../../src/run/config.ts";
import { ask } from "../ask.ts";
import { evenMasks, fixedLengthDataset, OWN_HISTORIES } from "../fixed-length-dataset.ts";
import type { CallCost, Clock } from "./clocks.ts";

/** Steps of one size: a batch of histories that all have one length. */
export interface StepSize {
  readonly history: number;
  readonly batch: number;
}

/** What a worker did in a slice. */
export interface WorkerTimes {
  readonly seconds: number;
  /** Of these, while batches were made. */
  readonly feeding: number;
  /** Of timed lanes: the kernels by name, and what a call costs. */
  readonly kernels: Record<string, Clock>;
  readonly call: CallCost | undefined;
}

export interface LaneStart {
  readonly options: WorkspaceOptions;
  readonly memory: WebAssembly.Memory;
  readonly dataset: Dataset;
  readonly masks: ReturnType<typeof evenMasks>;
  readonly timed: boolean;
}

/** Steps [0, steps) of the dataset, after `done` others. */
export interface Slice {
  readonly steps: number;
  readonly done: number;
}

/** Behaviours of a slice: a tenth of a second to half of one. */
const TOKENS = 40_000;
const MOST_STEPS = 20;

export function stepsOfSlice({ history, batch }: StepSize): number {
  return Math.max(1, Math.min(MOST_STEPS, Math.round(TOKENS / (history * batch))));
}

export function datasetFor(size: StepSize): Dataset {
  return fixedLengthDataset(size.history, size.batch * stepsOfSlice(size));
}

export function optionsFor(dataset: Dataset, batch: number, engine: Engine): WorkspaceOptions {
  const config = resolveConfig({ model: { name: "dien" }, train: { batch_size: batch, ...OWN_HISTORIES } });
  return { schema: dataset.schema, config, training: true, engine, threads: 1 };
}

/** Operations of one step, from the record of a shard: all shards are alike here. */
export function operationsOfStep(options: WorkspaceOptions): { products: number; gates: number } {
  const workspace = new Workspace(options);
  const { tape, batch } = workspace.recordForTraining(0, 0);
  const lengths = new Array<number>(workspace.shardSize).fill(options.schema.maxHistory);
  batch.packed.pack(lengths, 0, lengths.length);
  const { shards } = options.config.train;
  return { products: flopsOf(tape) * shards, gates: gateOperations(tape.operations) * shards };
}

/**
 * Operations of the gates of one hidden unit at one step, as math.hpp writes them: a sigmoid is 19, a tanh 22; forward has two
 * and one and 9 more, backward 22. A division counts as one.
 */
const GATE_OPERATIONS = 2 * 19 + 22 + 9 + 22;

function gateOperations(operations: readonly Operation[]): number {
  return operations.reduce((sum, { name, inputs, parameters }) => {
    return name === "recurrent" ? sum + inputs.x.rows.count * parameters.U.rows * GATE_OPERATIONS : sum;
  }, 0);
}

/** A thread with a model of its own; a `timed` one counts the time of each kernel, which costs some. */
export class Lane {
  readonly #worker: Worker;
  readonly #steps: number;
  #done = 0;

  constructor(dataset: Dataset, size: StepSize, engine: Engine, timed: boolean) {
    const options = optionsFor(dataset, size.batch, engine);
    this.#steps = stepsOfSlice(size);
    const workspace = new Workspace(options);
    workspace.parameters.initialise(workspace.memory, 1);
    workspace.gradients!.initialise();
    const { memory } = workspace.memory;
    const workerData: LaneStart = { options, memory, dataset, masks: evenMasks(dataset), timed };
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), { workerData });
  }

  /** Runs a slice: seconds until it was answered, a step, and what was done in them. */
  async run(): Promise<{ seconds: number; times: WorkerTimes }> {
    const slice: Slice = { steps: this.#steps, done: this.#done };
    this.#done += this.#steps;
    const start = performance.now();
    const times = await ask<WorkerTimes>(this.#worker, slice);
    return { seconds: (performance.now() - start) / 1000 / this.#steps, times };
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
