/** Rows of embedding tables: look-ups, and the chains that add up their gradients. */
import type { Pointer } from "./values.ts";

export interface RowKernels {
  /** out[i, 0..cols) = table[ids[i], 0..cols); table is dense [V, cols], ids int32. */
  gatherRows(count: number, cols: number, ids: Pointer, table: Pointer, out: Pointer, ldo: number): void;

  /** Its gradient: out[ids[i], 0..cols) += x[i, 0..cols), in the order of i; both dense. */
  addRows(count: number, cols: number, ids: Pointer, x: Pointer, out: Pointer): void;

  /**
   * Appends `count` look-ups to the chains of their rows, in order. Look-up i is entry `firstEntry + i`; its gradient
   * vector lies at byte address gradient + 4 * i * ld, which goes to addresses[entry] (int32).
   * head[V] is -1 for rows without entries; tail[V] needs no initial value; next[entry] links a row's entries in order
   * and ends with -1. Each new row is appended to rows[]. Returns the new number of rows.
   */
  linkRows(
    count: number,
    ids: Pointer,
    gradient: Pointer,
    ld: number,
    firstEntry: number,
    head: Pointer,
    tail: Pointer,
    next: Pointer,
    addresses: Pointer,
    rows: Pointer,
    rowCount: number,
  ): number;

  /**
   * Bags of rows. Bag i has the ids of ids[i, 0..width) up to the first that is negative, n_i of them:
   * out[i, 0..cols) = the sum of their rows of the table, in that order; 0 for an empty bag. Where `weights` is given,
   * weights[i] = 1 / n_i (0 for an empty bag), and the sum is multiplied by it: the mean.
   */
  gatherBags(
    count: number,
    width: number,
    cols: number,
    ids: Pointer,
    table: Pointer,
    weights: Pointer,
    out: Pointer,
    ldo: number,
  ): void;

  /**
   * As `linkRows`, of bags: id j of bag i is entry firstEntry + i * width + j, and its gradient vector is that of the
   * bag, at gradient + 4 * i * ld. Entries of places without an id are left as they are.
   */
  linkBags(
    count: number,
    width: number,
    ids: Pointer,
    gradient: Pointer,
    ld: number,
    firstEntry: number,
    head: Pointer,
    tail: Pointer,
    next: Pointer,
    addresses: Pointer,
    rows: Pointer,
    rowCount: number,
  ): number;

  /**
   * For r in [from, to): out[r, 0..cols) = the sum, in chain order, of the gradient vectors of rows[r]; head of that
   * row is set back to -1. Returns the sum of squares of what was written.
   */
  sumLinkedRows(
    from: number,
    to: number,
    cols: number,
    rows: Pointer,
    head: Pointer,
    next: Pointer,
    addresses: Pointer,
    out: Pointer,
  ): number;
}
