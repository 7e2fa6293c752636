/**
 * Negatives of samples that are made of behaviours (docs/data-format.md, "Negatives").
 *
 * A negative comes from the same part of the log as its positive, so that being new, or popular, tells nothing of the
 * label; and it stands in the history where the positive does, and only there (docs/decisions/0022-negatives.md).
 */
import type { Split } from "../dataset/dataset.ts";
import { NegativeSampler } from "../dataset/negatives.ts";
import { below, mix } from "../tensor/random.ts";
import { countOthers, type HistoryItems, holds, type OwnItems, otherAt } from "./returns.ts";

/** The items of each split's part of the log, as often as they occur there: what its negatives are sampled from. */
export type NegativePools = Readonly<Record<Split, Int32Array>>;

/** Keeps these draws apart from those of training, which have an epoch in this place. */
const STREAM = 0x6e6567;
/** And those from histories apart from these. */
const RETURNS = 0x726574;
/** Draws for a negative that does not stand in the history; only as many own items as histories hold make the last one fail. */
const DRAWS = 32;

/** Samples the negatives of a dataset: functions of the seed, the sequence of the positive and its place there alone. */
export class SampleNegatives {
  readonly #pools: NegativePools;
  readonly #own: OwnItems;
  readonly #sampler: NegativeSampler;
  readonly #seed: number;

  /** @param own of the user at work, whenever a negative is drawn; without any, negatives are not their positives alone */
  constructor(pools: NegativePools, own: OwnItems, seed: number) {
    this.#pools = pools;
    this.#own = own;
    this.#sampler = new NegativeSampler(pools.train, own.marks);
    this.#seed = seed;
  }

  /** The catalogue row of the negative of a positive that has one (`hasNegative`). */
  strict(split: Split, positive: number, history: HistoryItems, sequence: number, place: number): number {
    const own = this.#own;
    if (holds(history, positive)) {
      const nth = below(mix(this.#seed, RETURNS, sequence, place), countOthers(positive, history, own));
      return otherAt(nth, positive, history, own);
    }
    let negative = this.popular(split, positive, sequence, place);
    if (own.areAll) return negative;
    for (let draw = 1; draw < DRAWS && holds(history, negative); draw++) {
      negative = this.popular(split, positive, sequence, place, draw);
    }
    return negative;
  }

  /** The same whatever the history is: a popular item that is not the user's own. */
  popular(split: Split, positive: number, sequence: number, place: number, draw = 0): number {
    if (split === "train") return this.#sampler.draw(positive, this.#seed, STREAM + draw, sequence, place);
    return this.#sampler.drawFrom(this.#pools[split], positive, this.#seed, STREAM + draw, sequence, place);
  }
}
