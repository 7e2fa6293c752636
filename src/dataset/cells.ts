/**
 * What stands in a row of a dataset for one field, in memory and in files: an id, or a number; of lists, ids up to `NO_ID`
 * in memory, and lists in files. A number that is missing is NaN in files, and in memory 0, the mean.
 */
import { type Field, isNumber } from "../features/schema.ts";
import { type CellValues, copyCells, NO_ID, widthOf } from "../tensor/arrays.ts";
import type { CheckedColumn } from "./checked-file.ts";
import type { ColumnValues } from "./parquet.ts";

/** Memory that threads share, for so many rows of a field; `take` gives it, in elements of four bytes. */
export function makeCells(
  field: Field,
  rows: number,
  take: <T>(make: new (buffer: SharedArrayBuffer, at: number, length: number) => T, length: number) => T,
): CellValues {
  return isNumber(field) ? take(Float32Array, rows) : take(Int32Array, rows * widthOf(field));
}

/** Rows of a file become those of `cells` from `row` on. */
export function readCells(field: Field, { numbers, offsets }: CheckedColumn, cells: CellValues, row: number): void {
  const { list } = field;
  if (isNumber(field)) {
    for (let i = 0; i < numbers.length; i++) cells[row + i] = Number.isNaN(numbers[i]) ? 0 : numbers[i];
  } else if (list === undefined) cells.set(numbers, row);
  else {
    for (let i = 0; i + 1 < offsets.length; i++) {
      const at = (row + i) * list.most;
      const length = offsets[i + 1] - offsets[i];
      for (let j = 0; j < list.most; j++) cells[at + j] = j < length ? numbers[offsets[i] + j] : NO_ID;
    }
  }
}

/** The cells of rows[i] for each i. */
export function cellsAt(field: Field, cells: CellValues, rows: ArrayLike<number>): CellValues {
  const width = widthOf(field);
  const found = isNumber(field) ? new Float32Array(rows.length) : new Int32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) copyCells(found, i, cells, rows[i], width);
  return found;
}

/** The first `rows` rows of cells as a file has them. */
export function storedCells(field: Field, cells: CellValues, rows: number): ColumnValues {
  const { list } = field;
  if (list === undefined || isNumber(field)) return cells;
  const begins = Int32Array.from({ length: rows }, (_, i) => i * list.most);
  const ends = begins.map((begin) => begin + lengthAt(cells, begin, list.most));
  return { values: cells as Int32Array, begins, ends };
}

/** How many ids a list has that begins at a place. */
export function lengthAt(cells: CellValues, begin: number, most: number): number {
  let length = 0;
  while (length < most && cells[begin + length] !== NO_ID) length++;
  return length;
}
