/**
 * A batch (in training: one shard of a batch) of samples as ids and numbers in linear memory: what data writes and models
 * read.
 *
 * Rows follow `packed`: sample arrays are in row order (longest history first), token arrays in packed order.
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
  /** [B] per user, item and context field; of lists [B, most]. */
  readonly user: readonly Cells[];
  readonly candidate: readonly Cells[];
  readonly context: readonly Cells[];
  /** [tokens] per item field: the behaviours. */
  readonly history: readonly Cells[];
  /** [tokens] per item field: a sampled non-behaviour for each behaviour; step 0 is never read. Only losses read it. */
  readonly negatives: readonly Cells[];

  constructor(memory: MemoryViews, arena: Arena, schema: Schema, maxSamples: number, weighted = false) {
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
    this.packed = new Packed(memory, arena, maxSamples, schema.maxHistory);
    const tokens = this.packed.tokens.capacity;
    const floats = (name: string): Floats => {
      const pointer = arena.alloc(maxSamples);
      return { name, pointer, values: memory.f32.subarray(pointer / 4, pointer / 4 + maxSamples) };
    };
    this.labels = floats("label");
    if (weighted) this.weights = floats("weight");
    this.user = cells("user", user, maxSamples);
    this.candidate = cells("candidate", item, maxSamples);
    this.context = cells("context", context, maxSamples);
    this.history = cells("history", item, tokens);
    this.negatives = cells("negative", item, tokens);
  }
}
