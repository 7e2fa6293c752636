/**
 * Attention of the candidate to the history: a score for each token, and a weight made of it.
 *
 * bilinear   score = h_t W e                                             (DIEN paper, eq. 8)
 * mlp        score = MLP of [q, h, q-h, q*h], sigmoid hidden layers       (authors' code; DIN's local activation unit)
 *
 * softmax    the weights of a sample's steps add up to 1                  (eq. 8)
 * sigmoid    each weight on its own, between 0 and 1: a long history does not push it towards 0
 */
import { affine } from "../autograd/affine.ts";
import { subtractWeights } from "../autograd/elementwise.ts";
import { dotSteps, multiplySteps, softmaxSteps } from "../autograd/steps.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/values.ts";
import type { Packed } from "../tensor/packed.ts";
import { activate } from "./activation.ts";
import { denseParameters, linear } from "./linear.ts";

/** How scores become weights. */
export type AttentionActivation = "softmax" | "sigmoid";

/**
 * Attention weights [tokens, 1] of scores [tokens, 1]. The sigmoid has a trained scale `NAME.scale`, at first 1, and a
 * trained bias `NAME.b`, at first 0: unlike softmax, it depends on a constant added to all scores.
 */
export function attentionWeights(
  tape: Tape,
  packed: Packed,
  name: string,
  scores: Tensor,
  activation: AttentionActivation,
): Tensor {
  if (activation === "softmax") return softmaxSteps(tape, packed, scores);
  const weight = tape.parameter(`${name}.scale`, 1, 1, { kind: "constant", value: 1 });
  const bias = tape.parameter(`${name}.b`, 1, 1, { kind: "constant", value: 0 });
  return affine(tape, [{ x: scores, weight }], { bias, activation: "sigmoid" });
}

/**
 * h_t W e: states [tokens, H], candidate [samples, E], `NAME.W` [H, E] -> [tokens, 1].
 *
 * W starts as the identity: the score is then the inner product of state and candidate, the one that the auxiliary loss
 * trains to recognise the next behaviour. So attention is meaningful from the start.
 */
export function bilinearScores(tape: Tape, packed: Packed, name: string, states: Tensor, candidate: Tensor): Tensor {
  const W = tape.parameter(`${name}.W`, states.cols, candidate.cols, { kind: "identity" });
  return dotSteps(tape, packed, affine(tape, [{ x: states, weight: W }]), candidate);
}

/**
 * MLP (4H -> layers -> 1) of [q, h_t, q - h_t, q * h_t], q [samples, H], h [tokens, H].
 *
 * The first layer is not run on 4H columns: with its weight in row blocks (Q, K, D, P) it equals
 * q (Q + D) + h (K - D) + (q * h) P, where the first term is one product per sample.
 */
export function mlpScores(
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
    { bias: b, plus: ofQuery, packed, activation: "sigmoid" },
  );
  const second = linear(tape, `${name}.1`, first, layers[1], "sigmoid");
  return linear(tape, `${name}.2`, second, 1);
}

/** The query of the authors' code: q = PReLU(e W + b), candidate [samples, E] -> [samples, H]. */
export function projectQuery(tape: Tape, name: string, candidate: Tensor, hidden: number): Tensor {
  return activate(tape, name, linear(tape, name, candidate, hidden), "prelu");
}
