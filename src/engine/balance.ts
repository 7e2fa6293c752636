/**
 * Where the next piece of work goes, so that the halves of the shards have about the same to do, the halves of these too, and
 * so down to the single shards. A piece that is more than a shard's share is then made up for by the shards beside it:
 * two threads end together where four shards cannot.
 */

/** Some neighbouring shards: how many, what they have to do together, and the number of samples of the one that has least. */
interface Span {
  readonly shards: number;
  /** Without them, the span is one shard, of this number. */
  readonly halves: readonly [Span, Span] | undefined;
  readonly first: number;
  load: number;
  size: number;
}

export class Balance {
  readonly #all: Span;
  readonly #single: Span[] = [];
  /** Samples that a shard has room for. */
  readonly #capacity: number;

  constructor(shards: number, capacity: number) {
    this.#capacity = capacity;
    this.#all = this.#span(0, shards);
  }

  #span(first: number, shards: number): Span {
    const half = shards >> 1;
    const halves: Span["halves"] =
      half > 0 ? [this.#span(first, half), this.#span(first + half, shards - half)] : undefined;
    const span: Span = { shards, halves, first, load: 0, size: 0 };
    if (!halves) this.#single.push(span);
    return span;
  }

  /** Takes all work from all shards. */
  clear(): void {
    clear(this.#all);
  }

  /** The shard that gets work for `samples` samples of this cost; one must have room for them. */
  place(samples: number, cost: number): number {
    return this.#placeIn(this.#all, samples, cost);
  }

  #placeIn(span: Span, samples: number, cost: number): number {
    span.load += cost;
    if (!span.halves) {
      span.size += samples;
      return span.first;
    }
    const [a, b] = span.halves;
    const hasRoomA = a.size + samples <= this.#capacity;
    const hasRoomB = b.size + samples <= this.#capacity;
    const isLighterA = a.load * b.shards <= b.load * a.shards;
    const shard = this.#placeIn(hasRoomA && (isLighterA || !hasRoomB) ? a : b, samples, cost);
    span.size = Math.min(a.size, b.size);
    return shard;
  }

  /** Samples of a shard. */
  size(shard: number): number {
    return this.#single[shard].size;
  }

  /** What a shard has to do. */
  load(shard: number): number {
    return this.#single[shard].load;
  }
}

function clear(span: Span): void {
  span.load = 0;
  span.size = 0;
  if (span.halves) for (const half of span.halves) clear(half);
}
