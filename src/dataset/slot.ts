/** A piece of shared memory that is filled with one portion of a dataset after the other. */
import type { Field } from "../features/schema.ts";
import { widthOf } from "../tensor/arrays.ts";
import { makeCells } from "./cells.ts";
import type { LoadedPortion, Samples, Sequences } from "./dataset.ts";

/** What decides how much memory a portion takes. */
export interface PortionShape {
  readonly user: readonly Field[];
  readonly context: readonly Field[];
  readonly unclicked: boolean;
  readonly probability: boolean;
  readonly weights: boolean;
}

/** How much a portion, or a block, holds. */
export interface PortionSize {
  readonly samples: number;
  readonly sequences: number;
  readonly behaviours: number;
}

/** Columns of `Samples` beside the fields. */
const SAMPLE_COLUMNS = 6;

/** Bytes of memory that a portion takes. */
export function portionBytes(shape: PortionShape, { samples, sequences, behaviours }: PortionSize): number {
  const cells = [...shape.user, ...shape.context].reduce((sum, field) => sum + widthOf(field), 0);
  const columns = SAMPLE_COLUMNS + cells + (shape.probability ? 1 : 0) + (shape.weights ? 1 : 0);
  return 4 * (samples * columns + sequences + 1 + behaviours * (shape.unclicked ? 2 : 1));
}

/** Lays a portion of that size out in `buffer`, from its beginning; what was there is overwritten as it is filled. */
export function layOutPortion(buffer: SharedArrayBuffer, shape: PortionShape, size: PortionSize): LoadedPortion {
  let at = 0;
  const take = <T>(make: new (buffer: SharedArrayBuffer, at: number, length: number) => T, length: number): T => {
    const array = new make(buffer, at, length);
    at += 4 * length;
    return array;
  };
  const int32 = (length: number) => take(Int32Array, length);
  const { samples: count } = size;
  const sequences: Sequences = {
    offsets: int32(size.sequences + 1),
    items: int32(size.behaviours),
    ...(shape.unclicked && { unclicked: int32(size.behaviours) }),
  };
  const samples: Samples = {
    count,
    row: int32(count),
    label: take(Float32Array, count),
    sequence: int32(count),
    position: int32(count),
    length: int32(count),
    item: int32(count),
    user: shape.user.map((field) => makeCells(field, count, take)),
    context: shape.context.map((field) => makeCells(field, count, take)),
    ...(shape.probability && { probability: take(Float32Array, count) }),
    ...(shape.weights && { weight: take(Float32Array, count) }),
  };
  return { sequences, samples };
}
