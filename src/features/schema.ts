/**
 * The fields of a dataset. Models, batches and datasets are built from a schema; none of them names a concrete field.
 */

/** A categorical field. Ids are 0 .. size-1; id 0 is "unknown": a trainable row, never padding. */
export interface Field {
  readonly name: string;
  /** Rows of the embedding table: known values + 1. */
  readonly size: number;
}

/**
 * The fields of a sample. Candidate and history share the item fields (and their embedding tables); the first item
 * field is the item's own id.
 */
export interface Schema {
  readonly user: readonly Field[];
  readonly item: readonly Field[];
  readonly context: readonly Field[];
  /** Histories keep the latest this many behaviours. */
  readonly maxHistory: number;
}

/** Whom or what a field describes: the user, an item (the candidate and those of the history), or the impression. */
export const FIELD_KINDS = ["user", "item", "context"] as const;
export type FieldKind = (typeof FIELD_KINDS)[number];
