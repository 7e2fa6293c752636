/** Arrays of a batch in linear memory, with a view to write them through: ids, which look-ups read, and numbers. */
import type { Pointer } from "../kernels/contract.ts";

/** Int32 ids of one field. */
export interface Ids {
  /** What the ids are of, for instance `history.category`. */
  readonly name: string;
  readonly pointer: Pointer;
  readonly values: Int32Array;
}

/** into[field][i] = fields[field][rows[i]] for i below `count`: the ids of some rows, field by field. */
export function gatherIds(into: readonly Ids[], fields: readonly Int32Array[], rows: Int32Array, count: number): void {
  for (let field = 0; field < into.length; field++) {
    const { values } = into[field];
    const ids = fields[field];
    for (let i = 0; i < count; i++) values[i] = ids[rows[i]];
  }
}

/** Float32 numbers, one a row. */
export interface Floats {
  readonly name: string;
  readonly pointer: Pointer;
  readonly values: Float32Array;
}
