/** A dataset in memory as an importer hands it to the writer (write.ts): raw values instead of ids. */

import type { Pooling } from "../tensor/arrays.ts";
import type { Split } from "./dataset.ts";
import type { InputFile } from "./manifest.ts";
import type { Transform } from "./transform.ts";

/** Raw values of one field. `null` is "unknown" and never enters a vocabulary. */
export interface RawField {
  readonly name: string;
  readonly values: readonly (string | null)[];
  /** What makes categories or numbers of the values; without it they are categories. */
  readonly transform?: Transform;
  /** Of lists; without it, the mean. */
  readonly pooling?: Pooling;
}

/**
 * Samples as an importer gives them, in the order of their users and, of users with many behaviours (segments.ts), in that
 * of their positions; the writer adds history lengths and vocabulary ids.
 */
export interface RawSamples {
  readonly label: ArrayLike<number>;
  /** The sample's user. */
  readonly sequence: Int32Array;
  readonly position: Int32Array;
  readonly item: Int32Array;
  /** Of the impression, in milliseconds since 1970. */
  readonly time: Float64Array;
  /** Per context field: indices into its `RawField.values`. */
  readonly context: readonly Int32Array[];
  readonly probability?: Float32Array;
  readonly weight?: Float32Array;
}

/** Everything an importer knows; `writeDataset` makes a dataset folder of it. */
export interface DatasetSource {
  /** Which importer this is, and the settings that matter for its outcome; kept in the manifest. */
  readonly importer: string;
  readonly protocol: string;
  readonly seed: number;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly inputs: readonly InputFile[];
  /** How many records were left out, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly maxHistory: number;
  /** How far histories go back, in milliseconds; without it, to the beginning. */
  readonly window?: number;
  /** Minutes east of UTC of times that name no offset; without it, 0. */
  readonly utcOffset?: number;

  /** [sequences] the key of each user. */
  readonly users: readonly string[];
  /** [sequences + 1] */
  readonly offsets: Int32Array;
  /** [behaviours] catalogue rows and times (milliseconds since 1970). */
  readonly items: Int32Array;
  readonly times: Float64Array;
  /**
   * [sequences] how many of a user's first behaviours are the training part: vocabularies and popularity see no others.
   */
  readonly training: Int32Array;

  /** Values per sequence. */
  readonly userFields: readonly RawField[];
  /** Values per catalogue row; the first field is the item's own id. Row 0, the unknown item, holds null throughout. */
  readonly itemFields: readonly RawField[];
  /** Distinct values, to which samples refer by index. */
  readonly contextFields: readonly RawField[];

  readonly samples: Readonly<Record<Split, RawSamples>>;
  /** Synthetic data only: AUC of the true click probability on the test samples. */
  readonly ceilingAuc?: number;
}
