/**
 * What is computed once for a sequence and read by every sample of it (tensor/packed.ts). Without shared sequences there is
 * nothing between the two: nothing is recorded, and nothing is copied.
 *
 * Kernels that go through the steps read shared tokens where they are, by each sample's reference to its sequence. What is
 * dense, and in training what has a gradient, reads a copy for each sample (`perSample`), whose gradients are added up,
 * sample by sample, in one place.
 */
import type { Packed } from "../tensor/packed.ts";
import type { Tape } from "./tape.ts";
import type { Tensor } from "./values.ts";

/** Whether the rows of a tensor are those of the sequences, and not of the samples that share them. */
export function isShared(packed: Packed, { rows }: Pick<Tensor, "rows">): boolean {
  const { sequences } = packed;
  return sequences !== packed && (rows === sequences.tokens || rows === sequences.samples);
}

/** A row for each sample: those of x [sequences, n] -> [samples, n], or of its tokens [tokens*, n] -> [tokens, n]. */
export function perSample(tape: Tape, packed: Packed, x: Tensor): Tensor {
  if (!isShared(packed, x)) return x;
  const { kernels } = tape;
  const { cols } = x;
  const { samples, tokens, sequences, sequencePointer, activePointer, offsetsPointer } = packed;
  const ofTokens = x.rows === sequences.tokens;
  const y = tape.tensor(ofTokens ? tokens : samples, cols);
  const shared = sequences.offsetsPointer;
  tape.record({
    name: "perSample",
    inputs: { x },
    outputs: { y },
    attributes: { packed },
    forward() {
      if (!ofTokens) kernels.gatherRows(samples.count, cols, sequencePointer, x.value, y.value, cols);
      else {
        const { steps } = packed;
        kernels.gatherSteps(steps, cols, activePointer, offsetsPointer, shared, sequencePointer, x.value, y.value);
      }
    },
    backward() {
      tape.settle(x);
      if (!ofTokens) kernels.addRows(samples.count, cols, sequencePointer, y.grad, x.grad);
      else {
        const { steps } = packed;
        kernels.addSteps(steps, cols, activePointer, offsetsPointer, shared, sequencePointer, y.grad, x.grad);
      }
    },
  });
  return y;
}

/** The tokens that operations with a gradient go through: in training, a row of its own for each token of a sample. */
export function trainedTokens(tape: Tape, packed: Packed, x: Tensor): Tensor {
  return tape.training ? perSample(tape, packed, x) : x;
}
