/**
 * A batch (in training: one shard of a batch) of samples as ids and numbers in linear memory: what data writes and models
 * read.
 *
 * Rows follow `packed`: sample arrays are in row order (longest history first), token arrays in packed order. Samples may
 * share sequences (tensor/packed.ts): histories are then those of the sequences. So are the fields of users and contexts in
 * requests, whose candidates are scored for one user at one moment; samples of a dataset have their own.
 */
import { type Cells, type Floats, widthOf } from "../tensor/arrays.ts";
import type { Arena, MemoryViews } from "../tensor/memory.ts";
import { Packed, type Rows } from "../tensor/packed.ts";
import { type Field, isNumber, type Schema } from "./schema.ts";

/** What may be in a batch, beside its samples. */
export interface BatchOptions {
  /** Whether samples count in the loss by their weights. */
  readonly weighted?: boolean;
  /** How many sequences the samples share at most; without, each has its own. */
  readonly sequences?: number;
  /** Whether samples are the candidates of requests, which bring fields of users and contexts, and no labels. */
  readonly requests?: boolean;
}

/** Placed once in an arena; filled anew for every batch. */
export class Batch {
  readonly schema: Schema;
  readonly packed: Packed;
  /** Labels [B], 0 or 1. */
  readonly labels: Floats;
  /** What each sample counts in the loss [B]; absent where all count the same. */
  readonly weights?: Floats;
  /** What the rows of user and context fields are: samples, or the sequences of requests. */
  readonly moments: Rows;
  /** [moments] per user and context field, [B] per item field; of lists [., most]. */
  readonly user: readonly Cells[];
  readonly candidate: readonly Cells[];
  readonly context: readonly Cells[];
  /** [tokens of the sequences] per item field: the behaviours. */
  readonly history: readonly Cells[];
  /**
   * [tokens of the sequences] per item field: a sampled non-behaviour for each behaviour; step 0 is never read. Only losses
   * read it, so there are none in requests.
   */
  readonly negatives: readonly Cells[];
  /**
   * [sequences] a number of each, by which random draws for it are made: the row, in the file of its split, of the first
   * sample that has it.
   */
  readonly keys: Int32Array;

  constructor(
    memory: MemoryViews,
    arena: Arena,
    schema: Schema,
    maxSamples: number,
    { weighted = false, sequences: maxSequences, requests = false }: BatchOptions = {},
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
    const { samples: sequences, tokens } = this.packed.sequences;
    this.moments = requests ? sequences : this.packed.samples;
    const floats = (name: string): Floats => {
      const pointer = arena.alloc(maxSamples);
      return { name, pointer, values: memory.f32.subarray(pointer / 4, pointer / 4 + maxSamples) };
    };
    this.labels = floats("label");
    if (weighted) this.weights = floats("weight");
    this.user = cells("user", user, this.moments.capacity);
    this.candidate = cells("candidate", item, maxSamples);
    this.context = cells("context", context, this.moments.capacity);
    this.history = cells("history", item, tokens.capacity);
    this.negatives = requests ? [] : cells("negative", item, tokens.capacity);
    this.keys = new Int32Array(sequences.capacity);
  }
}
