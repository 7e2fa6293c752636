/** Tokens of samples that share sequences. */
import type { Kernels, Pointer } from "../contract.ts";
import type { Views } from "./views.ts";

export function sharing({ f32, i32 }: Views): Pick<Kernels, "gatherSteps" | "addSteps"> {
  /** Where the rows of each token of the samples, and of the sequence's at the same step, begin. */
  function* rows(
    steps: number,
    cols: number,
    active: Pointer,
    offsets: Pointer,
    sequenceOffsets: Pointer,
    reference: Pointer,
  ) {
    for (let t = 0; t < steps; t++) {
      for (let i = 0; i < i32[active / 4 + t]; i++) {
        const token = (offsets === 0 ? 0 : i32[offsets / 4 + t]) + i;
        const shared = i32[sequenceOffsets / 4 + t] + i32[reference / 4 + i];
        yield [token * cols, shared * cols];
      }
    }
  }

  return {
    gatherSteps(steps, cols, active, offsets, sequenceOffsets, reference, x, out) {
      for (const [token, shared] of rows(steps, cols, active, offsets, sequenceOffsets, reference)) {
        for (let j = 0; j < cols; j++) f32[out / 4 + token + j] = f32[x / 4 + shared + j];
      }
    },

    addSteps(steps, cols, active, offsets, sequenceOffsets, reference, x, out) {
      for (const [token, shared] of rows(steps, cols, active, offsets, sequenceOffsets, reference)) {
        for (let j = 0; j < cols; j++) f32[out / 4 + shared + j] += f32[x / 4 + token + j];
      }
    },
  };
}
