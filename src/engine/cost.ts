/**
 * What a model costs: the number of its parameters and the operations for one sample, counted in the record of its
 * operations (`autograd/operation.ts`). No weights are needed.
 *
 * Operations are the multiply-adds of matrix products, times two: dense layers, recurrences, projections of attention.
 * Look-ups, sums, softmax, activations and products of vectors are left out.
 */
import type { Operation } from "../autograd/operation.ts";
import { ParameterPlan } from "../autograd/parameters.ts";
import { Tape } from "../autograd/tape.ts";
import { Batch } from "../features/batch.ts";
import type { Schema } from "../features/schema.ts";
import { planKernels } from "../kernels/load.ts";
import type { RunConfig } from "../run/config.ts";
import { Arena, planMemory } from "../tensor/memory.ts";
import { recordModel } from "./record.ts";
import { STEPS_PER_CHUNK } from "./workspace.ts";

export interface ModelCost {
  /** Number of trained parameters, and of those that are not embeddings. */
  readonly parameters: number;
  readonly dense: number;
  /** Operations to score a sample, and to train on it: forward and backward, including the auxiliary loss. */
  readonly score: number;
  readonly learn: number;
}

/** The cost of a configured model for a sample with `history` behaviours. */
export function modelCost(schema: Schema, config: Pick<RunConfig, "model">, history: number): ModelCost {
  const sized = { ...schema, maxHistory: history };
  const { specs, flops: learn } = recordOnce(sized, config, true);
  const { flops: score } = recordOnce(sized, config, false);
  const trained = specs.filter(({ kind }) => kind !== "statistic");
  const numbers = (list: typeof specs) => list.reduce((sum, { rows, cols }) => sum + rows * cols, 0);
  return {
    parameters: numbers(trained),
    dense: numbers(trained.filter(({ kind }) => kind === "dense")),
    score,
    learn,
  };
}

/** Operations that a few seconds have room for, on any machine. */
const CHUNK_OPERATIONS = 1e11;

/**
 * Steps that workers make before they report: fewer where a step is much work, so that progress shows and Ctrl-C is heard.
 * The same on every machine, for the sums of losses in the log are made chunk by chunk.
 */
export function stepsPerChunk(schema: Schema, config: RunConfig): number {
  const step = config.train.batch_size * modelCost(schema, config, schema.maxHistory).learn;
  return Math.max(1, Math.min(STEPS_PER_CHUNK, Math.floor(CHUNK_OPERATIONS / step)));
}

/** Floating-point operations of the matrix products of one replay of a tape, for the batch as it is now. */
export function flopsOf({ operations, training }: Pick<Tape, "operations" | "training">): number {
  const forward = operations.reduce((sum, operation) => sum + forwardFlops(operation), 0);
  // Backward has two products for each of forward: one for the gradient of the input, one for that of the weight.
  return training ? 3 * forward : forward;
}

function forwardFlops({ name, inputs, parameters, outputs, attributes }: Operation): number {
  if (name === "affine") {
    const { rows, cols } = outputs.y;
    return inputs.terms.reduce((sum, x) => sum + 2 * rows.count * x.cols * cols, 0);
  }
  if (name === "recurrent") {
    const { W, U } = parameters;
    const { packed } = attributes;
    // Of the samples where each has its own attention; else of the sequences, which they may share.
    const { pairs } = inputs.attention || inputs.x.rows === packed.tokens ? packed : packed.sequences;
    // x W at every step; h U at every step but the first, whose state before is zero.
    return 2 * (inputs.x.rows.count * W.rows * W.cols + pairs.count * U.rows * U.cols);
  }
  return 0;
}

/** Records the model for one sample of full length; only the sample's ids have memory. */
function recordOnce(schema: Schema, config: Pick<RunConfig, "model">, training: boolean) {
  const measure = new Arena(0, Number.POSITIVE_INFINITY);
  new Batch(planMemory(0), measure, schema, 1);
  const bytes = measure.start + measure.usedBytes;
  const batch = new Batch(planMemory(bytes), new Arena(0, bytes), schema, 1);
  batch.packed.pack([schema.maxHistory], 0, 1);
  const parameters = new ParameterPlan();
  const tape = new Tape({ kernels: planKernels(), parameters, training });
  recordModel(tape, batch, config);
  return { specs: parameters.specs, flops: flopsOf(tape) };
}
