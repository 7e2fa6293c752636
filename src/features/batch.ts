/**
 * A batch (in training: one shard of a batch) of samples as ids in linear memory: what data writes and models read.
 *
 * Rows follow `packed`: sample arrays are in row order (longest history first), token arrays in packed order.
 */
import type { Pointer } from "../kernels/contract.ts";
import type { Ids } from "../tensor/ids.ts";
import type { Arena, LinearMemory } from "../tensor/memory.ts";
import { Packed } from "../tensor/packed.ts";
import type { Schema } from "./schema.ts";

/** Placed once in an arena; filled anew for every batch. */
export class Batch {
  readonly schema: Schema;
  readonly packed: Packed;
  /** Labels [B], 0 or 1. */
  readonly labels: { readonly pointer: Pointer; readonly values: Float32Array };
  /** [B] per user, item and context field. */
  readonly user: readonly Ids[];
  readonly candidate: readonly Ids[];
  readonly context: readonly Ids[];
  /** [tokens] per item field: the behaviours. */
  readonly history: readonly Ids[];
  /**
   * [tokens] per item field: a drawn non-behaviour for each behaviour; step 0 is never read. Only losses read it.
   */
  readonly negatives: readonly Ids[];

  constructor(memory: LinearMemory, arena: Arena, schema: Schema, maxSamples: number) {
    const ids = (count: number): Ids => {
      const pointer = arena.alloc(count);
      return { pointer, values: memory.i32.subarray(pointer / 4, pointer / 4 + count) };
    };
    this.schema = schema;
    this.packed = new Packed(memory, arena, maxSamples, schema.maxHistory);
    const tokens = this.packed.tokens.capacity;
    const labels = arena.alloc(maxSamples);
    this.labels = { pointer: labels, values: memory.f32.subarray(labels / 4, labels / 4 + maxSamples) };
    this.user = schema.user.map(() => ids(maxSamples));
    this.candidate = schema.item.map(() => ids(maxSamples));
    this.context = schema.context.map(() => ids(maxSamples));
    this.history = schema.item.map(() => ids(tokens));
    this.negatives = schema.item.map(() => ids(tokens));
  }
}
