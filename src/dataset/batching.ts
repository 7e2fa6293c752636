/**
 * Samples to batches: a seeded order for each epoch, histories cut from the users' sequences, fresh negatives.
 *
 * All of it is a pure function of (seed, epoch, sample), so a run resumes at any batch and any number of threads may
 * share the work.
 */
import type { Batch } from "../features/batch.ts";
import { type CellValues, gatherCells } from "../tensor/arrays.ts";
import { mix, Random } from "../tensor/random.ts";
import type { ItemCatalogue, LoadedPortion } from "./dataset.ts";
import { Marks } from "./marks.ts";
import { NegativeSampler } from "./negatives.ts";

/** A permutation of 0 .. count-1, the same for the same seed, epoch and number of the portion in the epoch. */
export function trainingOrder(count: number, seed: number, epoch: number, portion: number): Int32Array {
  const order = new Int32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  new Random(mix(seed, epoch, portion)).shuffle(order);
  return order;
}

/** Which random numbers belong to a batch, beside the samples in it. */
export interface Draw {
  readonly seed: number;
  readonly epoch: number;
}

/** Fills batches from portions of one dataset. Keeps its scratch, so one thread needs one; filling allocates nothing. */
export class BatchAssembler {
  readonly #itemFields: readonly CellValues[];
  /** Of the user whose negatives are sampled. */
  readonly #own: Marks;
  readonly #sampler: NegativeSampler;
  /** [samples] history lengths in the order given; sample index and candidate in row order. */
  readonly #lengths: Int32Array;
  readonly #chosen: Int32Array;
  readonly #candidates: Int32Array;
  /** [tokens] catalogue rows. */
  readonly #behaviours: Int32Array;
  readonly #negatives: Int32Array;

  constructor({ schema, itemFields, popularity }: ItemCatalogue, maxSamples: number) {
    const tokens = maxSamples * schema.maxHistory;
    this.#itemFields = itemFields;
    this.#own = new Marks();
    this.#sampler = new NegativeSampler(popularity, this.#own);
    this.#lengths = new Int32Array(maxSamples);
    this.#chosen = new Int32Array(maxSamples);
    this.#candidates = new Int32Array(maxSamples);
    this.#behaviours = new Int32Array(tokens);
    this.#negatives = new Int32Array(tokens);
  }

  /**
   * Fills `batch` with the samples indices[from .. from + count) of `loaded`, sorted by history length. With `draw`, every
   * behaviour past the first of a history gets a negative: the impression that was not clicked before it, or else one
   * sampled for that (seed, epoch, sample, behaviour); that of the first, never read, is the unknown item. Without, negatives
   * are left as they are.
   */
  fill(batch: Batch, loaded: LoadedPortion, indices: Int32Array, from: number, count: number, draw: Draw | null): void {
    const { samples } = loaded;
    const itemFields = this.#itemFields;
    const { packed } = batch;
    const lengths = this.#lengths;
    const chosen = this.#chosen;
    const candidates = this.#candidates;
    for (let i = 0; i < count; i++) lengths[i] = samples.length[indices[from + i]];
    packed.pack(lengths, 0, count);
    const labels = batch.labels.values;
    const weights = batch.weights?.values;
    for (let row = 0; row < count; row++) {
      const sample = indices[from + packed.order[row]];
      chosen[row] = sample;
      candidates[row] = samples.item[sample];
      labels[row] = samples.label[sample];
      if (weights !== undefined) weights[row] = samples.weight![sample];
    }
    gatherCells(batch.user, samples.user, chosen, count);
    gatherCells(batch.context, samples.context, chosen, count);
    gatherCells(batch.candidate, itemFields, candidates, count);
    this.#placeBehaviours(batch, loaded, count);
    gatherCells(batch.history, itemFields, this.#behaviours, packed.tokens.count);
    if (draw === null) return;
    this.#placeNegatives(batch, loaded, count, draw.seed, draw.epoch);
    gatherCells(batch.negatives, itemFields, this.#negatives, packed.tokens.count);
  }

  /** The catalogue row of each token. */
  #placeBehaviours({ packed }: Batch, { samples, sequences }: LoadedPortion, count: number): void {
    const { offsets, items } = sequences;
    const tokens = packed.offsets;
    const behaviours = this.#behaviours;
    for (let row = 0; row < count; row++) {
      const sample = this.#chosen[row];
      const length = packed.lengths[row];
      const first = offsets[samples.sequence[sample]] + samples.position[sample] - length;
      for (let t = 0; t < length; t++) behaviours[tokens[t] + row] = items[first + t];
    }
  }

  #placeNegatives(
    { packed }: Batch,
    { samples, sequences }: LoadedPortion,
    count: number,
    seed: number,
    epoch: number,
  ): void {
    const { offsets, items, unclicked } = sequences;
    const tokens = packed.offsets;
    const behaviours = this.#behaviours;
    const negatives = this.#negatives;
    const own = this.#own;
    const sampler = this.#sampler;
    for (let row = 0; row < count; row++) {
      const length = packed.lengths[row];
      if (length === 0) return;
      const sample = this.#chosen[row];
      const sequence = samples.sequence[sample];
      const begin = offsets[sequence];
      const first = samples.position[sample] - length;
      let marked = false;
      negatives[tokens[0] + row] = 0;
      for (let t = 1; t < length; t++) {
        const token = tokens[t] + row;
        const shown = unclicked === undefined ? 0 : unclicked[begin + first + t];
        if (shown > 0) {
          negatives[token] = shown;
          continue;
        }
        if (!marked) own.mark(items, begin, offsets[sequence + 1]);
        marked = true;
        negatives[token] = sampler.draw(behaviours[token], seed, epoch, samples.row[sample], first + t);
      }
    }
  }
}
