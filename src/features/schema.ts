/**
 * The fields of a dataset. Models, batches and datasets are built from a schema; none of them names a concrete field.
 */
import type { ListShape } from "../tensor/arrays.ts";

/**
 * A field: one value a row, several of them (a list), or a number. Ids of values are 0 .. size-1; id 0 is "unknown": a
 * trainable row, never padding. A list is never empty: one without values has the unknown alone.
 */
export interface Field {
  readonly name: string;
  /** Rows of the embedding table: known values + 1. 0 of a number, which is a column itself and has no table. */
  readonly size: number;
  /** Of a field with several values. */
  readonly list?: ListShape;
}

/** Whether a field is a number. */
export function isNumber({ size }: Field): boolean {
  return size === 0;
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
