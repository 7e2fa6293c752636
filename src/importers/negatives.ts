/**
 * Negatives of samples that are made of behaviours (docs/data-format.md, "Negatives").
 *
 * A negative comes from the same part of the log as its positive, so that being new, or popular, tells nothing of the
 * label (docs/decisions/0022-negatives.md).
 */
import type { Split } from "../dataset/dataset.ts";
import { NegativeSampler } from "../dataset/negatives.ts";

/** The items of each split's part of the log, as often as they occur there: what its negatives are sampled from. */
export type NegativePools = Readonly<Record<Split, Int32Array>>;

/** Keeps these draws apart from those of training, which have an epoch in this place. */
const STREAM = 0x6e6567;

/** Samples the negatives of a dataset; it marks the items of one user at a time. */
export class SampleNegatives {
  readonly #pools: NegativePools;
  readonly #sampler: NegativeSampler;
  readonly #seed: number;

  /** @param rows the size of the catalogue, row 0 included */
  constructor(pools: NegativePools, rows: number, seed: number) {
    this.#pools = pools;
    this.#sampler = new NegativeSampler(pools.train, rows);
    this.#seed = seed;
  }

  /** From now on, refuse items[from .. to), and no others. */
  mark(items: Int32Array, from: number, to: number): void {
    this.#sampler.mark(items, from, to);
  }

  /** The catalogue row of the negative of a positive: a function of the seed, its sequence and its place there alone. */
  draw(split: Split, positive: number, sequence: number, place: number): number {
    if (split === "train") return this.#sampler.draw(positive, this.#seed, STREAM, sequence, place);
    return this.#sampler.drawFrom(this.#pools[split], positive, this.#seed, STREAM, sequence, place);
  }
}
