/**
 * The contract of a model: it maps a batch to logits, and may add auxiliary losses to the tape. It owns no loop, no
 * optimiser and no file, and names no concrete field.
 */
import type { z } from "zod";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/values.ts";
import type { Batch } from "../features/batch.ts";

/**
 * What a schema is made of. A model is given it and does not load it: the threads of a run record models but check no
 * configuration, and would spend half of their start on it.
 */
export type Zod = typeof z;

/** Where a model was published. */
export interface Paper {
  /** Authors, title, where and when. */
  readonly citation: string;
  readonly url: string;
}

export interface Model {
  readonly name: string;
  /** One line for `--help` and tables. */
  readonly summary: string;
  readonly paper: Paper;
  /** Its own configuration, `model:` in a run's config.yaml; fills in defaults, rejects unknown keys. */
  config(z: Zod): z.ZodObject;
  /**
   * Records the model on `tape` for `batch`. Returns the logit of a click, [samples, 1]. What does not depend on the
   * candidate is computed for the batch's sequences, `packed.sequences`, which samples may share. It exposes, where it has
   * them, `attention` [tokens, 1] to the candidate, `interests` and the final `states` [tokens, H] of its recurrences.
   * @param config what `config` makes of a configuration: it has every key
   */
  logits(tape: Tape, batch: Batch, config: unknown): Tensor;
}

/** Makes a model of a function whose configuration has the types of its schema. */
export function defineModel<Shape extends z.ZodRawShape>(definition: {
  readonly name: string;
  readonly summary: string;
  readonly paper: Paper;
  config(z: Zod): z.ZodObject<Shape, z.core.$strict>;
  logits(tape: Tape, batch: Batch, config: z.output<z.ZodObject<Shape, z.core.$strict>>): Tensor;
}): Model {
  return definition as Model;
}
