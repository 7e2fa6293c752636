/** Element-wise and row-wise kernels. */
import type { Kernels } from "../contract.ts";
import { sigmoid } from "./sigmoid.ts";
import type { Views } from "./views.ts";

type Elementwise = Pick<
  Kernels,
  "fill" | "copyRows" | "scale" | "multiply" | "rowDot" | "rowScale" | "columnSums" | "sigmoid" | "sigmoidBackward"
>;

export function elementwise({ f32 }: Views): Elementwise {
  /** out[i,j] (+)= value(i, j). */
  function each(
    rows: number,
    cols: number,
    out: number,
    ldo: number,
    accumulate: number,
    value: (i: number, j: number) => number,
  ): void {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++) {
        const at = out / 4 + i * ldo + j;
        f32[at] = accumulate ? f32[at] + value(i, j) : value(i, j);
      }
    }
  }

  return {
    fill(count, out, value) {
      f32.fill(value, out / 4, out / 4 + count);
    },

    copyRows(rows, cols, x, ldx, out, ldo, accumulate) {
      each(rows, cols, out, ldo, accumulate, (i, j) => f32[x / 4 + i * ldx + j]);
    },

    scale(count, factor, x, out, accumulate) {
      each(1, count, out, count, accumulate, (_, j) => Math.fround(factor) * f32[x / 4 + j]);
    },

    multiply(rows, cols, a, lda, b, ldb, out, ldo, accumulate) {
      each(rows, cols, out, ldo, accumulate, (i, j) => f32[a / 4 + i * lda + j] * f32[b / 4 + i * ldb + j]);
    },

    rowDot(rows, cols, a, lda, b, ldb, out, accumulate) {
      each(1, rows, out, rows, accumulate, (_, i) => {
        let sum = 0;
        for (let j = 0; j < cols; j++) sum += f32[a / 4 + i * lda + j] * f32[b / 4 + i * ldb + j];
        return sum;
      });
    },

    rowScale(rows, cols, x, ldx, weight, out, ldo, accumulate) {
      each(rows, cols, out, ldo, accumulate, (i, j) => f32[weight / 4 + i] * f32[x / 4 + i * ldx + j]);
    },

    columnSums(rows, cols, x, ldx, out, accumulate) {
      each(1, cols, out, cols, accumulate, (_, j) => {
        let sum = 0;
        for (let i = 0; i < rows; i++) sum += f32[x / 4 + i * ldx + j];
        return sum;
      });
    },

    sigmoid(count, x, out) {
      each(1, count, out, count, 0, (_, j) => sigmoid(f32[x / 4 + j]));
    },

    sigmoidBackward(count, y, dy, dx) {
      each(1, count, dx, count, 0, (_, j) => f32[dy / 4 + j] * f32[y / 4 + j] * (1 - f32[y / 4 + j]));
    },
  };
}
