/** Products of tensors of the same rows, row by row: element by element, inner, outer. */
import type { Tape } from "./tape.ts";
import type { Tensor } from "./values.ts";

/** a * b, element by element [rows, cols]. */
export function multiply(tape: Tape, a: Tensor, b: Tensor): Tensor {
  const { kernels } = tape;
  const { rows, cols } = a;
  const y = tape.tensor(rows, cols);
  tape.record({
    name: "multiply",
    inputs: { a, b },
    outputs: { y },
    forward() {
      kernels.multiply(rows.count, cols, a.value, cols, b.value, cols, y.value, cols, 0);
    },
    backward() {
      kernels.multiply(rows.count, cols, y.grad, cols, b.value, cols, a.grad, cols, tape.claim(a));
      kernels.multiply(rows.count, cols, y.grad, cols, a.value, cols, b.grad, cols, tape.claim(b));
    },
  });
  return y;
}

/** Inner product of each row of a with the same row of b: [rows, 1]. */
export function dot(tape: Tape, a: Tensor, b: Tensor): Tensor {
  const { kernels } = tape;
  const { rows, cols } = a;
  const y = tape.tensor(rows, 1);
  tape.record({
    name: "dot",
    inputs: { a, b },
    outputs: { y },
    forward() {
      kernels.rowDot(rows.count, cols, a.value, cols, b.value, cols, y.value, 0);
    },
    backward() {
      kernels.rowScale(rows.count, cols, b.value, cols, y.grad, a.grad, cols, tape.claim(a));
      kernels.rowScale(rows.count, cols, a.value, cols, y.grad, b.grad, cols, tape.claim(b));
    },
  });
  return y;
}

/** Outer product of each row of a with the same row of b: [rows, n] x [rows, m] -> [rows, n * m], a_i b_j at i * m + j. */
export function outer(tape: Tape, a: Tensor, b: Tensor): Tensor {
  const { kernels } = tape;
  const { rows, cols: n } = a;
  const { cols: m } = b;
  const y = tape.tensor(rows, n * m);
  /** Column i of a, and of its gradient. */
  const column = tape.scratch(rows, 1);
  tape.record({
    name: "outer",
    inputs: { a, b },
    outputs: { y },
    forward() {
      for (let i = 0; i < n; i++) {
        kernels.copyRows(rows.count, 1, a.value + i * 4, n, column.value, 1, 0);
        kernels.rowScale(rows.count, m, b.value, m, column.value, y.value + i * m * 4, n * m, 0);
      }
    },
    backward() {
      // a and b may be one tensor, so each gradient is claimed where it is written.
      for (let i = 0; i < n; i++) {
        kernels.copyRows(rows.count, 1, a.value + i * 4, n, column.value, 1, 0);
        kernels.rowScale(rows.count, m, y.grad + i * m * 4, n * m, column.value, b.grad, m, tape.claim(b));
      }
      const accumulate = tape.claim(a);
      for (let i = 0; i < n; i++) {
        kernels.rowDot(rows.count, m, y.grad + i * m * 4, n * m, b.value, m, column.value, 0);
        kernels.copyRows(rows.count, 1, column.value, 1, a.grad + i * 4, n, accumulate);
      }
    },
  });
  return y;
}
