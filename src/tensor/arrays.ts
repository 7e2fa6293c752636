/** Arrays of a batch in linear memory, with a view to write them through: ids, which look-ups read, and numbers. */
import type { Pointer } from "../kernels/contract.ts";

/** Int32 ids of one field. */
export interface Ids {
  /** What the ids are of, for instance `history.category`. */
  readonly name: string;
  readonly pointer: Pointer;
  readonly values: Int32Array;
}

/** Float32 numbers, one a row. */
export interface Floats {
  readonly name: string;
  readonly pointer: Pointer;
  readonly values: Float32Array;
}
