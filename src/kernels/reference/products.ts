/** Matrix products and transposition, as three nested loops. */
import { Activation, type Kernels } from "../contract.ts";
import { sigmoid } from "./sigmoid.ts";
import type { Views } from "./views.ts";

type Products = Pick<Kernels, "gemmNN" | "gemmNT" | "gemmTN" | "transpose">;

export function products({ f32 }: Views): Products {
  /**
   * C[m,n] (+)= sum_p A(i,p) B(p,j), where A(i,p) lies at a + i*aRow + p*aStep and B(p,j) at b + p*bStep + j*bColumn.
   */
  function product(
    m: number,
    n: number,
    k: number,
    a: number,
    aRow: number,
    aStep: number,
    b: number,
    bStep: number,
    bColumn: number,
    finish: (i: number, j: number, sum: number) => void,
  ): void {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let p = 0; p < k; p++) sum += f32[a / 4 + i * aRow + p * aStep] * f32[b / 4 + p * bStep + j * bColumn];
        finish(i, j, sum);
      }
    }
  }

  return {
    gemmNN(m, n, k, a, lda, b, ldb, c, ldc, bias, activation, accumulate) {
      product(m, n, k, a, lda, 1, b, ldb, 1, (i, j, sum) => {
        const at = c / 4 + i * ldc + j;
        if (accumulate) sum += f32[at];
        if (bias) sum += f32[bias / 4 + j];
        f32[at] = activation === Activation.sigmoid ? sigmoid(sum) : sum;
      });
    },

    gemmNT(m, n, k, a, lda, b, ldb, c, ldc, accumulate) {
      product(m, n, k, a, lda, 1, b, 1, ldb, (i, j, sum) => {
        const at = c / 4 + i * ldc + j;
        f32[at] = accumulate ? f32[at] + sum : sum;
      });
    },

    gemmTN(m, n, k, a, lda, b, ldb, c, ldc, accumulate) {
      product(m, n, k, a, 1, lda, b, ldb, 1, (i, j, sum) => {
        const at = c / 4 + i * ldc + j;
        f32[at] = accumulate ? f32[at] + sum : sum;
      });
    },

    transpose(rows, cols, x, ldx, out, ldo) {
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < cols; j++) f32[out / 4 + j * ldo + i] = f32[x / 4 + i * ldx + j];
      }
    },
  };
}
