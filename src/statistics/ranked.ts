/**
 * The samples of a class in the order of their scores, each with a weight: what of a class lies below a score. A sample of
 * weight 2 counts as two of weight 1 would.
 */
export class Ranked {
  /** Ascending. */
  readonly #scores: Float64Array;
  /** [samples + 1] the weight of all before each. */
  readonly #before: Float64Array;

  /** The samples of `chosen`, or all, whose label is positive or is not. */
  constructor(
    label: ArrayLike<number>,
    score: ArrayLike<number>,
    weight: ArrayLike<number>,
    isPositive: boolean,
    chosen?: Int32Array,
  ) {
    const own: number[] = [];
    const count = chosen === undefined ? score.length : chosen.length;
    for (let k = 0; k < count; k++) {
      const i = chosen === undefined ? k : chosen[k];
      if (Number.isNaN(score[i])) throw new RangeError(`score ${i} is NaN`);
      if (label[i] > 0 === isPositive) own.push(i);
    }
    own.sort((i, j) => (score[i] < score[j] ? -1 : score[i] > score[j] ? 1 : 0));
    this.#scores = Float64Array.from(own, (i) => score[i]);
    this.#before = new Float64Array(own.length + 1);
    for (const [k, i] of own.entries()) this.#before[k + 1] = this.#before[k] + weight[i];
  }

  /** The weight of all. */
  get total(): number {
    return this.#before[this.#scores.length];
  }

  /** The weight of those below `value`, of those equal to it one half. */
  below(value: number): number {
    const first = firstWhere(this.#scores, (other) => other >= value);
    if (this.#scores[first] !== value) return this.#before[first];
    return (this.#before[first] + this.#before[firstWhere(this.#scores, (other) => other > value)]) / 2;
  }
}

/** Place of the first value that `holds`, where it holds for all after that too; the length where it holds for none. */
export function firstWhere(sorted: Float64Array, holds: (value: number) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(sorted[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}
