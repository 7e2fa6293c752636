/** What all models share: embeddings of a batch, the sum-pooled history, the head, and their configuration. */
import type { z } from "zod";
import { concat } from "../autograd/elementwise.ts";
import { multiply } from "../autograd/products.ts";
import { perSample } from "../autograd/shared.ts";
import { sumSteps } from "../autograd/steps.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/values.ts";
import type { Batch } from "../features/batch.ts";
import type { Schema } from "../features/schema.ts";
import { Embedding } from "../nn/embedding.ts";
import { mlp } from "../nn/linear.ts";
import type { Zod } from "./model.ts";

/** Keys that every model has. */
export function commonConfig(z: Zod) {
  const size = z.int().min(1).max(4096);
  return {
    embedding: z
      .strictObject({
        size: size.default(18).describe("columns of an embedding, per field"),
        scale: z.number().positive().default(0.05).describe("standard deviation of fresh embeddings"),
      })
      .prefault({}),
    head: z
      .strictObject({
        layers: z.array(size).min(1).default([200, 80]).describe("hidden layers of the head"),
        activation: z.enum(["prelu", "dice"]).default("prelu"),
      })
      .prefault({}),
  };
}

export type CommonConfig = z.output<z.ZodObject<ReturnType<typeof commonConfig>>>;

export interface EmbeddedBatch {
  /** User fields [B, .] and context fields [B, .]; absent where the schema has none. */
  readonly user: Tensor | undefined;
  readonly context: Tensor | undefined;
  /** x: the candidate's item vector [B, D]. */
  readonly candidate: Tensor;
  /** The behaviours' item vectors [tokens, D], of the sequences that the samples share. */
  readonly history: Tensor;
  /** S: their sum [B, D]. */
  readonly sum: Tensor;
  /** Item vectors by the same tables. */
  readonly items: Embedding;
  readonly schema: Schema;
}

/** Looks up what every model reads. */
export function embedBatch(tape: Tape, batch: Batch, { embedding }: CommonConfig): EmbeddedBatch {
  const { schema, packed, moments } = batch;
  const { samples, sequences } = packed;
  const items = new Embedding(tape, schema.item, embedding);
  const optional = (fields: typeof schema.user, ids: typeof batch.user) => {
    if (fields.length === 0) return undefined;
    return perSample(tape, packed, new Embedding(tape, fields, embedding).lookUp(ids, moments));
  };
  const history = items.lookUp(batch.history, sequences.tokens);
  return {
    user: optional(schema.user, batch.user),
    context: optional(schema.context, batch.context),
    candidate: items.lookUp(batch.candidate, samples),
    history,
    sum: sumSteps(tape, packed, history),
    items,
    schema,
  };
}

/** x * S, the candidate times the history [B, D]. */
export function interaction(tape: Tape, { candidate, sum }: EmbeddedBatch): Tensor {
  return multiply(tape, candidate, sum);
}

/** The head: [user, ...parts, context] -> hidden layers -> one logit [B, 1]. Parameters `mlp.N`. */
export function head(tape: Tape, embedded: EmbeddedBatch, parts: readonly Tensor[], config: CommonConfig): Tensor {
  const input = [embedded.user, ...parts, embedded.context].filter((part) => part !== undefined);
  return mlp(tape, "mlp", concat(tape, input), config.head.layers, config.head.activation);
}
