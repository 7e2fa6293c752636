/**
 * What is computed once for a sequence and read by every sample of it (tensor/packed.ts). Without shared sequences there is
 * nothing between the two: nothing is recorded, and nothing is copied.
 *
 * An operation that goes through the steps of shared tokens reads them by `StepRows` while it scores. In training it reads
 * a copy for each sample (`perSample`), whose gradients are added up, sample by sample, in one place.
 */
import type { Pointer } from "../kernels/contract.ts";
import type { Packed } from "../tensor/packed.ts";
import type { Tape } from "./tape.ts";
import { type Scratch, type Tensor, valueAt } from "./values.ts";

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

/**
 * Reads a tensor of tokens step by step, a row for each sample that has the step, whosever tokens they are: in training its
 * own (`trainedTokens`), and else, perhaps, those of its sequence.
 */
export class StepRows {
  readonly #tape: Tape;
  readonly #packed: Packed;
  readonly #x: Tensor;
  /** Rows of a step, where they are those of several sequences. */
  readonly #gathered: Scratch | undefined;

  /** To be made while an operation is recorded: it may work in scratch memory of that operation. */
  constructor(tape: Tape, packed: Packed, x: Tensor) {
    this.#tape = tape;
    this.#packed = packed;
    this.#x = x;
    if (!isShared(packed, x)) return;
    this.#gathered = tape.scratch(packed.samples, x.cols);
  }

  /** How far apart the rows of a step are: 0 where all samples are of one sequence, and so read one row. */
  get stride(): number {
    return this.#gathered !== undefined && this.#packed.sequences.samples.count === 1 ? 0 : this.#x.cols;
  }

  /** Where the rows of step t begin; they last until the next call. */
  at(t: number): Pointer {
    const packed = this.#packed;
    const x = this.#x;
    if (this.#gathered === undefined) return valueAt(x, packed.offsets[t]);
    const { sequences, sequencePointer, active } = packed;
    const shared = valueAt(x, sequences.offsets[t]);
    if (sequences.samples.count === 1) return shared;
    const { value } = this.#gathered;
    this.#tape.kernels.gatherRows(active[t], x.cols, sequencePointer, shared, value, x.cols);
    return value;
  }
}
