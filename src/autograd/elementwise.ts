/** Operations that multiply nothing: constants, sums, tensors side by side and their pieces; the difference of weights. */
import type { Rows } from "../tensor/packed.ts";
import type { Tape } from "./tape.ts";
import type { Parameter, Tensor } from "./values.ts";

/** Zeros [rows, cols], a constant: nothing is behind it that a gradient could go to. */
export function zeros(tape: Tape, rows: Rows, cols: number): Tensor {
  const { kernels } = tape;
  const y = tape.tensor(rows, cols);
  tape.record({
    name: "zeros",
    outputs: { y },
    forward() {
      kernels.fill(rows.count * cols, y.value, 0);
    },
  });
  return y;
}

/** Sum of tensors of one shape [rows, cols]. */
export function sum(tape: Tape, parts: readonly Tensor[]): Tensor {
  const { kernels } = tape;
  const { rows, cols } = parts[0];
  const y = tape.tensor(rows, cols);
  tape.record({
    name: "sum",
    inputs: { parts },
    outputs: { y },
    forward() {
      for (let i = 0; i < parts.length; i++) {
        kernels.copyRows(rows.count, cols, parts[i].value, cols, y.value, cols, i === 0 ? 0 : 1);
      }
    },
    backward() {
      for (let i = 0; i < parts.length; i++) {
        kernels.copyRows(rows.count, cols, y.grad, cols, parts[i].grad, cols, tape.claim(parts[i]));
      }
    },
  });
  return y;
}

/** Columns [from, to) of x: [rows, to - from]. */
export function columns(tape: Tape, x: Tensor, from: number, to: number): Tensor {
  const { kernels } = tape;
  const { rows } = x;
  const cols = to - from;
  const y = tape.tensor(rows, cols);
  tape.record({
    name: "columns",
    inputs: { x },
    outputs: { y },
    attributes: { from, to },
    forward() {
      kernels.copyRows(rows.count, cols, x.value + from * 4, x.cols, y.value, cols, 0);
    },
    backward() {
      tape.settle(x);
      kernels.copyRows(rows.count, cols, y.grad, cols, x.grad + from * 4, x.cols, 1);
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
    name: "concat",
    inputs: { parts },
    outputs: { y },
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
  const weight = tape.derived(`${a.name} - ${b.name}`, a.rows, a.cols);
  const count = a.rows * a.cols;
  tape.record({
    name: "subtractWeights",
    parameters: { a, b },
    derived: { weight },
    forward() {
      kernels.scale(count, 1, a.value, weight.value, 0);
      kernels.scale(count, -1, b.value, weight.value, 1);
    },
    backward() {
      kernels.scale(count, 1, weight.grad, a.grad, tape.claim(a));
      kernels.scale(count, -1, weight.grad, b.grad, tape.claim(b));
    },
  });
  return weight;
}
