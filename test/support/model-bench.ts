/** A model recorded over one small random batch, for tests of gradients and scores. */
import { z } from "zod";
import { crossEntropy } from "../../src/autograd/loss.ts";
import { ParameterLayout, ParameterPlan } from "../../src/autograd/parameters.ts";
import { Tape } from "../../src/autograd/tape.ts";
import type { Tensor } from "../../src/autograd/values.ts";
import { Batch, type BatchOptions } from "../../src/features/batch.ts";
import type { Schema } from "../../src/features/schema.ts";
import { type Engine, loadKernels } from "../../src/kernels/load.ts";
import type { Model } from "../../src/models/model.ts";
import { Arena, createMemory, type LinearMemory } from "../../src/tensor/memory.ts";
import { Random } from "../../src/tensor/random.ts";

export const smallSchema: Schema = {
  user: [{ name: "user", size: 7 }],
  item: [
    { name: "item", size: 11 },
    { name: "category", size: 4 },
  ],
  context: [{ name: "hour", size: 5 }],
  maxHistory: 9,
};

/** Lists and numbers in every group, beside fields of one value. */
export const wideSchema: Schema = {
  user: [
    { name: "user", size: 7 },
    { name: "age", size: 0 },
  ],
  item: [
    { name: "item", size: 11 },
    { name: "price", size: 0 },
    { name: "genres", size: 5, list: { most: 4, pooling: "mean" } },
    { name: "tags", size: 6, list: { most: 3, pooling: "sum" } },
  ],
  context: [
    { name: "interests", size: 5, list: { most: 2, pooling: "mean" } },
    { name: "hour", size: 5 },
    { name: "distance", size: 0 },
  ],
  maxHistory: 9,
};

/** How many sequences the samples share, and whether they are those of requests. */
type Sharing = Pick<BatchOptions, "sequences" | "requests">;

export class ModelBench {
  readonly memory: LinearMemory;
  readonly batch: Batch;
  readonly tape: Tape;
  readonly parameters: ParameterLayout;
  readonly logits: Tensor;
  readonly #gradients: number;
  readonly #lookupGradients: Arena;
  readonly #activations: Arena;

  constructor(
    model: Model,
    config: unknown,
    maxSamples: number,
    {
      training = true,
      engine = "wasm",
      schema = smallSchema,
      exposing = false,
      ...sharing
    }: { training?: boolean; engine?: Engine; schema?: Schema; exposing?: boolean } & Sharing = {},
  ) {
    const bytes = 24 << 20;
    const memory = createMemory(bytes);
    const kernels = loadKernels(memory.memory, engine);
    const arena = new Arena(0, bytes);
    const batch = new Batch(memory, arena, schema, maxSamples, sharing);
    const resolved = model.config(z).parse(config);
    const record = (tape: Tape): Tensor => {
      const logits = model.logits(tape, batch, resolved);
      crossEntropy(tape, tape.loss("target", 1, "samples"), logits, batch.labels);
      return logits;
    };
    const plan = new ParameterPlan();
    record(new Tape({ kernels, parameters: plan, training, exposing }));
    this.parameters = new ParameterLayout(plan.specs, arena, true);
    this.parameters.initialise(memory, 3);
    this.#gradients = arena.alloc(this.parameters.denseCount);
    const gradients = this.#gradients;
    this.tape = new Tape({ kernels, parameters: this.parameters, training, exposing, gradients });
    this.logits = record(this.tape);
    const sizes = this.tape.bytes();
    const start = arena.alloc(sizes.lookupGradients / 4);
    this.#lookupGradients = new Arena(start, start + sizes.lookupGradients);
    const work = arena.alloc(sizes.activations / 4);
    this.#activations = new Arena(work, work + sizes.activations);
    this.memory = memory;
    this.batch = batch;
  }

  /**
   * Random ids, numbers and labels for histories of these lengths; some lists are empty. With `sequenceOf` the lengths are
   * those of samples of sequences of `sequences` behaviours.
   */
  fill(
    lengths: readonly number[],
    seed: number,
    { sequences, sequenceOf }: { sequences: readonly number[]; sequenceOf: readonly number[] } = {
      sequences: lengths,
      sequenceOf: [],
    },
  ): void {
    const { batch } = this;
    const { schema, packed } = batch;
    const random = new Random(seed);
    packed.sequences.pack(sequences, 0, sequences.length);
    packed.pack(lengths, 0, lengths.length);
    if (packed.sequences !== packed) packed.refer(sequenceOf);
    const shared = packed.sequences;
    const draw = (group: Batch["user"], fields: Schema["user"], count: number) =>
      group.forEach(({ values }, f) => {
        const { size, list } = fields[f];
        if (list !== undefined) {
          for (let i = 0; i < count; i++) {
            const length = random.integer(list.most + 1);
            for (let j = 0; j < list.most; j++) values[i * list.most + j] = j < length ? random.integer(size) : -1;
          }
        } else for (let i = 0; i < count; i++) values[i] = size > 0 ? random.integer(size) : random.normal();
      });
    draw(batch.user, schema.user, batch.moments.count);
    draw(batch.context, schema.context, batch.moments.count);
    draw(batch.candidate, schema.item, lengths.length);
    draw(batch.history, schema.item, shared.tokens.count);
    draw(batch.negatives, schema.item, shared.tokens.count);
    for (let i = 0; i < lengths.length; i++) batch.labels.values[i] = random.integer(2);
    this.tape.totals.samples = lengths.length;
    this.tape.totals.pairs = shared.pairs.count;
  }

  /**
   * Fills every trained parameter with N(0, scale): fresh embeddings are too small to bend anything. Slopes of PReLU
   * are close to 1, where it has hardly a kink that a difference could step over.
   */
  randomise(scale: number, seed: number): void {
    const random = new Random(seed);
    for (const { name, value, rows, cols, kind } of this.parameters.placed) {
      if (kind === "statistic") continue;
      const slope = name.endsWith(".slope");
      for (let i = 0; i < rows * cols; i++) {
        this.memory.f32[value / 4 + i] = slope ? 1 + 0.02 * random.normal() : scale * random.normal();
      }
    }
  }

  /** The weighted sum of all losses. */
  loss(): number {
    this.tape.forward(this.#activations, this.#lookupGradients);
    return this.tape.losses.reduce((sum, { value, weight }) => sum + weight * value, 0);
  }

  /** Logits in the caller's order. */
  scores(): number[] {
    this.tape.forward(this.#activations, this.#lookupGradients);
    const { order, samples } = this.batch.packed;
    const scores = new Array<number>(samples.count);
    for (let row = 0; row < samples.count; row++) scores[order[row]] = this.memory.f32[this.logits.value / 4 + row];
    return scores;
  }

  /** Gradient of each trained parameter; those of tables are added up from the look-ups. */
  gradients(): Map<string, Float64Array> {
    this.loss();
    this.tape.backward();
    const { f32, i32 } = this.memory;
    const gradients = new Map<string, Float64Array>();
    for (const { name, rows, cols, kind, offset } of this.parameters.placed) {
      if (kind === "statistic") continue;
      const at = this.#gradients / 4 + offset;
      gradients.set(
        name,
        kind === "table" ? new Float64Array(rows * cols) : Float64Array.from(f32.subarray(at, at + rows * cols)),
      );
    }
    for (const { table, ids, width, rows, output, column } of this.tape.lookups) {
      const gradient = gradients.get(table)!;
      const { cols } = this.parameters.placed.find((p) => p.name === table)!;
      if (!output.claimed) continue;
      for (let i = 0; i < rows.count; i++) {
        for (let k = 0; k < width; k++) {
          const id = i32[ids / 4 + (rows.first + i) * width + k];
          if (id < 0) break;
          for (let j = 0; j < cols; j++) gradient[id * cols + j] += f32[output.grad / 4 + i * output.cols + column + j];
        }
      }
    }
    return gradients;
  }
}
