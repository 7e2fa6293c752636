/** Samples of one split as an importer comes upon them. */
import type { RawSamples } from "../dataset/source.ts";

/** Gathers samples without context fields, by column. */
export class SampleColumns {
  readonly #label: number[] = [];
  readonly #sequence: number[] = [];
  readonly #position: number[] = [];
  readonly #item: number[] = [];
  readonly #time: number[] = [];

  /**
   * `label` is 0 or 1, `sequence` a row of the sequences, `position` a place in it, `item` a catalogue row, `time`
   * milliseconds since 1970.
   */
  add(label: number, sequence: number, position: number, item: number, time: number): void {
    this.#label.push(label);
    this.#sequence.push(sequence);
    this.#position.push(position);
    this.#item.push(item);
    this.#time.push(time);
  }

  finish(): RawSamples & { readonly label: Float32Array } {
    return {
      label: Float32Array.from(this.#label),
      sequence: Int32Array.from(this.#sequence),
      position: Int32Array.from(this.#position),
      item: Int32Array.from(this.#item),
      time: Float64Array.from(this.#time),
      context: [],
    };
  }
}
