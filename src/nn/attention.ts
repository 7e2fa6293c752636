/**
 * Attention of the candidate to the history: one weight for each token, softmax over the sample's own steps.
 *
 * bilinear   score = h_t W e                                             (DIEN paper, eq. 8)
 * uniform    score = 0: every step alike; what attention is measured against
 * mlp        score = MLP of [q, h, q-h, q*h], sigmoid hidden layers       (authors' code; DIN's local activation unit)
 */
import { affine } from "../autograd/affine.ts";
import { subtractWeights, zeros } from "../autograd/elementwise.ts";
import { dotSteps, multiplySteps, softmaxSteps } from "../autograd/steps.ts";
import type { Tape, Tensor } from "../autograd/tape.ts";
import { Activation } from "../kernels/contract.ts";
import type { Packed } from "../tensor/packed.ts";
import { activate } from "./activation.ts";
import { denseParameters, linear } from "./linear.ts";

/** softmax_t(h_t W e): states [tokens, H], candidate [samples, E], `NAME.W` [H, E]. */
export function bilinearAttention(tape: Tape, packed: Packed, name: string, states: Tensor, candidate: Tensor): Tensor {
  const { cols: H } = states;
  const { cols: E } = candidate;
  const W = tape.parameter(`${name}.W`, H, E, { kind: "glorot", fanIn: H, fanOut: E });
  return softmaxSteps(tape, packed, dotSteps(tape, packed, affine(tape, [{ x: states, weight: W }]), candidate));
}

/** 1/T for each of a sample's T steps [tokens, 1]: no attention. */
export function uniformAttention(tape: Tape, packed: Packed): Tensor {
  return softmaxSteps(tape, packed, zeros(tape, packed.tokens, 1));
}

/**
 * softmax_t of an MLP (4H -> layers -> 1) on [q, h_t, q - h_t, q * h_t], q [samples, H], h [tokens, H].
 *
 * The first layer is not run on 4H columns: with its weight in row blocks (Q, K, D, P) it equals
 * q (Q + D) + h (K - D) + (q * h) P, where the first term is one product a sample.
 */
export function mlpAttention(
  tape: Tape,
  packed: Packed,
  name: string,
  states: Tensor,
  query: Tensor,
  layers: readonly [number, number],
): Tensor {
  const { cols: H } = states;
  const { W, b } = denseParameters(tape, `${name}.0`, 4 * H, layers[0]);
  const [Q, K, D, P] = [0, 1, 2, 3].map((block) => tape.rowsOf(W, block * H, (block + 1) * H));
  const ofQuery = affine(tape, [
    { x: query, weight: Q },
    { x: query, weight: D },
  ]);
  const first = affine(
    tape,
    [
      { x: states, weight: subtractWeights(tape, K, D) },
      { x: multiplySteps(tape, packed, states, query), weight: P },
    ],
    { bias: b, plus: ofQuery, packed, activation: Activation.sigmoid },
  );
  const second = linear(tape, `${name}.1`, first, layers[1], Activation.sigmoid);
  return softmaxSteps(tape, packed, linear(tape, `${name}.2`, second, 1));
}

/** The query of the authors' code: q = PReLU(e W + b), candidate [samples, E] -> [samples, H]. */
export function projectQuery(tape: Tape, name: string, candidate: Tensor, hidden: number): Tensor {
  return activate(tape, name, linear(tape, name, candidate, hidden), "prelu");
}
