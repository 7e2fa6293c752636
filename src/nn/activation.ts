/** Activations of the head: PReLU or Dice, with their parameters. */
import { dice, prelu } from "../autograd/activations.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/values.ts";

export type HeadActivation = "prelu" | "dice";

const PRELU_SLOPE = 0.1;

/** Applies the activation to x [rows, n]; parameters `NAME.slope`, or `NAME.alpha` and the running moments of Dice. */
export function activate(tape: Tape, name: string, x: Tensor, activation: HeadActivation): Tensor {
  const vector = (suffix: string, value: number, kind: "dense" | "statistic" = "dense") =>
    tape.parameter(`${name}.${suffix}`, 1, x.cols, { kind: "constant", value }, kind);
  if (activation === "prelu") return prelu(tape, x, vector("slope", PRELU_SLOPE));
  return dice(tape, x, {
    alpha: vector("alpha", 0),
    mean: vector("mean", 0, "statistic"),
    variance: vector("variance", 1, "statistic"),
  });
}
