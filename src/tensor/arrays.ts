/** Arrays of a batch in linear memory, with a view to write them through: ids, which look-ups read, and numbers. */
import type { Pointer } from "../kernels/contract.ts";

/** What becomes of the vectors of several values: their mean or their sum. */
export const POOLINGS = ["mean", "sum"] as const;
export type Pooling = (typeof POOLINGS)[number];

/** Several ids a row. */
export interface ListShape {
  /** Ids that a row has room for; behind its last one stands `NO_ID`. */
  readonly most: number;
  readonly pooling: Pooling;
}

/** Ends the ids of a row that has fewer than there is room for. */
export const NO_ID = -1;

/** Int32 ids of one field: one a row, or as many as `list` says. */
export interface Ids {
  /** What the ids are of, for instance `history.category`. */
  readonly name: string;
  readonly pointer: Pointer;
  readonly values: Int32Array;
  readonly list?: ListShape;
}

/** Float32 numbers, one a row. */
export interface Floats {
  readonly name: string;
  readonly pointer: Pointer;
  readonly values: Float32Array;
}

/** What stands in a batch for one field. */
export type Cells = Ids | Floats;

/** The same outside of linear memory: [rows] ids or numbers, [rows, most] ids of lists. */
export type CellValues = Int32Array | Float32Array;

export function areIds(cells: Cells): cells is Ids {
  return cells.values instanceof Int32Array;
}

/** How many cells a row has. */
export function widthOf({ list }: { readonly name: string; readonly list?: ListShape }): number {
  return list === undefined ? 1 : list.most;
}

/** The cells of row rows[i] of each field become those of row i, for i below `count`. */
export function gatherCells(
  into: readonly Cells[],
  fields: readonly CellValues[],
  rows: Int32Array,
  count: number,
): void {
  for (let field = 0; field < into.length; field++) {
    const { values } = into[field];
    const from = fields[field];
    const width = widthOf(into[field]);
    if (width > 1) gatherLists(values, from, width, rows, count);
    else for (let i = 0; i < count; i++) values[i] = from[rows[i]];
  }
}

function gatherLists(into: CellValues, from: CellValues, width: number, rows: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) copyCells(into, i, from, rows[i], width);
}

/** The cells of row `source` of `from` become those of row `row` of `into`. */
export function copyCells(into: CellValues, row: number, from: CellValues, source: number, width: number): void {
  for (let j = 0; j < width; j++) into[row * width + j] = from[source * width + j];
}
