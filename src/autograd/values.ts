/** What operations compute with: tensors, parameters, the memory in between, look-ups and losses. */
import type { Pointer } from "../kernels/contract.ts";
import type { Rows } from "../tensor/packed.ts";

/** Whether something has written the gradient in this replay. */
interface Claimable {
  claimed: boolean;
}

/** Memory of rows.count x cols floats that an operation works in, placed anew for every batch. */
export interface Scratch {
  readonly rows: Rows;
  readonly cols: number;
  value: Pointer;
}

/** A dense [rows, cols] value of the tape and, in training, its gradient. */
export interface Tensor extends Scratch, Claimable {
  grad: Pointer;
}

/** A parameter as one shard sees it: shared values, the shard's own gradient. */
export interface Parameter extends Claimable {
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  readonly value: Pointer;
  readonly grad: Pointer;
  readonly origin: Origin;
}

/**
 * Where the values of a parameter come from: it is stored under its name among the model's weights; it is rows
 * [from, to) of another; or an operation computes it from others in every replay.
 */
export type Origin =
  | { readonly kind: "stored" }
  | { readonly kind: "slice"; readonly of: Parameter; readonly from: number; readonly to: number }
  | { readonly kind: "derived" };

/** Rows of an embedding table that this shard read, and the gradient of what was read. */
export interface Lookup {
  readonly table: string;
  readonly ids: Pointer;
  /** Ids that each row has room for: 1, or of lists the most; see `linkBags` in the kernel contract. */
  readonly width: number;
  readonly rows: Rows;
  readonly output: Tensor;
  /** Column of `output` at which the field begins. */
  readonly column: number;
}

/** A loss that the tape computes: the shard's sum over its rows, divided by the rows of the whole batch. */
export interface Loss {
  readonly name: string;
  /** Factor of this loss in the total. */
  readonly weight: number;
  /** What the mean is over: the batch's samples or its pairs. */
  readonly per: "samples" | "pairs";
  /** The shard's share of the unweighted mean, after forward. */
  value: number;
}

/** Where a row of a tensor or of scratch memory begins. */
export function valueAt({ value, cols }: Scratch, row: number): Pointer {
  return value + row * cols * 4;
}

/** Where the gradient of a row begins. */
export function gradientAt({ grad, cols }: Tensor, row: number): Pointer {
  return grad + row * cols * 4;
}
