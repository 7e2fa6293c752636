/**
 * Auxiliary loss (paper, eq. 6-7, https://arxiv.org/abs/1809.03672): every state of the interest extractor must
 * distinguish the behaviour that follows from one that does not.
 *
 *   L_aux = -mean over (t, t+1) of [log p(h_t, e_(t+1)) + log(1 - p(h_t, n_(t+1)))]
 *
 * dot   p = sigmoid of the inner product (the paper's text; H = D)
 * mlp   p = sigmoid of an MLP (H+D -> layers -> 1) on [h, e], sigmoid hidden layers (authors' code)
 */
import { affine } from "../autograd/affine.ts";
import { crossEntropy } from "../autograd/loss.ts";
import { dot } from "../autograd/products.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Loss, Tensor } from "../autograd/values.ts";
import { denseParameters, linear } from "./linear.ts";

export type AuxiliaryForm = "dot" | "mlp";

export interface AuxiliaryInput {
  /** h_t [pairs, H] */
  readonly states: Tensor;
  /** e_(t+1) [pairs, D] */
  readonly clicked: Tensor;
  /** n_(t+1) [pairs, D] */
  readonly negative: Tensor;
}

/** Adds the auxiliary loss to the tape's losses, with parameters `NAME.0`, `NAME.1`, `NAME.2` for the mlp form. */
export function auxiliaryLoss(
  tape: Tape,
  name: string,
  form: AuxiliaryForm,
  weight: number,
  { states, clicked, negative }: AuxiliaryInput,
  layers: readonly [number, number],
): Loss {
  const loss = tape.loss(name, weight, "pairs");
  const logit =
    form === "dot" ? (e: Tensor) => dot(tape, states, e) : discriminator(tape, name, states, clicked.cols, layers);
  crossEntropy(tape, loss, logit(clicked), 1);
  crossEntropy(tape, loss, logit(negative), 0);
  return loss;
}

/** The MLP on [h, e]. The product with h is the same for both e, so it is computed once. */
function discriminator(
  tape: Tape,
  name: string,
  states: Tensor,
  width: number,
  layers: readonly [number, number],
): (e: Tensor) => Tensor {
  const { W, b } = denseParameters(tape, `${name}.0`, states.cols + width, layers[0]);
  const ofState = affine(tape, [{ x: states, weight: tape.rowsOf(W, 0, states.cols) }], { bias: b });
  const weight = tape.rowsOf(W, states.cols, states.cols + width);
  return (x) => {
    const first = affine(tape, [{ x, weight }], { plus: ofState, activation: "sigmoid" });
    const second = linear(tape, `${name}.1`, first, layers[1], "sigmoid");
    return linear(tape, `${name}.2`, second, 1);
  };
}
