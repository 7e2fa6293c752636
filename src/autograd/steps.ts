/**
 * Operations between a sample and its packed tokens: sums over the history, products with the candidate, attention.
 *
 * Step t of a history holds the tokens of samples 0 .. active[t]-1 (see tensor/packed.ts), so the sample of
 * a token needs no look-up: each operation is a kernel or two over the whole packing. Where the tokens are those of
 * sequences that samples share, each sample reads its own (shared.ts).
 */
import type { Pointer } from "../kernels/contract.ts";
import type { Packed } from "../tensor/packed.ts";
import { isShared, perSample, trainedTokens } from "./shared.ts";
import type { Tape } from "./tape.ts";
import { gradientAt, type Tensor, valueAt } from "./values.ts";

/**
 * out [samples, cols] (+)= the sum of each sample's tokens of x, each times its weight [tokens, 1] where there are weights.
 * @param ofSequences whether the tokens of x are those of the sequences
 */
function addUp(
  { kernels }: Tape,
  packed: Packed,
  cols: number,
  weight: Pointer,
  x: Pointer,
  ofSequences: boolean,
  out: Pointer,
  accumulate: 0 | 1,
): void {
  const { samples, steps, offsetsPointer, activePointer, sequences, sequencePointer } = packed;
  kernels.sumSteps(
    samples.count,
    steps,
    cols,
    offsetsPointer,
    activePointer,
    weight,
    x,
    ofSequences ? sequences.offsetsPointer : 0,
    ofSequences ? sequencePointer : 0,
    out,
    accumulate,
  );
}

/** Sum of each sample's tokens: [tokens, n] -> [samples, n]; zero for an empty history. */
export function sumSteps(tape: Tape, packed: Packed, x: Tensor): Tensor {
  const { kernels } = tape;
  const { cols } = x;
  const { samples, sequences, offsetsPointer, activePointer, sequencePointer } = packed;
  const y = tape.tensor(samples, cols);
  const shared = isShared(packed, x);
  tape.record({
    name: "sumSteps",
    inputs: { x },
    outputs: { y },
    attributes: { packed },
    forward() {
      addUp(tape, packed, cols, 0, x.value, shared, y.value, 0);
    },
    backward() {
      const { steps } = packed;
      if (shared) {
        tape.settle(x);
        kernels.addSteps(steps, cols, activePointer, 0, sequences.offsetsPointer, sequencePointer, y.grad, x.grad);
      } else kernels.spreadSteps(steps, cols, offsetsPointer, activePointer, 0, y.grad, x.grad, tape.claim(x));
    },
  });
  return y;
}

/** Sum of each sample's tokens weighted by a [tokens, 1]: [tokens, n] -> [samples, n]. */
export function weightedSumSteps(tape: Tape, packed: Packed, weight: Tensor, given: Tensor): Tensor {
  const { kernels } = tape;
  const x = trainedTokens(tape, packed, given);
  const { cols } = x;
  const { samples, offsetsPointer, activePointer } = packed;
  const y = tape.tensor(samples, cols);
  const shared = isShared(packed, x);
  tape.record({
    name: "weightedSumSteps",
    inputs: { weight, x },
    outputs: { y },
    attributes: { packed },
    forward() {
      addUp(tape, packed, cols, weight.value, x.value, shared, y.value, 0);
    },
    backward() {
      const { steps } = packed;
      const accumulateX = tape.claim(x);
      const accumulate = tape.claim(weight);
      kernels.dotSteps(steps, cols, offsetsPointer, activePointer, x.value, 0, 0, y.grad, weight.grad, accumulate);
      kernels.spreadSteps(steps, cols, offsetsPointer, activePointer, weight.value, y.grad, x.grad, accumulateX);
    },
  });
  return y;
}

/** Each token's row times its sample's row, element by element: [tokens, n] x [samples, n] -> [tokens, n]. */
export function multiplySteps(tape: Tape, packed: Packed, given: Tensor, samples: Tensor): Tensor {
  const { kernels } = tape;
  const tokens = perSample(tape, packed, given);
  const { cols } = tokens;
  const { offsetsPointer, activePointer } = packed;
  const y = tape.tensor(packed.tokens, cols);
  /** Each token's row of its sample; in backward, its gradient. */
  const spread = tape.scratch(packed.tokens, cols);
  tape.record({
    name: "multiplySteps",
    inputs: { tokens, samples },
    outputs: { y },
    attributes: { packed },
    forward() {
      const { count } = packed.tokens;
      kernels.spreadSteps(packed.steps, cols, offsetsPointer, activePointer, 0, samples.value, spread.value, 0);
      kernels.multiply(count, cols, tokens.value, cols, spread.value, cols, y.value, cols, 0);
    },
    backward() {
      const { count } = packed.tokens;
      const accumulate = tape.claim(tokens);
      kernels.multiply(count, cols, y.grad, cols, spread.value, cols, tokens.grad, cols, accumulate);
      kernels.multiply(count, cols, y.grad, cols, tokens.value, cols, spread.value, cols, 0);
      addUp(tape, packed, cols, 0, spread.value, false, samples.grad, tape.claim(samples));
    },
  });
  return y;
}

/** Inner product of each token's row with its sample's row: [tokens, n] x [samples, n] -> [tokens, 1]. */
export function dotSteps(tape: Tape, packed: Packed, given: Tensor, samples: Tensor): Tensor {
  const { kernels } = tape;
  const tokens = trainedTokens(tape, packed, given);
  const { cols } = tokens;
  const { sequences, offsetsPointer, activePointer, sequencePointer } = packed;
  const y = tape.tensor(packed.tokens, 1);
  const shared = isShared(packed, tokens);
  tape.record({
    name: "dotSteps",
    inputs: { tokens, samples },
    outputs: { y },
    attributes: { packed },
    forward() {
      kernels.dotSteps(
        packed.steps,
        cols,
        offsetsPointer,
        activePointer,
        tokens.value,
        sequences.offsetsPointer,
        shared ? sequencePointer : 0,
        samples.value,
        y.value,
        0,
      );
    },
    backward() {
      const { steps } = packed;
      const accumulate = tape.claim(tokens);
      addUp(tape, packed, cols, y.grad, tokens.value, false, samples.grad, tape.claim(samples));
      kernels.spreadSteps(steps, cols, offsetsPointer, activePointer, y.grad, samples.value, tokens.grad, accumulate);
    },
  });
  return y;
}

/** Each token's row times the token's weight [tokens, 1]: the input of AIGRU (paper, eq. 9). */
export function scaleSteps(tape: Tape, packed: Packed, weight: Tensor, given: Tensor): Tensor {
  const { kernels } = tape;
  const x = perSample(tape, packed, given);
  const { cols } = x;
  const rows = packed.tokens;
  const y = tape.tensor(rows, cols);
  tape.record({
    name: "scaleSteps",
    inputs: { weight, x },
    outputs: { y },
    attributes: { packed },
    forward() {
      kernels.rowScale(rows.count, cols, x.value, cols, weight.value, y.value, cols, 0);
    },
    backward() {
      kernels.rowDot(rows.count, cols, y.grad, cols, x.value, cols, weight.grad, tape.claim(weight));
      kernels.rowScale(rows.count, cols, y.grad, cols, weight.value, x.grad, cols, tape.claim(x));
    },
  });
  return y;
}

/** Softmax of `scores` [tokens, 1] over each sample's own steps. */
export function softmaxSteps(tape: Tape, packed: Packed, scores: Tensor): Tensor {
  const { kernels } = tape;
  const { samples, activePointer, offsetsPointer } = packed;
  const y = tape.tensor(packed.tokens, 1);
  const scratch = tape.scratch(samples, 2);
  tape.record({
    name: "softmaxSteps",
    inputs: { scores },
    outputs: { y },
    attributes: { packed },
    forward() {
      const { value } = scratch;
      kernels.softmaxSteps(samples.count, packed.steps, offsetsPointer, activePointer, scores.value, y.value, value);
    },
    backward() {
      const { steps } = packed;
      const { value } = scratch;
      kernels.softmaxStepsBackward(samples.count, steps, offsetsPointer, activePointer, y.value, y.grad, y.grad, value);
      kernels.copyRows(packed.tokens.count, 1, y.grad, 1, scores.grad, 1, tape.claim(scores));
    },
  });
  return y;
}

/** The rows of steps 1 and later: [tokens, n] -> [pairs, n]; the behaviour that follows. */
export function following(tape: Tape, packed: Packed, x: Tensor): Tensor {
  const { kernels } = tape;
  const { cols } = x;
  const { pairs } = packed;
  const y = tape.tensor(pairs, cols);
  tape.record({
    name: "following",
    inputs: { x },
    outputs: { y },
    attributes: { packed },
    forward() {
      kernels.copyRows(pairs.count, cols, valueAt(x, pairs.first), cols, y.value, cols, 0);
    },
    backward() {
      tape.settle(x);
      kernels.copyRows(pairs.count, cols, y.grad, cols, gradientAt(x, pairs.first), cols, 1);
    },
  });
  return y;
}

/** For each row of `following`, the row of the same sample one step before: [tokens, n] -> [pairs, n]. */
export function preceding(tape: Tape, packed: Packed, x: Tensor): Tensor {
  const { kernels } = tape;
  const { cols } = x;
  const { pairs, offsetsPointer, activePointer } = packed;
  const y = tape.tensor(pairs, cols);
  tape.record({
    name: "preceding",
    inputs: { x },
    outputs: { y },
    attributes: { packed },
    forward() {
      kernels.precedingSteps(packed.steps, cols, offsetsPointer, activePointer, x.value, y.value);
    },
    backward() {
      tape.settle(x);
      kernels.addPrecedingSteps(packed.steps, cols, offsetsPointer, activePointer, y.grad, x.grad);
    },
  });
  return y;
}
