/** Dense layers: a product with a bias, and a stack of them. */
import { affine } from "../autograd/affine.ts";
import type { Parameter, Tape, Tensor } from "../autograd/tape.ts";
import { Activation } from "../kernels/contract.ts";
import { type ActivationName, activate } from "./activation.ts";

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
  activation: Activation = Activation.none,
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
  activation: ActivationName,
): Tensor {
  let y = x;
  layers.forEach((size, i) => {
    y = activate(tape, `${name}.${i}`, linear(tape, `${name}.${i}`, y, size), activation);
  });
  return linear(tape, `${name}.${layers.length}`, y, 1);
}
