/**
 * Where the next piece of work goes, so that the halves of the shards have about the same to do, the halves of these too, and
 * so down to the single shards. A piece that is more than a shard's share is then made up for by the shards beside it:
 * two threads end together where four shards cannot.
 */

/** Neighbouring shards. */
interface ShardRange {
  /** The first of them, and how many they are. */
  readonly first: number;
  readonly shards: number;
  /** None of a single shard. */
  readonly halves: readonly [ShardRange, ShardRange] | undefined;
  /** What they have to do together. */
  load: number;
  /** Samples of the one that has the fewest. */
  fewest: number;
}

export class Balance {
  readonly #all: ShardRange;
  readonly #shards: ShardRange[] = [];
  /** Samples that a shard has room for. */
  readonly #capacity: number;

  constructor(shards: number, capacity: number) {
    this.#capacity = capacity;
    this.#all = this.#range(0, shards);
  }

  #range(first: number, shards: number): ShardRange {
    const half = shards >> 1;
    const halves: ShardRange["halves"] =
      half > 0 ? [this.#range(first, half), this.#range(first + half, shards - half)] : undefined;
    const range: ShardRange = { first, shards, halves, load: 0, fewest: 0 };
    if (!halves) this.#shards.push(range);
    return range;
  }

  /** Takes all work from all shards. */
  clear(): void {
    clear(this.#all);
  }

  /** The shard that gets work for `samples` samples of this cost; one must have room for them. */
  place(samples: number, cost: number): number {
    return this.#placeIn(this.#all, samples, cost);
  }

  #placeIn(range: ShardRange, samples: number, cost: number): number {
    range.load += cost;
    if (!range.halves) {
      range.fewest += samples;
      return range.first;
    }
    const [a, b] = range.halves;
    const hasRoomA = a.fewest + samples <= this.#capacity;
    const hasRoomB = b.fewest + samples <= this.#capacity;
    const isLighterA = a.load * b.shards <= b.load * a.shards;
    const shard = this.#placeIn(hasRoomA && (isLighterA || !hasRoomB) ? a : b, samples, cost);
    range.fewest = Math.min(a.fewest, b.fewest);
    return shard;
  }

  /** Samples of a shard. */
  size(shard: number): number {
    return this.#shards[shard].fewest;
  }

  /** What a shard has to do. */
  load(shard: number): number {
    return this.#shards[shard].load;
  }
}

function clear(range: ShardRange): void {
  range.load = 0;
  range.fewest = 0;
  if (range.halves) for (const half of range.halves) clear(half);
}
