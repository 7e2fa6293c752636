/** Clipping by the global norm: a gradient that is too long is shortened, all of it by one factor, and so keeps its direction. */
import { type Gradients, ROW_PIECE } from "./gradients.ts";

/**
 * Factor that brings the whole gradient, of dense parameters and of touched rows, to norm `clipNorm` at most: 1 where it
 * is within, or where `clipNorm` is 0. Reads the sums of squares that reduction.ts leaves, in a fixed order.
 */
export function clipFactor(gradients: Gradients, clipNorm: number): number {
  if (clipNorm === 0) return 1;
  const norm = Math.sqrt(sumOfSquares(gradients));
  return norm > clipNorm ? clipNorm / norm : 1;
}

function sumOfSquares(gradients: Gradients): number {
  const { denseSquares, tables } = gradients;
  let squares = 0;
  for (const square of denseSquares) squares += square;
  for (const table of tables) {
    // Pieces beyond the touched rows hold what an earlier step left.
    const pieces = Math.ceil(gradients.touchedRows(table) / ROW_PIECE);
    for (let piece = 0; piece < pieces; piece++) squares += table.squares[piece];
  }
  return squares;
}
