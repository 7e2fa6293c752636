/**
 * A dataset in memory, as training uses it.
 *
 * Items are known by catalogue row: row 0 is the unknown item, and `itemFields` says what each row has of every field.
 * An item that training never saw has item id 0 and still its known category. A user's behaviours are stored once;
 * a sample names a place in them.
 */
import type { Schema } from "../features/schema.ts";
import type { CellValues } from "../tensor/arrays.ts";

/** The splits of a dataset: the model is fitted on `train`, chosen on `valid`, reported on `test`. */
export const SPLITS = ["train", "valid", "test"] as const;
export type Split = (typeof SPLITS)[number];

/** Samples by column, each [count]. Every array lies on a SharedArrayBuffer: posting it to a thread copies nothing. */
export interface Samples {
  readonly count: number;
  /** The sample's row in the file of its split. */
  readonly row: Int32Array;
  /** 0 or 1. */
  readonly label: Float32Array;
  /** The sample's sequence: a row of the sequences that come with the samples. */
  readonly sequence: Int32Array;
  /** The history is the `length` behaviours before this place of the sequence. */
  readonly position: Int32Array;
  /** At most min(position, maxHistory); fewer where histories go back for a limited time. */
  readonly length: Int32Array;
  /** Catalogue row of the candidate. */
  readonly item: Int32Array;
  /** Vocabulary ids, or numbers, per user field; of lists [count, most]. */
  readonly user: readonly CellValues[];
  /** The same per context field. */
  readonly context: readonly CellValues[];
  /** Synthetic data only: the true probability of a click. */
  readonly probability?: Float32Array;
  /** What each counts in the loss, 1 on average over its split; absent where all count the same. */
  readonly weight?: Float32Array;
}

/** Every user's behaviours in order: those of sequence s are items[offsets[s] .. offsets[s + 1]), catalogue rows. */
export interface Sequences {
  readonly offsets: Int32Array;
  readonly items: Int32Array;
  /**
   * Of each behaviour the catalogue row of an impression that was not clicked, shown since the behaviour before it: its
   * negative in the auxiliary loss. 0 where there was none; absent where the data have no such impressions.
   */
  readonly unclicked?: Int32Array;
}

/** Samples and the sequences that they name: all of a split, or as much of it as is in memory at a time. */
export interface LoadedPortion {
  readonly sequences: Sequences;
  readonly samples: Samples;
}

/** What all samples of a dataset have in common; it is always in memory. */
export interface ItemCatalogue {
  readonly schema: Schema;
  /** Per item field: the vocabulary id of each catalogue row, or its number; of lists [rows, most]. */
  readonly itemFields: readonly CellValues[];
  /**
   * The catalogue rows of behaviours of the training part, all of them or as many evenly spaced ones as are kept: a
   * random entry is an item sampled by popularity.
   */
  readonly popularity: Int32Array;
}

/** A dataset in memory as a whole. */
export interface Dataset extends ItemCatalogue {
  readonly sequences: Sequences;
  readonly train: Samples;
  readonly valid: Samples;
  readonly test: Samples;
}

/** Called as work goes on; `total` is undefined where it is not known beforehand. */
export type OnProgress = (stage: string, done: number, total: number | undefined) => void;

/** Zeroed arrays that threads share. */
export function sharedInt32(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * 4));
}

export function sharedFloat32(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(length * 4));
}
