/**
 * Matrix products of rows with a weight, and their gradients. Each function is one kernel call with its strides.
 *
 * Rows are dense: x has W.rows columns, y has W.cols. Gradients are claimed on the tape (see tape.ts), so they are
 * overwritten first and added to later: "(+)=".
 */
import { type Accumulate, Activation, type Pointer } from "../kernels/contract.ts";
import type { AffineActivation } from "./operation.ts";
import type { Tape } from "./tape.ts";
import type { Parameter, Scratch, Tensor } from "./values.ts";

/** y = activation(x W + bias); where `accumulate` is 1, y = activation(y + x W + bias). */
export function multiplyWeight(
  { kernels }: Tape,
  rows: number,
  x: Pointer,
  W: Parameter,
  y: Pointer,
  accumulate: Accumulate,
  bias?: Parameter,
  activation: AffineActivation = "none",
): void {
  const { rows: k, cols: n } = W;
  const b = bias ? bias.value : 0;
  kernels.gemmNN(rows, n, k, x, k, W.value, n, y, n, b, Activation[activation], accumulate);
}

/** dW (+)= x^T dy. */
export function weightGradient(tape: Tape, rows: number, x: Pointer, dy: Pointer, W: Parameter): void {
  const { rows: k, cols: n } = W;
  tape.kernels.gemmTN(k, n, rows, x, k, dy, n, W.grad, n, tape.claim(W));
}

/** db (+)= the sum of the rows of dy, of a bias b. */
export function biasGradient(tape: Tape, rows: number, dy: Pointer, b: Parameter): void {
  tape.kernels.columnSums(rows, b.cols, dy, b.cols, b.grad, tape.claim(b));
}

/** dx (+)= dy W^T. `transposed` has room for W^T. */
export function inputGradient(tape: Tape, x: Tensor, dy: Pointer, W: Parameter, transposed: Scratch): void {
  const { rows: k, cols: n } = W;
  const { count } = x.rows;
  tape.kernels.gemmNT(count, k, n, dy, n, W.value, n, x.grad, k, tape.claim(x), transposed.value);
}
