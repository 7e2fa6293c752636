/**
 * Rare values read as the unknown one while a model trains, so that id 0 of every field learns what a value is worth that
 * training does not know: word dropout of Kiperwasser and Goldberg 2016 (https://arxiv.org/abs/1603.04351, section 4.1).
 * A value that training has n times is masked in a share a / (a + n) of the samples, and then everywhere in them:
 * as the candidate, in the history, among the negatives. Samples that share a sequence share what is masked. Each field is
 * masked on its own, so an item may lose its id and keep its category.
 *
 * What is masked is a function of (seed, epoch, key of the sequence, field, value), as negatives are.
 */
import type { Batch } from "../features/batch.ts";
import { FIELD_KINDS, type FieldKind } from "../features/schema.ts";
import { areIds, type Cells, type Ids, widthOf } from "../tensor/arrays.ts";
import { extend, mix } from "../tensor/random.ts";
import type { Draw } from "./batching.ts";
import type { DatasetStream } from "./stream.ts";

/** Keeps these draws apart from those of the order and the negatives. */
const MASK_STREAM = 0x6d61736b;

/** By kind and field: the id is masked where 32 random bits are below the number at its place. On memory that threads share. */
export type MaskThresholds = Readonly<Record<FieldKind, readonly Uint32Array[]>>;

/**
 * How often each value is masked.
 * @param counts by kind and field: how often training has the value of each id
 * @param strength a; above 0
 */
export function maskThresholds(
  counts: Readonly<Record<FieldKind, readonly Int32Array[]>>,
  strength: number,
): MaskThresholds {
  const each = (kind: FieldKind) => counts[kind].map((ofField) => thresholdsOf(ofField, strength));
  return { user: each("user"), item: each("item"), context: each("context") };
}

/** 2^32 a / (a + n) for each id but that of the unknown. */
function thresholdsOf(counts: Int32Array, strength: number): Uint32Array {
  const thresholds = new Uint32Array(new SharedArrayBuffer(counts.length * 4));
  for (let id = 1; id < counts.length; id++) {
    thresholds[id] = Math.min(2 ** 32 - 1, (strength / (strength + counts[id])) * 2 ** 32);
  }
  return thresholds;
}

/** `maskThresholds` of a dataset. */
export async function readMaskThresholds(dataset: DatasetStream, strength: number): Promise<MaskThresholds> {
  const counts: Record<FieldKind, Int32Array[]> = { user: [], item: [], context: [] };
  for (const kind of FIELD_KINDS) {
    for (const field of dataset.schema[kind]) counts[kind].push(await dataset.valueCounts(field));
  }
  return maskThresholds(counts, strength);
}

/** Masks batches. Keeps its scratch, so one thread needs one; masking allocates nothing. */
export class Masker {
  readonly #thresholds: MaskThresholds;
  /** By kind and field: keeps the draws of fields apart. */
  readonly #salts: Readonly<Record<FieldKind, Int32Array>>;
  /** The random key of each sequence, and of each sample, which is that of its sequence. */
  readonly #ofSequences: Int32Array;
  readonly #ofSamples: Int32Array;

  constructor(thresholds: MaskThresholds, maxSamples: number) {
    const salts = (kind: FieldKind) => Int32Array.from(thresholds[kind], (_, f) => mix(FIELD_KINDS.indexOf(kind), f));
    this.#thresholds = thresholds;
    this.#salts = { user: salts("user"), item: salts("item"), context: salts("context") };
    this.#ofSequences = new Int32Array(maxSamples);
    this.#ofSamples = new Int32Array(maxSamples);
  }

  /** Masks a batch that was filled, with its negatives if it has any. */
  mask(batch: Batch, draw: Draw, negatives: boolean): void {
    const { packed, keys } = batch;
    const { sequences, sequence } = packed;
    const ofSequences = this.#ofSequences;
    const stream = mix(draw.seed, MASK_STREAM);
    for (let row = 0; row < sequences.samples.count; row++) ofSequences[row] = mix(stream, draw.epoch, keys[row]);
    for (let row = 0; row < packed.samples.count; row++) {
      this.#ofSamples[row] = ofSequences[sequences === packed ? row : sequence[row]];
    }
    this.#maskSamples(batch, batch.user, "user");
    this.#maskSamples(batch, batch.candidate, "item");
    this.#maskSamples(batch, batch.context, "context");
    this.#maskTokens(batch, batch.history);
    if (negatives) this.#maskTokens(batch, batch.negatives);
  }

  #maskSamples({ packed }: Batch, fields: readonly Cells[], kind: FieldKind): void {
    for (let f = 0; f < fields.length; f++) {
      const cells = fields[f];
      if (areIds(cells)) this.#maskRows(cells, 0, packed.samples.count, this.#ofSamples, kind, f);
    }
  }

  #maskTokens({ packed: { sequences } }: Batch, fields: readonly Cells[]): void {
    const { offsets, active, steps } = sequences;
    for (let f = 0; f < fields.length; f++) {
      const cells = fields[f];
      if (!areIds(cells)) continue;
      for (let t = 0; t < steps; t++) this.#maskRows(cells, offsets[t], active[t], this.#ofSequences, "item", f);
    }
  }

  /** The ids of `count` rows from row `first` of their array on, by their keys. */
  #maskRows(ids: Ids, first: number, count: number, keys: Int32Array, kind: FieldKind, field: number): void {
    const { values } = ids;
    const width = widthOf(ids);
    const salt = this.#salts[kind][field];
    const thresholds = this.#thresholds[kind][field];
    let place = first * width;
    for (let row = 0; row < count; row++) {
      const key = keys[row] ^ salt;
      for (const end = place + width; place < end; place++) {
        const id = values[place];
        if (id > 0 && extend(key, id) < thresholds[id]) values[place] = 0;
      }
    }
  }
}
