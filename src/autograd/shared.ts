/**
 * What is computed once for a sequence and read by every sample of it (tensor/packed.ts). Without shared sequences, so
 * always in training, there is nothing between the two: nothing is recorded, and nothing is copied.
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

/** A row for each sample: those of x [sequences, n] -> [samples, n]. */
export function perSample(tape: Tape, packed: Packed, x: Tensor): Tensor {
  if (!isShared(packed, x)) return x;
  const { kernels } = tape;
  const { cols } = x;
  const y = tape.tensor(packed.samples, cols);
  tape.record({
    name: "perSample",
    inputs: { x },
    outputs: { y },
    attributes: { packed },
    forward() {
      kernels.gatherRows(packed.samples.count, cols, packed.sequencePointer, x.value, y.value, cols);
    },
  });
  return y;
}

/** Reads a tensor of tokens step by step, a row for each sample that has the step, whosever tokens they are. */
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
    if (tape.training) throw new Error("training on shared sequences has no gradients yet");
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
