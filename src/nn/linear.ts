/** Dense layers: a product with a bias, and a stack of them. */
import { affine } from "../autograd/affine.ts";
import type { AffineActivation } from "../autograd/operation.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Parameter, Tensor } from "../autograd/values.ts";
import { activate, type HeadActivation } from "./activation.ts";

/** A fresh weight [fanIn, fanOut] `NAME.W`, Glorot-uniform, and bias `NAME.b`, zero. */
export function denseParameters(
  tape: Tape,
  name: string,
  fanIn: number,
  fanOut: number,
): { W: Parameter; b: Parameter } {
  return {
    W: tape.parameter(`${name}.W`, fanIn, fanOut, { kind: "glorot", fanIn, fanOut }),
    b: tape.parameter(`${name}.b`, 1, fanOut, { kind: "constant", value: 0 }),
  };
}

/** y = act(x W + b): [rows, n] -> [rows, size]. */
export function linear(
  tape: Tape,
  name: string,
  x: Tensor,
  size: number,
  activation: AffineActivation = "none",
): Tensor {
  const { W, b } = denseParameters(tape, name, x.cols, size);
  return affine(tape, [{ x, weight: W }], { bias: b, activation });
}

/** Hidden layers with an activation of their own, then one linear output: [rows, n] -> [rows, 1]. */
export function mlp(
  tape: Tape,
  name: string,
  x: Tensor,
  layers: readonly number[],
  activation: HeadActivation,
): Tensor {
  let y = x;
  layers.forEach((size, i) => {
    y = activate(tape, `${name}.${i}`, linear(tape, `${name}.${i}`, y, size), activation);
  });
  return linear(tape, `${name}.${layers.length}`, y, 1);
}
