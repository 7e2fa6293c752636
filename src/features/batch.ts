/**
 * A batch (in training: one shard of a batch) of samples as ids and numbers in linear memory: what data writes and models
 * read.
 *
 * Rows follow `packed`: sample arrays are in row order (longest history first), token arrays in packed order. Samples may
 * share sequences (tensor/packed.ts): histories, and the fields of users and contexts, are then those of the sequences.
 */
import { type Cells, type Floats, widthOf } from "../tensor/arrays.ts";
import type { Arena, MemoryViews } from "../tensor/memory.ts";
import { Packed } from "../tensor/packed.ts";
import { type Field, isNumber, type Schema } from "./schema.ts";

/** Placed once in an arena; filled anew for every batch. */
export class Batch {
  readonly schema: Schema;
  readonly packed: Packed;
  /** Labels [B], 0 or 1. */
  readonly labels: Floats;
  /** What each sample counts in the loss [B]; absent where all count the same. */
  readonly weights?: Floats;
  /** [sequences] per user and context field, [B] per item field; of lists [., most]. */
  readonly user: readonly Cells[];
  readonly candidate: readonly Cells[];
  readonly context: readonly Cells[];
  /** [tokens of the sequences] per item field: the behaviours. */
  readonly history: readonly Cells[];
  /**
   * [tokens] per item field: a sampled non-behaviour for each behaviour; step 0 is never read. Only losses read it, so there
   * are none where sequences are shared.
   */
  readonly negatives: readonly Cells[];

  /** @param maxSequences how many sequences the samples share at most; without, each has its own */
  constructor(
    memory: MemoryViews,
    arena: Arena,
    schema: Schema,
    maxSamples: number,
    weighted = false,
    maxSequences?: number,
  ) {
    const { user, item, context } = schema;
    const cells = (group: string, fields: readonly Field[], rows: number): Cells[] =>
      fields.map((field) => {
        const name = `${group}.${field.name}`;
        const count = rows * widthOf(field);
        const pointer = arena.alloc(count);
        const [from, to] = [pointer / 4, pointer / 4 + count];
        if (isNumber(field)) return { name, pointer, values: memory.f32.subarray(from, to) };
        return { name, pointer, values: memory.i32.subarray(from, to), ...(field.list && { list: field.list }) };
      });
    this.schema = schema;
    const { maxHistory } = schema;
    const shared =
      maxSequences === undefined
        ? undefined
        : new Packed(memory, arena, maxSequences, maxHistory, undefined, "sequences");
    this.packed = new Packed(memory, arena, maxSamples, maxHistory, shared);
    const { samples, tokens } = this.packed.sequences;
    const floats = (name: string): Floats => {
      const pointer = arena.alloc(maxSamples);
      return { name, pointer, values: memory.f32.subarray(pointer / 4, pointer / 4 + maxSamples) };
    };
    this.labels = floats("label");
    if (weighted) this.weights = floats("weight");
    this.user = cells("user", user, samples.capacity);
    this.candidate = cells("candidate", item, maxSamples);
    this.context = cells("context", context, samples.capacity);
    this.history = cells("history", item, tokens.capacity);
    this.negatives = shared === undefined ? cells("negative", item, tokens.capacity) : [];
  }
}
