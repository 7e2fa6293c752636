/** Between samples and their packed tokens, row by row. */
import type { Kernels, Pointer } from "../contract.ts";
import type { Views } from "./views.ts";

type StepKernels = Pick<Kernels, "sumSteps" | "spreadSteps" | "dotSteps" | "precedingSteps" | "addPrecedingSteps">;

export function steps({ f32, i32 }: Views): StepKernels {
  /** Calls `visit` for each token, step by step. */
  function eachToken(
    steps: number,
    offsets: Pointer,
    active: Pointer,
    visit: (token: number, sample: number, step: number) => void,
  ): void {
    for (let t = 0; t < steps; t++) {
      for (let i = 0; i < i32[active / 4 + t]; i++) visit(i32[offsets / 4 + t] + i, i, t);
    }
  }

  /** The row of a token, among its own or among those of sequences. */
  const rowOf = (token: number, sample: number, step: number, xOffsets: Pointer, reference: Pointer) =>
    reference ? i32[xOffsets / 4 + step] + i32[reference / 4 + sample] : token;

  return {
    sumSteps(samples, steps, cols, offsets, active, weight, x, xOffsets, reference, out, accumulate) {
      if (!accumulate) f32.fill(0, out / 4, out / 4 + samples * cols);
      eachToken(steps, offsets, active, (token, i, t) => {
        const factor = weight ? f32[weight / 4 + token] : 1;
        const row = x / 4 + rowOf(token, i, t, xOffsets, reference) * cols;
        for (let j = 0; j < cols; j++) f32[out / 4 + i * cols + j] += factor * f32[row + j];
      });
    },

    spreadSteps(steps, cols, offsets, active, weight, x, out, accumulate) {
      eachToken(steps, offsets, active, (token, i) => {
        const factor = weight ? f32[weight / 4 + token] : 1;
        for (let j = 0; j < cols; j++) {
          const at = out / 4 + token * cols + j;
          f32[at] = (accumulate ? f32[at] : 0) + factor * f32[x / 4 + i * cols + j];
        }
      });
    },

    dotSteps(steps, cols, offsets, active, x, xOffsets, reference, y, out, accumulate) {
      eachToken(steps, offsets, active, (token, i, t) => {
        const row = x / 4 + rowOf(token, i, t, xOffsets, reference) * cols;
        let sum = accumulate ? f32[out / 4 + token] : 0;
        for (let j = 0; j < cols; j++) sum += f32[row + j] * f32[y / 4 + i * cols + j];
        f32[out / 4 + token] = sum;
      });
    },

    precedingSteps(steps, cols, offsets, active, x, out) {
      eachToken(steps, offsets, active, (token, i, t) => {
        if (t === 0) return;
        const [before, pair] = [i32[offsets / 4 + t - 1] + i, token - i32[active / 4]];
        for (let j = 0; j < cols; j++) f32[out / 4 + pair * cols + j] = f32[x / 4 + before * cols + j];
      });
    },

    addPrecedingSteps(steps, cols, offsets, active, x, out) {
      eachToken(steps, offsets, active, (token, i, t) => {
        if (t === 0) return;
        const [before, pair] = [i32[offsets / 4 + t - 1] + i, token - i32[active / 4]];
        for (let j = 0; j < cols; j++) f32[out / 4 + before * cols + j] += f32[x / 4 + pair * cols + j];
      });
    },
  };
}
