/** Int32 ids of one field in linear memory: what look-ups read, with a view to write them through. */
import type { Pointer } from "../kernels/contract.ts";

export interface Ids {
  readonly pointer: Pointer;
  readonly values: Int32Array;
}
