/**
 * How a user's behaviours lie in sequences.parquet: on one row, or, where they are many, on several, the user's segments.
 * So nothing that writes or reads a dataset has to hold more of a user than a few of them.
 *
 * A segment has behaviours of its own. Each but the first begins with the `maxHistory` behaviours before them, repeated,
 * so the history of a sample lies within one segment: the one with whose own behaviours it ends.
 */

/** The most behaviours of a user with one segment, and the behaviours of its own of each of several. */
export interface SegmentSizes {
  readonly whole: number;
  readonly own: number;
}

/** DuckDB has 2048 rows in memory at a time, so many long ones have to fit into little. */
const SIZES: SegmentSizes = { whole: 1024, own: 128 };

export class Segments {
  readonly whole: number;
  /** At least a history: what a segment repeats are the segment before's own, or some of them. */
  readonly own: number;
  readonly #maxHistory: number;

  constructor(maxHistory: number, { whole, own }: SegmentSizes = SIZES) {
    this.whole = whole;
    this.own = Math.max(own, maxHistory);
    this.#maxHistory = maxHistory;
  }

  /** How many segments a user with so many behaviours has; one without any has an empty one. */
  count(behaviours: number): number {
    return behaviours <= this.whole ? 1 : Math.ceil(behaviours / this.own);
  }

  /** Which segment of a user with so many behaviours holds the history of a sample that `position` of them were before. */
  at(position: number, behaviours: number): number {
    return behaviours <= this.whole ? 0 : Math.max(0, Math.ceil(position / this.own) - 1);
  }

  /** How many behaviours a segment repeats. */
  repeated(segment: number): number {
    return segment === 0 ? 0 : this.#maxHistory;
  }

  /** Where a segment begins among the behaviours of its user, what it repeats included. */
  begin(segment: number): number {
    return segment * this.own - this.repeated(segment);
  }

  /** Where it ends, of a user with so many behaviours. */
  end(segment: number, behaviours: number): number {
    return behaviours <= this.whole ? behaviours : Math.min(behaviours, (segment + 1) * this.own);
  }
}
