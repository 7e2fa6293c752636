/** Products of matrices, and what is done to whole matrices element by element or row by row. */
import type { Accumulate, Activation, Pointer } from "./values.ts";

export interface MatrixKernels {
  /** C[m,n] = act(A[m,k] B[k,n] + bias[n]); with accumulate C = act(C + A B + bias). `bias` optional. */
  gemmNN(
    m: number,
    n: number,
    k: number,
    a: Pointer,
    lda: number,
    b: Pointer,
    ldb: number,
    c: Pointer,
    ldc: number,
    bias: Pointer,
    activation: Activation,
    accumulate: Accumulate,
  ): void;

  /** C[m,n] (+)= A[m,k] B[n,k]^T. `scratch` holds k*n floats (16-byte aligned), for the transposed B. */
  gemmNT(
    m: number,
    n: number,
    k: number,
    a: Pointer,
    lda: number,
    b: Pointer,
    ldb: number,
    c: Pointer,
    ldc: number,
    accumulate: Accumulate,
    scratch: Pointer,
  ): void;

  /** C[m,n] (+)= A[k,m]^T B[k,n]: a weight gradient, summed over k rows (tokens), rows in ascending order. */
  gemmTN(
    m: number,
    n: number,
    k: number,
    a: Pointer,
    lda: number,
    b: Pointer,
    ldb: number,
    c: Pointer,
    ldc: number,
    accumulate: Accumulate,
  ): void;

  /** out[cols,rows] = x[rows,cols]^T. */
  transpose(rows: number, cols: number, x: Pointer, ldx: number, out: Pointer, ldo: number): void;

  /** out[i] = value. */
  fill(count: number, out: Pointer, value: number): void;

  /** out[i,j] (+)= x[i,j]. */
  copyRows(
    rows: number,
    cols: number,
    x: Pointer,
    ldx: number,
    out: Pointer,
    ldo: number,
    accumulate: Accumulate,
  ): void;

  /** out[i] (+)= factor * x[i]. In place allowed (x = out). */
  scale(count: number, factor: number, x: Pointer, out: Pointer, accumulate: Accumulate): void;

  /** out[i,j] (+)= a[i,j] * b[i,j]. In place allowed (out = a or out = b, with equal leading dimension). */
  multiply(
    rows: number,
    cols: number,
    a: Pointer,
    lda: number,
    b: Pointer,
    ldb: number,
    out: Pointer,
    ldo: number,
    accumulate: Accumulate,
  ): void;

  /** out[i] (+)= sum_j a[i,j] * b[i,j]; `out` is dense. */
  rowDot(
    rows: number,
    cols: number,
    a: Pointer,
    lda: number,
    b: Pointer,
    ldb: number,
    out: Pointer,
    accumulate: Accumulate,
  ): void;

  /** out[i,j] (+)= weight[i] * x[i,j]. In place allowed (out = x). */
  rowScale(
    rows: number,
    cols: number,
    x: Pointer,
    ldx: number,
    weight: Pointer,
    out: Pointer,
    ldo: number,
    accumulate: Accumulate,
  ): void;

  /** out[j] (+)= sum_i x[i,j], rows in ascending order: a bias gradient. */
  columnSums(rows: number, cols: number, x: Pointer, ldx: number, out: Pointer, accumulate: Accumulate): void;

  /** out[i] = 1 / (1 + e^-x[i]), absolute error below 2^-22. In place allowed. */
  sigmoid(count: number, x: Pointer, out: Pointer): void;

  /** dx[i] = dy[i] * y[i] * (1 - y[i]) with y = sigmoid(x). In place allowed (dx = dy). */
  sigmoidBackward(count: number, y: Pointer, dy: Pointer, dx: Pointer): void;
}
