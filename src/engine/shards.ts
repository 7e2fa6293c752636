/**
 * The samples of a batch, dealt out to its shards. Samples that share a sequence stay in one shard, where the sequence is
 * computed once; groups of them go, the costliest first, where there is least to do (balance.ts). Without shared sequences
 * shards are stretches of the batch. Either way the shards are a function of the batch alone.
 */
import type { Samples } from "../dataset/dataset.ts";
import { beginAlike } from "../dataset/groups.ts";
import type { TrainConfig } from "../run/config.ts";
import { Balance } from "./balance.ts";

/** Samples of one group at most: it fits into a shard. */
export function mostTogether({ batches, batch_size: size, shards }: TrainConfig): number {
  return batches === "users" ? Math.ceil(size / shards) : 1;
}

/** Room for the samples of a shard: where groups stay whole, one that has less than its share may get another group. */
export function shardCapacity(train: TrainConfig): number {
  const { batches, batch_size: size, shards } = train;
  const share = Math.ceil(size / shards);
  return batches === "users" ? Math.min(size, 2 * share) : share;
}

/** What a sample costs beside its behaviours, in behaviours: the head. */
const SAMPLE_COST = 8;
/** What a behaviour of a sequence costs beside the samples' own recurrence: look-ups, extractor, auxiliary loss, projections. */
const SEQUENCE_COST = 4;

/** Deals out one batch after the other; allocates nothing. */
export class Shards {
  /** The samples of the batch, shard after shard: those of shard s are order[bounds[s] .. bounds[s + 1]). */
  readonly order: Int32Array;
  readonly bounds: Int32Array;
  /** The numbers of the shards, the costliest first: threads that take them in this order end together. */
  readonly queue: Int32Array;
  /** (t, t+1) pairs of behaviours in the batch, those of a shared sequence once: what the auxiliary loss is a mean over. */
  pairs = 0;
  readonly #shards: number;
  readonly #isSharing: boolean;
  /** Samples of a group at most. */
  readonly #together: number;
  /** Of each group where it begins, in the given order; and its cost and number as one number, by which they are sorted. */
  readonly #begins: Int32Array;
  readonly #costs: Float64Array;
  /** Of each group its shard. */
  readonly #shardOf: Int32Array;
  readonly #balance: Balance;
  /** Of each shard the place of its next sample. */
  readonly #next: Int32Array;

  constructor(train: TrainConfig) {
    const { batch_size: batchSize, shards, batches } = train;
    this.order = new Int32Array(batchSize);
    this.bounds = new Int32Array(shards + 1);
    this.queue = new Int32Array(shards);
    for (let s = 0; s < shards; s++) this.queue[s] = s;
    this.#shards = shards;
    this.#isSharing = batches === "users";
    this.#together = mostTogether(train);
    this.#begins = new Int32Array(batchSize + 1);
    this.#costs = new Float64Array(batchSize);
    this.#shardOf = new Int32Array(batchSize);
    this.#balance = new Balance(shards, shardCapacity(train));
    this.#next = new Int32Array(shards);
  }

  /** Deals out the samples given[first .. first + count). */
  deal(samples: Samples, given: Int32Array, first: number, count: number): void {
    if (this.#isSharing) this.#dealGroups(samples, given, first, count);
    else this.#cut(samples, given, first, count);
  }

  #cut({ length }: Samples, given: Int32Array, first: number, count: number): void {
    this.pairs = 0;
    for (let i = 0; i < count; i++) {
      const sample = given[first + i];
      this.order[i] = sample;
      this.pairs += pairsOf(length[sample]);
    }
    for (let s = 0; s <= this.#shards; s++) this.bounds[s] = Math.floor((s * count) / this.#shards);
  }

  #dealGroups(samples: Samples, given: Int32Array, first: number, count: number): void {
    const groups = this.#findGroups(samples, given, first, count);
    const begins = this.#begins;
    // Sorted whole: a view of the part in use would be garbage at every step.
    const costs = this.#costs.fill(-1, groups).sort();
    const balance = this.#balance;
    balance.clear();
    // The costliest are last. Of those that cost the same the order does not matter, but must be settled.
    for (let i = costs.length - 1; i >= costs.length - groups; i--) {
      const group = costs[i] % count;
      const members = begins[group + 1] - begins[group];
      this.#shardOf[group] = balance.place(members, Math.floor(costs[i] / count));
    }
    const { bounds } = this;
    bounds[0] = 0;
    for (let s = 0; s < this.#shards; s++) bounds[s + 1] = bounds[s] + balance.size(s);
    this.#queueUp();
    const next = this.#next;
    for (let s = 0; s < this.#shards; s++) next[s] = bounds[s];
    for (let group = 0; group < groups; group++) {
      const shard = this.#shardOf[group];
      for (let i = begins[group]; i < begins[group + 1]; i++) this.order[next[shard]++] = given[first + i];
    }
    this.pairs = 0;
    for (let s = 0; s < this.#shards; s++) this.pairs += this.#sharedPairs(samples, bounds[s], bounds[s + 1]);
  }

  /** Puts the costliest shards first; they are few. */
  #queueUp(): void {
    const { queue } = this;
    const balance = this.#balance;
    for (let s = 0; s < this.#shards; s++) {
      let at = s;
      for (; at > 0 && balance.load(queue[at - 1]) < balance.load(s); at--) queue[at] = queue[at - 1];
      queue[at] = s;
    }
  }

  /** The pairs of the sequences of a shard: groups of one user that met there have one. */
  #sharedPairs(samples: Samples, from: number, to: number): number {
    const { order } = this;
    let pairs = 0;
    let longest = 0;
    for (let i = from; i < to; i++) {
      if (i > from && !beginAlike(samples, order[i], order[i - 1])) {
        pairs += pairsOf(longest);
        longest = 0;
      }
      longest = Math.max(longest, samples.length[order[i]]);
    }
    return pairs + pairsOf(longest);
  }

  /** Where groups begin and what they cost. Returns how many there are. */
  #findGroups(samples: Samples, given: Int32Array, first: number, count: number): number {
    const { length } = samples;
    const begins = this.#begins;
    const costs = this.#costs;
    let groups = 0;
    for (let i = 0; i < count; groups++) {
      begins[groups] = i;
      const most = i + this.#together;
      let longest = 0;
      let cost = 0;
      do {
        const own = length[given[first + i]];
        longest = Math.max(longest, own);
        cost += own + SAMPLE_COST;
        i++;
      } while (i < count && i < most && beginAlike(samples, given[first + i], given[first + i - 1]));
      // What is computed for the sequence: look-ups, extractor, auxiliary loss, projections.
      cost += SEQUENCE_COST * longest;
      costs[groups] = cost * count + groups;
    }
    begins[groups] = count;
    return groups;
  }
}

function pairsOf(length: number): number {
  return Math.max(0, length - 1);
}
