/**
 * The gradient of a batch from those of its shards, in two stages. In each, thread `part` of `parts` takes its share of
 * the pieces, and all threads must have ended the first before any begins the second:
 *
 *   gatherGradients   add the shards' dense gradients in shard order; chain the look-ups of each table row
 *   sumTouchedRows    add up each touched row's gradients in (shard, position) order
 *
 * Pieces are of fixed size and every sum has a fixed order, so the result does not depend on `parts`. Both leave the
 * sums of squares of their pieces, from which clipping.ts takes the norm. The optimiser's pieces are the same, so a thread
 * moves what it has summed itself, and need not wait for the others unless the norm is asked for.
 */
import type { Kernels } from "../kernels/contract.ts";
import { DENSE_PIECE, firstPiece, type Gradients, LookupInt, ROW_PIECE, type TableGradients } from "./gradients.ts";

/** Stage 1: sums the dense blocks of all shards and links the look-ups that they published. */
export function gatherGradients(kernels: Kernels, gradients: Gradients, part: number, parts: number): void {
  sumDense(kernels, gradients, part, parts);
  const { tables } = gradients;
  for (let t = part; t < tables.length; t += parts) linkLookups(kernels, gradients, tables[t]);
}

/** The trained parameters piece by piece; the statistics, which are no gradients and count for no norm, by one thread. */
function sumDense(kernels: Kernels, gradients: Gradients, part: number, parts: number): void {
  const { parameters, dense, denseSquares, shards, strideBytes } = gradients;
  const { denseCount, trainedCount } = parameters;
  const first = gradients.block(0);
  for (let piece = part; piece * DENSE_PIECE < trainedCount; piece += parts) {
    const at = piece * DENSE_PIECE;
    const count = Math.min(DENSE_PIECE, trainedCount - at);
    denseSquares[piece] = kernels.sumShards(count, shards, first + at * 4, strideBytes, dense + at * 4);
  }
  if (part === 0) {
    const at = trainedCount * 4;
    kernels.sumShards(denseCount - trainedCount, shards, first + at, strideBytes, dense + at);
  }
}

/** Chains all look-ups of a table by row, shard after shard, and counts the rows. */
function linkLookups(kernels: Kernels, gradients: Gradients, table: TableGradients): void {
  const { head, tail, next, addresses, rows, lookups } = table;
  const { i32 } = gradients.memory;
  let entries = 0;
  let touched = 0;
  for (let shard = 0; shard < gradients.shards; shard++) {
    for (let i = 0; i < lookups.length; i++) {
      const at = gradients.lookup(shard, lookups[i]);
      const count = i32[at + LookupInt.count];
      // Pointers reach up to 4 GiB, which an int32 holds as a negative number.
      const ids = i32[at + LookupInt.ids] >>> 0;
      const gradient = i32[at + LookupInt.gradient] >>> 0;
      const stride = i32[at + LookupInt.stride];
      const width = i32[at + LookupInt.width];
      touched =
        width === 1
          ? kernels.linkRows(count, ids, gradient, stride, entries, head, tail, next, addresses, rows, touched)
          : kernels.linkBags(count, width, ids, gradient, stride, entries, head, tail, next, addresses, rows, touched);
      entries += count * width;
    }
  }
  i32[table.rowCount / 4] = touched;
}

/** Stage 2: the gradient of every touched row of every table. */
export function sumTouchedRows(kernels: Kernels, gradients: Gradients, part: number, parts: number): void {
  let before = gradients.denseSquares.length;
  for (const entry of gradients.tables) {
    const { table, head, next, addresses, rows, gradient, squares } = entry;
    const count = gradients.touchedRows(entry);
    const pieces = Math.ceil(count / ROW_PIECE);
    for (let piece = firstPiece(before, part, parts); piece < pieces; piece += parts) {
      const from = piece * ROW_PIECE;
      const to = Math.min(count, from + ROW_PIECE);
      squares[piece] = kernels.sumLinkedRows(from, to, table.cols, rows, head, next, addresses, gradient);
    }
    before += pieces;
  }
}
