/**
 * Operations between a sample and its packed tokens: sums over the history, products with the candidate, attention.
 *
 * Step t of a history holds the tokens of samples 0 .. active[t]-1 (see tensor/packed.ts), so each operation is a short
 * loop over steps of dense kernels, and the sample of a token needs no look-up. Where the tokens are those of sequences
 * that samples share, each sample reads its own (shared.ts).
 */
import type { Packed } from "../tensor/packed.ts";
import { isShared, StepRows, trainedTokens } from "./shared.ts";
import type { Tape } from "./tape.ts";
import { gradientAt, type Tensor, valueAt } from "./values.ts";

/** Sum of each sample's tokens: [tokens, n] -> [samples, n]; zero for an empty history. */
export function sumSteps(tape: Tape, packed: Packed, x: Tensor): Tensor {
  if (isShared(packed, x)) return sumSharedSteps(tape, packed, x);
  const { kernels } = tape;
  const { cols } = x;
  const y = tape.tensor(packed.samples, cols);
  tape.record({
    name: "sumSteps",
    inputs: { x },
    outputs: { y },
    attributes: { packed },
    forward() {
      kernels.fill(packed.samples.count * cols, y.value, 0);
      for (let t = 0; t < packed.steps; t++) {
        kernels.copyRows(packed.active[t], cols, valueAt(x, packed.offsets[t]), cols, y.value, cols, 1);
      }
    },
    backward() {
      const accumulate = tape.claim(x);
      for (let t = 0; t < packed.steps; t++) {
        kernels.copyRows(packed.active[t], cols, y.grad, cols, gradientAt(x, packed.offsets[t]), cols, accumulate);
      }
    },
  });
  return y;
}

/** The same of shared tokens: the sums of the sequences grow step by step, and a sample takes what its length has. */
function sumSharedSteps(tape: Tape, packed: Packed, x: Tensor): Tensor {
  const { kernels } = tape;
  const { cols } = x;
  const { sequences, sequencePointer, samples, active } = packed;
  const y = tape.tensor(samples, cols);
  const sums = tape.scratch(sequences.samples, cols);
  tape.record({
    name: "sumSteps",
    inputs: { x },
    outputs: { y },
    attributes: { packed },
    forward() {
      kernels.fill(sequences.samples.count * cols, sums.value, 0);
      for (let t = 0; t <= packed.steps; t++) {
        if (t > 0) {
          const from = valueAt(x, sequences.offsets[t - 1]);
          kernels.copyRows(sequences.active[t - 1], cols, from, cols, sums.value, cols, 1);
        }
        // The samples of length t.
        const first = t < packed.steps ? active[t] : 0;
        const count = (t > 0 ? active[t - 1] : samples.count) - first;
        kernels.gatherRows(count, cols, sequencePointer + first * 4, sums.value, valueAt(y, first), cols);
      }
    },
    backward() {
      tape.settle(x);
      const { steps, activePointer } = packed;
      kernels.addSteps(steps, cols, activePointer, 0, sequences.offsetsPointer, sequencePointer, y.grad, x.grad);
    },
  });
  return y;
}

/** Sum of each sample's tokens weighted by a [tokens, 1]: [tokens, n] -> [samples, n]. */
export function weightedSumSteps(tape: Tape, packed: Packed, weight: Tensor, shared: Tensor): Tensor {
  const { kernels } = tape;
  const x = trainedTokens(tape, packed, shared);
  const { cols } = x;
  const y = tape.tensor(packed.samples, cols);
  const rows = new StepRows(tape, packed, x);
  tape.record({
    name: "weightedSumSteps",
    inputs: { weight, x },
    outputs: { y },
    attributes: { packed },
    forward() {
      kernels.fill(packed.samples.count * cols, y.value, 0);
      for (let t = 0; t < packed.steps; t++) {
        const a = valueAt(weight, packed.offsets[t]);
        kernels.rowScale(packed.active[t], cols, rows.at(t), rows.stride, a, y.value, cols, 1);
      }
    },
    backward() {
      const accumulateX = tape.claim(x);
      const accumulateWeight = tape.claim(weight);
      for (let t = 0; t < packed.steps; t++) {
        const rows = packed.active[t];
        const token = packed.offsets[t];
        const a = valueAt(weight, token);
        const da = gradientAt(weight, token);
        kernels.rowDot(rows, cols, y.grad, cols, valueAt(x, token), cols, da, accumulateWeight);
        kernels.rowScale(rows, cols, y.grad, cols, a, gradientAt(x, token), cols, accumulateX);
      }
    },
  });
  return y;
}

/** Each token's row times its sample's row, element by element: [tokens, n] x [samples, n] -> [tokens, n]. */
export function multiplySteps(tape: Tape, packed: Packed, shared: Tensor, samples: Tensor): Tensor {
  const { kernels } = tape;
  const tokens = trainedTokens(tape, packed, shared);
  const { cols } = tokens;
  const y = tape.tensor(packed.tokens, cols);
  const steps = new StepRows(tape, packed, tokens);
  tape.record({
    name: "multiplySteps",
    inputs: { tokens, samples },
    outputs: { y },
    attributes: { packed },
    forward() {
      for (let t = 0; t < packed.steps; t++) {
        const to = valueAt(y, packed.offsets[t]);
        kernels.multiply(packed.active[t], cols, steps.at(t), steps.stride, samples.value, cols, to, cols, 0);
      }
    },
    backward() {
      const accumulate = tape.claim(tokens);
      tape.settle(samples);
      for (let t = 0; t < packed.steps; t++) {
        const rows = packed.active[t];
        const token = packed.offsets[t];
        const dy = gradientAt(y, token);
        const dx = gradientAt(tokens, token);
        kernels.multiply(rows, cols, dy, cols, valueAt(tokens, token), cols, samples.grad, cols, 1);
        kernels.multiply(rows, cols, dy, cols, samples.value, cols, dx, cols, accumulate);
      }
    },
  });
  return y;
}

/** Inner product of each token's row with its sample's row: [tokens, n] x [samples, n] -> [tokens, 1]. */
export function dotSteps(tape: Tape, packed: Packed, shared: Tensor, samples: Tensor): Tensor {
  const { kernels } = tape;
  const tokens = trainedTokens(tape, packed, shared);
  const { cols } = tokens;
  const y = tape.tensor(packed.tokens, 1);
  const steps = new StepRows(tape, packed, tokens);
  tape.record({
    name: "dotSteps",
    inputs: { tokens, samples },
    outputs: { y },
    attributes: { packed },
    forward() {
      for (let t = 0; t < packed.steps; t++) {
        const to = valueAt(y, packed.offsets[t]);
        kernels.rowDot(packed.active[t], cols, steps.at(t), steps.stride, samples.value, cols, to, 0);
      }
    },
    backward() {
      const accumulate = tape.claim(tokens);
      tape.settle(samples);
      for (let t = 0; t < packed.steps; t++) {
        const rows = packed.active[t];
        const token = packed.offsets[t];
        const dy = gradientAt(y, token);
        kernels.rowScale(rows, cols, valueAt(tokens, token), cols, dy, samples.grad, cols, 1);
        kernels.rowScale(rows, cols, samples.value, cols, dy, gradientAt(tokens, token), cols, accumulate);
      }
    },
  });
  return y;
}

/** Each token's row times the token's weight [tokens, 1]: the input of AIGRU (paper, eq. 9). */
export function scaleSteps(tape: Tape, packed: Packed, weight: Tensor, shared: Tensor): Tensor {
  const { kernels } = tape;
  const x = trainedTokens(tape, packed, shared);
  const { cols } = x;
  const rows = packed.tokens;
  const y = tape.tensor(rows, cols);
  const steps = isShared(packed, x) ? new StepRows(tape, packed, x) : undefined;
  tape.record({
    name: "scaleSteps",
    inputs: { weight, x },
    outputs: { y },
    attributes: { packed },
    forward() {
      if (steps === undefined) kernels.rowScale(rows.count, cols, x.value, cols, weight.value, y.value, cols, 0);
      else {
        for (let t = 0; t < packed.steps; t++) {
          const token = packed.offsets[t];
          const a = valueAt(weight, token);
          kernels.rowScale(packed.active[t], cols, steps.at(t), steps.stride, a, valueAt(y, token), cols, 0);
        }
      }
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
  const { pairs } = packed;
  const y = tape.tensor(pairs, cols);
  tape.record({
    name: "preceding",
    inputs: { x },
    outputs: { y },
    attributes: { packed },
    forward() {
      for (let t = 1; t < packed.steps; t++) {
        const from = valueAt(x, packed.offsets[t - 1]);
        const to = valueAt(y, packed.offsets[t] - pairs.first);
        kernels.copyRows(packed.active[t], cols, from, cols, to, cols, 0);
      }
    },
    backward() {
      tape.settle(x);
      for (let t = 1; t < packed.steps; t++) {
        const from = gradientAt(y, packed.offsets[t] - pairs.first);
        const to = gradientAt(x, packed.offsets[t - 1]);
        kernels.copyRows(packed.active[t], cols, from, cols, to, cols, 1);
      }
    },
  });
  return y;
}
