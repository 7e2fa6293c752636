/** Users' behaviours in memory as the rows of sequences.parquet: which segment is where (segments.ts). */
import type { Segments } from "./segments.ts";
import type { DatasetSource, RawSamples } from "./source.ts";

export class SequenceRows {
  readonly #segments: Segments;
  readonly #offsets: Int32Array;
  /** [users] the first row of each. */
  readonly #first: Int32Array;
  readonly count: number;
  /** [count] whose segment it is, where it lies among the behaviours of the source, and what the file says of it. */
  readonly user: Int32Array;
  readonly begins: Int32Array;
  readonly ends: Int32Array;
  readonly repeated: Int32Array;
  readonly training: Int32Array;

  constructor({ users, offsets, training }: DatasetSource, segments: Segments) {
    this.#segments = segments;
    this.#offsets = offsets;
    this.#first = new Int32Array(users.length);
    const lengthOf = (user: number) => offsets[user + 1] - offsets[user];
    let count = 0;
    for (let user = 0; user < users.length; user++) {
      this.#first[user] = count;
      count += segments.count(lengthOf(user));
    }
    this.count = count;
    const column = () => new Int32Array(count);
    [this.user, this.begins, this.ends, this.repeated, this.training] = Array.from({ length: 5 }, column);
    for (let user = 0; user < users.length; user++) {
      const length = lengthOf(user);
      for (let segment = 0; segment < segments.count(length); segment++) {
        const row = this.#first[user] + segment;
        const [begin, end] = [segments.begin(segment), segments.end(segment, length)];
        const repeated = segments.repeated(segment);
        this.user[row] = user;
        this.begins[row] = offsets[user] + begin;
        this.ends[row] = offsets[user] + end;
        this.repeated[row] = repeated;
        this.training[row] = Math.max(0, Math.min(end, training[user]) - begin - repeated);
      }
    }
  }

  /** Where the histories of samples end: rows, and positions in them. */
  placesOf({ sequence: users, position }: RawSamples): Record<"sequence" | "position", Int32Array> {
    const segments = Int32Array.from(users, (user, i) =>
      this.#segments.at(position[i], this.#offsets[user + 1] - this.#offsets[user]),
    );
    return {
      sequence: segments.map((segment, i) => this.#first[users[i]] + segment),
      position: segments.map((segment, i) => position[i] - this.#segments.begin(segment)),
    };
  }
}
