/**
 * A batch (in training: one shard of a batch) of samples as ids in linear memory: what data writes and models read.
 *
 * Rows follow `packed`: sample arrays are in row order (longest history first), token arrays in packed order.
 */
import type { Floats, Ids } from "../tensor/arrays.ts";
import type { Arena, MemoryViews } from "../tensor/memory.ts";
import { Packed } from "../tensor/packed.ts";
import type { Field, Schema } from "./schema.ts";

/** Placed once in an arena; filled anew for every batch. */
export class Batch {
  readonly schema: Schema;
  readonly packed: Packed;
  /** Labels [B], 0 or 1. */
  readonly labels: Floats;
  /** [B] per user, item and context field. */
  readonly user: readonly Ids[];
  readonly candidate: readonly Ids[];
  readonly context: readonly Ids[];
  /** [tokens] per item field: the behaviours. */
  readonly history: readonly Ids[];
  /** [tokens] per item field: a sampled non-behaviour for each behaviour; step 0 is never read. Only losses read it. */
  readonly negatives: readonly Ids[];

  constructor(memory: MemoryViews, arena: Arena, schema: Schema, maxSamples: number) {
    const { user, item, context } = schema;
    const ids = (group: string, fields: readonly Field[], count: number): Ids[] =>
      fields.map((field) => {
        const pointer = arena.alloc(count);
        const values = memory.i32.subarray(pointer / 4, pointer / 4 + count);
        return { name: `${group}.${field.name}`, pointer, values };
      });
    this.schema = schema;
    this.packed = new Packed(memory, arena, maxSamples, schema.maxHistory);
    const tokens = this.packed.tokens.capacity;
    const pointer = arena.alloc(maxSamples);
    const values = memory.f32.subarray(pointer / 4, pointer / 4 + maxSamples);
    this.labels = { name: "label", pointer, values };
    this.user = ids("user", user, maxSamples);
    this.candidate = ids("candidate", item, maxSamples);
    this.context = ids("context", context, maxSamples);
    this.history = ids("history", item, tokens);
    this.negatives = ids("negative", item, tokens);
  }
}
