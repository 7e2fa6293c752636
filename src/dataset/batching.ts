/**
 * Samples to batches: a seeded order for each epoch, histories cut from the users' sequences, fresh negatives.
 *
 * All of it is a pure function of (seed, epoch, portion), so a run resumes at any batch and any number of threads may
 * share the work.
 */
import type { Batch } from "../features/batch.ts";
import { type CellValues, gatherCells } from "../tensor/arrays.ts";
import { mix, Random } from "../tensor/random.ts";
import type { ItemCatalogue, LoadedPortion, Samples } from "./dataset.ts";
import { beginAlike, groupsOf } from "./groups.ts";
import { Marks } from "./marks.ts";
import { NegativeSampler } from "./negatives.ts";

/**
 * A permutation of the samples of a portion, the same for the same seed, epoch and number of the portion in the epoch. Groups
 * of at most `together` samples whose histories begin alike (groups.ts) stay together.
 */
export function trainingOrder(
  samples: Samples,
  seed: number,
  epoch: number,
  portion: number,
  together: number,
): Int32Array {
  const bounds = groupsOf(samples, together);
  const groups = new Int32Array(bounds.length - 1);
  for (let g = 0; g < groups.length; g++) groups[g] = g;
  new Random(mix(seed, epoch, portion)).shuffle(groups);
  const order = new Int32Array(samples.count);
  let next = 0;
  for (const group of groups) for (let i = bounds[group]; i < bounds[group + 1]; i++) order[next++] = i;
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
  /** [samples] in the order given, the number of each one's sequence. */
  readonly #sequenceOf: Int32Array;
  /** [sequences] by number: the first sample that has it, and how long it is. */
  readonly #first: Int32Array;
  readonly #longest: Int32Array;
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
    this.#sequenceOf = new Int32Array(maxSamples);
    this.#first = new Int32Array(maxSamples);
    this.#longest = new Int32Array(maxSamples);
    this.#behaviours = new Int32Array(tokens);
    this.#negatives = new Int32Array(tokens);
  }

  /**
   * Fills `batch` with the samples indices[from .. from + count) of `loaded`, sorted by history length. Where they may share
   * sequences, samples that stand together and begin alike have one. With `draw`, every behaviour past the first of a
   * sequence gets a negative: the impression that was not clicked before it, or else one sampled for that (seed, epoch, key
   * of the sequence, behaviour); that of the first, never read, is the unknown item. Without, negatives are left as they are.
   */
  fill(batch: Batch, loaded: LoadedPortion, indices: Int32Array, from: number, count: number, draw: Draw | null): void {
    const { samples } = loaded;
    const itemFields = this.#itemFields;
    const { packed } = batch;
    const { sequences } = packed;
    const chosen = this.#chosen;
    const candidates = this.#candidates;
    this.#pack(batch, samples, indices, from, count);
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
    this.#placeBehaviours(batch, loaded);
    gatherCells(batch.history, itemFields, this.#behaviours, sequences.tokens.count);
    if (draw === null) return;
    this.#placeNegatives(batch, loaded, draw.seed, draw.epoch);
    gatherCells(batch.negatives, itemFields, this.#negatives, sequences.tokens.count);
  }

  /** Lays out the samples, and the sequences that they share. */
  #pack({ packed, keys }: Batch, samples: Samples, indices: Int32Array, from: number, count: number): void {
    const { sequences } = packed;
    const isSharing = sequences !== packed;
    const lengths = this.#lengths;
    const first = this.#first;
    const longest = this.#longest;
    let found = 0;
    for (let i = 0; i < count; i++) {
      const sample = indices[from + i];
      const length = samples.length[sample];
      lengths[i] = length;
      if (!isSharing || i === 0 || !beginAlike(samples, sample, indices[from + i - 1])) {
        first[found] = sample;
        longest[found++] = length;
      } else longest[found - 1] = Math.max(longest[found - 1], length);
      this.#sequenceOf[i] = found - 1;
    }
    packed.pack(lengths, 0, count);
    if (isSharing) {
      sequences.pack(longest, 0, found);
      packed.refer(this.#sequenceOf);
    }
    for (let row = 0; row < found; row++) keys[row] = samples.row[first[sequences.order[row]]];
  }

  /** The catalogue row of each token. */
  #placeBehaviours({ packed: { sequences: shared } }: Batch, { samples, sequences }: LoadedPortion): void {
    const { offsets, items } = sequences;
    const tokens = shared.offsets;
    const behaviours = this.#behaviours;
    for (let row = 0; row < shared.samples.count; row++) {
      const sample = this.#first[shared.order[row]];
      const length = shared.lengths[row];
      const first = offsets[samples.sequence[sample]] + samples.position[sample] - samples.length[sample];
      for (let t = 0; t < length; t++) behaviours[tokens[t] + row] = items[first + t];
    }
  }

  #placeNegatives(
    { packed: { sequences: shared }, keys }: Batch,
    { samples, sequences }: LoadedPortion,
    seed: number,
    epoch: number,
  ): void {
    const { offsets, items, unclicked } = sequences;
    const tokens = shared.offsets;
    const behaviours = this.#behaviours;
    const negatives = this.#negatives;
    const own = this.#own;
    const sampler = this.#sampler;
    for (let row = 0; row < shared.samples.count; row++) {
      const length = shared.lengths[row];
      if (length === 0) return;
      const sample = this.#first[shared.order[row]];
      const sequence = samples.sequence[sample];
      const begin = offsets[sequence];
      const first = samples.position[sample] - samples.length[sample];
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
        negatives[token] = sampler.draw(behaviours[token], seed, epoch, keys[row], first + t);
      }
    }
  }
}
