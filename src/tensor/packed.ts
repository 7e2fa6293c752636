/**
 * Packed sequences: histories of different lengths without padding.
 *
 * Samples of a shard are sorted by history length, longest first. Their tokens are stored time-major: step 0 of all
 * samples that have one, then step 1 of those that have one, and so on. Step t holds active[t] tokens, those of samples
 * 0 .. active[t]-1, from token offsets[t] on. So a recurrent step is a product over the first active[t] rows, and an
 * operation on every token is one product over all of them.
 *
 * Samples may share sequences: many candidates are scored for one user. The distinct sequences then have a packing of
 * their own, and a sample is a sequence and a length: its tokens are the first ones of that sequence. What does not depend
 * on the candidate is computed for the tokens of `sequences`, everything else for those of the samples. Step t of the
 * sample at row i is token sequences.offsets[t] + sequence[i] there. Where each sample has a sequence of its own both
 * packings are one and the same.
 */
import type { Pointer } from "../kernels/contract.ts";
import type { Arena, MemoryViews } from "./memory.ts";

/** What the rows of a packing are: samples with their tokens and pairs, or the same of the sequences that samples share. */
const AXES = {
  samples: ["samples", "tokens", "pairs"],
  sequences: ["sequences", "tokens of sequences", "pairs of sequences"],
} as const;

/** What the rows of a tensor are; `one`, for memory of a fixed size. */
export type Axis = (typeof AXES)[keyof typeof AXES][number] | "one";

/** A number of rows that is fixed for a batch but not for a tape; tensors refer to it. */
export interface Rows {
  readonly axis: Axis;
  count: number;
  /** Where the rows begin in arrays of all tokens: 0 but for pairs, which leave out step 0. */
  first: number;
  /** The most that `count` can be; sizes buffers. */
  readonly capacity: number;
}

/** The layout of one shard's tokens; see the top of the file. */
export class Packed {
  /** B: the samples of the shard. */
  readonly samples: Rows;
  /** All tokens, the sum of the history lengths. */
  readonly tokens: Rows;
  /** Tokens of step 1 and later: (state at t, behaviour at t+1) pairs of the auxiliary loss. */
  readonly pairs: Rows;
  /** T: the longest history. */
  steps = 0;
  /** Per step: number of samples that have it, and its first token. */
  readonly active: Int32Array;
  readonly offsets: Int32Array;
  readonly activePointer: Pointer;
  readonly offsetsPointer: Pointer;
  /** order[i] is the place in the caller's list of the sample at row i; lengths[i] its history length. */
  readonly order: Int32Array;
  readonly lengths: Int32Array;
  /** The packing of the sequences that the samples share; this one, where each has its own. */
  readonly sequences: Packed;
  /** sequence[i]: the row, among `sequences`, of that of the sample at row i; empty where each has its own. */
  readonly sequence: Int32Array;
  readonly sequencePointer: Pointer;
  readonly #countOfLength: Int32Array;
  /** The row of each place in the caller's list. */
  readonly #rowOf: Int32Array;

  /** @param sequences the packing of those that the samples share */
  constructor(
    memory: MemoryViews,
    arena: Arena,
    maxSamples: number,
    maxSteps: number,
    sequences?: Packed,
    of: keyof typeof AXES = "samples",
  ) {
    const [samples, tokens, pairs] = AXES[of];
    this.samples = { axis: samples, count: 0, first: 0, capacity: maxSamples };
    this.tokens = { axis: tokens, count: 0, first: 0, capacity: maxSamples * maxSteps };
    this.pairs = { axis: pairs, count: 0, first: 0, capacity: maxSamples * Math.max(0, maxSteps - 1) };
    this.sequences = sequences ?? this;
    const references = sequences === undefined ? 0 : maxSamples;
    this.sequencePointer = arena.alloc(references);
    this.sequence = memory.i32.subarray(this.sequencePointer / 4, this.sequencePointer / 4 + references);
    this.activePointer = arena.alloc(maxSteps);
    this.offsetsPointer = arena.alloc(maxSteps);
    this.active = memory.i32.subarray(this.activePointer / 4, this.activePointer / 4 + maxSteps);
    this.offsets = memory.i32.subarray(this.offsetsPointer / 4, this.offsetsPointer / 4 + maxSteps);
    this.order = new Int32Array(maxSamples);
    this.lengths = new Int32Array(maxSamples);
    this.#countOfLength = new Int32Array(maxSteps + 2);
    this.#rowOf = new Int32Array(maxSamples);
  }

  /** Lays out `count` samples whose history lengths are lengths[from ..]. Stable: equal lengths keep their order. */
  pack(lengths: ArrayLike<number>, from: number, count: number): void {
    const { samples, tokens, pairs, active, offsets, order } = this;
    const maxSteps = active.length;
    if (count > samples.capacity) throw new RangeError(`${count} samples, room for ${samples.capacity}`);
    const places = this.#countOfLength.fill(0);
    this.steps = 0;
    for (let i = 0; i < count; i++) {
      const length = lengths[from + i];
      if (!(length >= 0 && length <= maxSteps)) throw new RangeError(`history length ${length}, room for ${maxSteps}`);
      if (length > this.steps) this.steps = length;
      places[length]++;
    }
    // Counting sort, longest first: places[l] becomes the first row of samples of length l.
    let row = 0;
    for (let length = maxSteps; length >= 0; length--) {
      const here = places[length];
      places[length] = row;
      row += here;
      if (length >= 1 && length <= this.steps) active[length - 1] = row;
    }
    for (let i = 0; i < count; i++) {
      const length = lengths[from + i];
      const place = places[length]++;
      order[place] = i;
      this.#rowOf[i] = place;
      this.lengths[place] = length;
    }
    let token = 0;
    for (let t = 0; t < this.steps; t++) {
      offsets[t] = token;
      token += active[t];
    }
    samples.count = count;
    tokens.count = token;
    pairs.first = this.steps > 0 ? active[0] : 0;
    pairs.count = token - pairs.first;
  }

  /**
   * Says of which sequence each packed sample is: sequenceOf[i] is the place, in the list that was given to
   * `sequences.pack`, of that of the sample at place i.
   */
  refer(sequenceOf: ArrayLike<number>): void {
    const { sequences, sequence, order, lengths } = this;
    for (let row = 0; row < this.samples.count; row++) {
      const place = sequenceOf[order[row]];
      const known = place >= 0 && place < sequences.samples.count;
      sequence[row] = known ? sequences.#rowOf[place] : -1;
      if (known && lengths[row] <= sequences.lengths[sequence[row]]) continue;
      throw new RangeError(`a history of ${lengths[row]} behaviours is none of sequence ${place}`);
    }
  }
}
