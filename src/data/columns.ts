/** Samples of one split as an importer comes upon them. */
import type { RawSamples } from "./dataset.ts";

/** Gathers samples without context fields, by column. */
export class SampleColumns {
  readonly #label: number[] = [];
  readonly #sequence: number[] = [];
  readonly #position: number[] = [];
  readonly #item: number[] = [];

  /** `label` is 0 or 1, `sequence` a row of the sequences, `position` a place in it, `item` a catalogue row. */
  add(label: number, sequence: number, position: number, item: number): void {
    this.#label.push(label);
    this.#sequence.push(sequence);
    this.#position.push(position);
    this.#item.push(item);
  }

  finish(): RawSamples & { readonly label: Float32Array } {
    return {
      label: Float32Array.from(this.#label),
      sequence: Int32Array.from(this.#sequence),
      position: Int32Array.from(this.#position),
      item: Int32Array.from(this.#item),
      context: [],
    };
  }
}
