/**
 * The plan of the linear memory of a run, and what stands in it. Planned from configuration and schema alone, so each
 * thread that plans finds the same addresses.
 *
 *   barrier, counter, losses | parameters, moments | gradients | per shard: ids, look-up gradients | per thread: ids, activations
 *
 * Scoring and measuring losses share a thread's ids and activations with training: nothing there outlives a replay.
 */
import type { Operation } from "../autograd/operation.ts";
import { ParameterLayout, ParameterPlan, type ParameterSpec } from "../autograd/parameters.ts";
import { Tape } from "../autograd/tape.ts";
import type { Lookup } from "../autograd/values.ts";
import { failure, type UserError } from "../errors/failure.ts";
import { Batch } from "../features/batch.ts";
import type { Schema } from "../features/schema.ts";
import type { Kernels, Pointer } from "../kernels/contract.ts";
import { loadKernels, planKernels } from "../kernels/load.ts";
import { Gradients } from "../optim/gradients.ts";
import type { RunConfig } from "../run/config.ts";
import type { LossTerm } from "../run/losses.ts";
import type { Cells } from "../tensor/arrays.ts";
import {
  Arena,
  createMemory,
  type LinearMemory,
  MAX_BYTES,
  type MemoryViews,
  planMemory,
  viewMemory,
} from "../tensor/memory.ts";
import { BARRIER_CELLS } from "./barrier.ts";
import type { Machine } from "./machine.ts";
import { recordModel } from "./record.ts";
import { shardCapacity } from "./shards.ts";
import { COUNTER_CELLS } from "./work-counter.ts";

export interface WorkspaceOptions extends Machine {
  readonly schema: Schema;
  readonly config: RunConfig;
  /** Without it there are no gradients and no moments: for scoring. */
  readonly training: boolean;
  /** Whether samples count in the loss by their weights. */
  readonly weighted?: boolean;
  /** Whether what is scored are requests, whose candidates share the user's sequence; else samples of a dataset. */
  readonly requests?: boolean;
}

/** Samples that are scored, or whose losses are measured, at once. A score does not depend on it. */
export const SCORE_BATCH = 64;
/** The same of requests, and of their candidates. */
export const REQUEST_BATCH = { requests: SCORE_BATCH, candidates: 2 * SCORE_BATCH };
/** Most steps that workers make before they report to the main thread. */
export const STEPS_PER_CHUNK = 100;

/** What a model is recorded for: what of it is on the tape. */
type Purpose = Pick<Tape, "training" | "supervised" | "exposing">;

const SCORE: Purpose = { training: false, supervised: false, exposing: false };
const INSPECT: Purpose = { ...SCORE, exposing: true };
const MEASURE: Purpose = { ...SCORE, supervised: true };
const TRAIN: Purpose = { training: true, supervised: true, exposing: false };

/** What a model needs, found by recording it without memory. */
interface TapePlan {
  readonly specs: readonly ParameterSpec[];
  readonly lookups: readonly Lookup[];
  readonly losses: readonly LossTerm[];
  readonly bytes: ReturnType<Tape["bytes"]>;
}

/** A model recorded for one batch. */
export interface RecordedModel {
  readonly batch: Batch;
  readonly tape: Tape;
  /** [B, 1] logits of `batch` after a replay. */
  readonly logits: { readonly value: Pointer };
  /** Where a replay places its tensors, and the gradients of what it looked up. */
  readonly activations: Arena;
  readonly lookupGradients: Arena;
  /** Whether the model reads `batch.negatives`; sampling them costs time. */
  readonly readsNegatives: boolean;
}

/** Memory, kernels, parameters and gradients of a run. */
export class Workspace {
  readonly options: WorkspaceOptions;
  readonly memory: LinearMemory;
  readonly kernels: Kernels;
  readonly parameters: ParameterLayout;
  readonly gradients: Gradients | undefined;
  /** The losses, in the order of a tape's. */
  readonly losses: readonly LossTerm[];
  /** What the threads' `Barrier`s and `WorkCounter`s share. */
  readonly barrierCells: Int32Array;
  readonly counterCells: Int32Array;
  /** [STEPS_PER_CHUNK, shards, losses] the unweighted losses of the latest chunk. */
  readonly stepLosses: Float64Array;
  readonly shardSize: number;
  readonly #shardBatches: readonly Batch[];
  readonly #lookupGradients: readonly Arena[];
  readonly #scoreBatches: readonly Batch[];
  readonly #measureBatches: readonly Batch[];
  readonly #activations: readonly Arena[];

  /** Lays the run out in `memory`: one that another thread has laid it out in, or that of so many bytes that is given. */
  constructor(options: WorkspaceOptions, memory: WebAssembly.Memory | GiveMemory = allocate) {
    this.options = options;
    const plan = planTape(options, SCORE);
    const trainingPlan = options.training ? planTape(options, TRAIN) : undefined;
    const measuringPlan = measures(options) ? planTape(options, MEASURE) : undefined;
    const inspectingPlan = options.requests ? planTape(options, INSPECT) : undefined;
    const plans = [plan, trainingPlan, measuringPlan, inspectingPlan];
    const activationBytes = Math.max(...plans.map((each) => each?.bytes.activations ?? 0));
    const layout = (linear: MemoryViews, arena: Arena) =>
      layOut(options, plan, trainingPlan, activationBytes, linear, arena);
    if (typeof memory === "function") {
      const measure = new Arena(0, Number.POSITIVE_INFINITY);
      layout(planMemory(0), measure);
      const bytes = measure.start + measure.usedBytes;
      if (bytes > MAX_BYTES) throw tooLarge(bytes, options);
      memory = memory(bytes);
    }
    this.memory = viewMemory(memory);
    this.kernels = loadKernels(memory, options.engine);
    const parts = layout(this.memory, new Arena(0, memory.buffer.byteLength));
    this.parameters = parts.parameters;
    this.gradients = parts.gradients;
    this.barrierCells = parts.barrierCells;
    this.counterCells = parts.counterCells;
    this.stepLosses = parts.stepLosses;
    this.shardSize = shardCapacity(options.config.train);
    this.losses = (trainingPlan ?? plan).losses;
    this.#shardBatches = parts.shardBatches;
    this.#lookupGradients = parts.lookupGradients;
    this.#scoreBatches = parts.scoreBatches;
    this.#measureBatches = parts.measureBatches;
    this.#activations = parts.activations;
  }

  /** Records the model for training on a shard, with the activations of `thread`. */
  recordForTraining(shard: number, thread: number): RecordedModel {
    const gradients = this.gradients!.block(shard);
    return this.#record(
      TRAIN,
      this.#shardBatches[shard],
      this.#activations[thread],
      this.#lookupGradients[shard],
      gradients,
    );
  }

  /** Records the model for scoring, with the activations of `thread`. */
  recordForScoring(thread: number): RecordedModel {
    return this.#record(SCORE, this.#scoreBatches[thread], this.#activations[thread], new Arena(0, 0));
  }

  /** As `recordForScoring`, of requests, with all that the model exposes. */
  recordForInspecting(thread: number): RecordedModel {
    return this.#record(INSPECT, this.#scoreBatches[thread], this.#activations[thread], new Arena(0, 0));
  }

  /** Records the model with its losses but without gradients; undefined where the run measures none. */
  recordForMeasuring(thread: number): RecordedModel | undefined {
    if (!measures(this.options)) return undefined;
    return this.#record(MEASURE, this.#measureBatches[thread], this.#activations[thread], new Arena(0, 0));
  }

  #record(
    purpose: Purpose,
    batch: Batch,
    activations: Arena,
    lookupGradients: Arena,
    gradients?: Pointer,
  ): RecordedModel {
    const { kernels, parameters } = this;
    const tape = new Tape({ kernels, parameters, ...purpose, ...(gradients !== undefined && { gradients }) });
    const logits = recordModel(tape, batch, this.options.config);
    const readsNegatives = tape.operations.some((operation) => readsAny(operation, batch.negatives));
    return { batch, tape, logits, activations, lookupGradients, readsNegatives };
  }
}

/** Whether an operation looks up any of `cells`. */
function readsAny({ name, attributes }: Operation, cells: readonly Cells[]): boolean {
  return name === "embed" && attributes.cells.some((each) => cells.includes(each));
}

/** Whether a run measures losses on validation samples. */
function measures({ config, training }: WorkspaceOptions): boolean {
  return training && config.train.curve_steps > 0;
}

/** Records the model on a tape without memory. */
function planTape(options: WorkspaceOptions, purpose: Purpose): TapePlan {
  const { config } = options;
  const parameters = new ParameterPlan();
  const tape = new Tape({ kernels: planKernels(), parameters, ...purpose });
  const [memory, arena] = [planMemory(0), new Arena(0, Number.POSITIVE_INFINITY)];
  const batch = purpose.training
    ? trainBatch(options, memory, arena)
    : purpose.supervised
      ? measureBatch(options, memory, arena)
      : scoreBatch(options, memory, arena);
  recordModel(tape, batch, config);
  const losses = tape.losses.map(({ name, weight }) => ({ name, weight }));
  return { specs: parameters.specs, lookups: tape.lookups, losses, bytes: tape.bytes() };
}

/** A shard of a batch. */
function trainBatch({ schema, config, weighted }: WorkspaceOptions, memory: MemoryViews, arena: Arena): Batch {
  const most = shardCapacity(config.train);
  const sharing = config.train.batches === "users" && { sequences: most };
  return new Batch(memory, arena, schema, most, { ...(weighted && { weighted }), ...sharing });
}

/** What is scored at once. */
function scoreBatch({ schema, requests }: WorkspaceOptions, memory: MemoryViews, arena: Arena): Batch {
  const { requests: sequences, candidates } = REQUEST_BATCH;
  return requests
    ? new Batch(memory, arena, schema, candidates, { sequences, requests })
    : new Batch(memory, arena, schema, SCORE_BATCH, { sequences: SCORE_BATCH });
}

/** What losses are measured on at once: each sample has its own sequence, so that a loss does not depend on the others. */
function measureBatch({ schema, weighted }: WorkspaceOptions, memory: MemoryViews, arena: Arena): Batch {
  return new Batch(memory, arena, schema, SCORE_BATCH, { ...(weighted && { weighted }) });
}

function layOut(
  options: WorkspaceOptions,
  plan: TapePlan,
  trainingPlan: TapePlan | undefined,
  activationBytes: number,
  memory: MemoryViews,
  arena: Arena,
) {
  const { config, threads, training } = options;
  const { shards } = config.train;
  const each = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
  const region = (bytes: number) => {
    const start = arena.alloc(bytes / 4);
    return new Arena(start, start + bytes);
  };
  const cells = (count: number) => {
    const start = arena.alloc(count) / 4;
    return memory.i32.subarray(start, start + count);
  };
  const barrierCells = cells(BARRIER_CELLS);
  const counterCells = cells(COUNTER_CELLS);
  const lossCount = trainingPlan ? STEPS_PER_CHUNK * shards * trainingPlan.losses.length : 0;
  const losses = arena.alloc(lossCount * 2);
  const parameters = new ParameterLayout((trainingPlan ?? plan).specs, arena, training);
  return {
    barrierCells,
    counterCells,
    stepLosses: new Float64Array(memory.f32.buffer).subarray(losses / 8, losses / 8 + lossCount),
    parameters,
    gradients: trainingPlan && new Gradients(memory, arena, parameters, trainingPlan.lookups, shards),
    shardBatches: trainingPlan ? each(shards, () => trainBatch(options, memory, arena)) : [],
    lookupGradients: trainingPlan ? each(shards, () => region(trainingPlan.bytes.lookupGradients)) : [],
    scoreBatches: each(threads, () => scoreBatch(options, memory, arena)),
    measureBatches: measures(options) ? each(threads, () => measureBatch(options, memory, arena)) : [],
    activations: each(threads, () => region(activationBytes)),
  };
}

/** Memory of at least so many bytes, with whatever in it. */
export type GiveMemory = (bytes: number) => WebAssembly.Memory;

/** @throws UserError where the system does not give it */
export function allocate(bytes: number): WebAssembly.Memory {
  try {
    return createMemory(bytes).memory;
  } catch (error) {
    throw failure("run.no-address-space", { field: "linear memory", needed: mib(bytes) }, error);
  }
}

const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
const mib = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;

function tooLarge(bytes: number, { schema, config, threads }: WorkspaceOptions): UserError {
  const largest = [...schema.user, ...schema.item, ...schema.context].sort((a, b) => b.size - a.size)[0];
  return failure("run.too-large", {
    needed: gib(bytes),
    field: largest.name,
    rows: largest.size,
    batchSize: config.train.batch_size,
    shards: config.train.shards,
    maxHistory: schema.maxHistory,
    threads,
  });
}
