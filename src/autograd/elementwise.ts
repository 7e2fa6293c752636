/** Operations between tensors of the same rows (product, inner product, concatenation) and between weights. */
import type { Parameter, Tape, Tensor } from "./tape.ts";

/** a * b, element by element [rows, cols]. */
export function multiply(tape: Tape, a: Tensor, b: Tensor): Tensor {
  const { kernels } = tape;
  const { rows, cols } = a;
  const y = tape.tensor(rows, cols);
  tape.record({
    outputs: [y],
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
    outputs: [y],
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

/** The parts side by side: [rows, sum of cols]. */
export function concat(tape: Tape, parts: readonly Tensor[]): Tensor {
  const { kernels } = tape;
  const rows = parts[0].rows;
  const cols = parts.reduce((sum, part) => sum + part.cols, 0);
  const y = tape.tensor(rows, cols);
  tape.record({
    outputs: [y],
    forward() {
      let at = y.value;
      for (let i = 0; i < parts.length; i++) {
        const part = parts[i];
        kernels.copyRows(rows.count, part.cols, part.value, part.cols, at, cols, 0);
        at += part.cols * 4;
      }
    },
    backward() {
      let at = y.grad;
      for (let i = 0; i < parts.length; i++) {
        const part = parts[i];
        kernels.copyRows(rows.count, part.cols, at, cols, part.grad, part.cols, tape.claim(part));
        at += part.cols * 4;
      }
    },
  });
  return y;
}

/** The weight a - b, for products that share it (a, b: parameters of one shape). */
export function subtractWeights(tape: Tape, a: Parameter, b: Parameter): Parameter {
  const { kernels } = tape;
  const y = tape.derived(`${a.name} - ${b.name}`, a.rows, a.cols);
  const count = a.rows * a.cols;
  tape.record({
    outputs: [],
    forward() {
      kernels.scale(count, 1, a.value, y.value, 0);
      kernels.scale(count, -1, b.value, y.value, 1);
    },
    backward() {
      kernels.scale(count, 1, y.grad, a.grad, tape.claim(a));
      kernels.scale(count, -1, y.grad, b.grad, tape.claim(b));
    },
  });
  return y;
}
