/** A piece of shared memory that is filled with one part of a dataset after the other. */
import type { Part, Samples, Sequences } from "./dataset.ts";

/** What decides how much memory a part takes. */
export interface PartShape {
  readonly userFields: number;
  readonly contextFields: number;
  readonly unclicked: boolean;
}

/** What there is of a part. */
export interface PartSize {
  readonly samples: number;
  readonly sequences: number;
  readonly behaviours: number;
}

/** Columns of `Samples` beside the fields. */
const SAMPLE_COLUMNS = 6;

/** Bytes of memory that a part takes. */
export function partBytes(shape: PartShape, { samples, sequences, behaviours }: PartSize): number {
  const columns = SAMPLE_COLUMNS + shape.userFields + shape.contextFields;
  return 4 * (samples * columns + sequences + 1 + behaviours * (shape.unclicked ? 2 : 1));
}

/** Lays a part of that size out in `buffer`, from its beginning; what was there is overwritten as the part is filled. */
export function layOutPart(buffer: SharedArrayBuffer, shape: PartShape, size: PartSize): Part {
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
    user: Array.from({ length: shape.userFields }, () => int32(count)),
    context: Array.from({ length: shape.contextFields }, () => int32(count)),
  };
  return { sequences, samples };
}
