/**
 * Matrix products. The work is done by register blocks, which scripts/gemm-blocks.mjs writes; here rows are shared out
 * among blocks, and bias, activation and accumulation go where they cost least.
 *
 * Every sum runs over p in ascending order, starting from what `init` holds (nothing, the bias, or the old C): an
 * element's value does not depend on m, n or its place in the matrix.
 */
import { copyRow } from "./elementwise";
import {
  sweepNN1,
  sweepNN2,
  sweepNN3,
  sweepNN4,
  sweepTN1,
  sweepTN2,
  sweepTN3,
  sweepTN4,
} from "./gemm-blocks";
import { sigmoid } from "./math";
import { madd } from "./simd";

const SIGMOID = 1;

/** Rows of C that are finished, with their activation, before the next are begun: they and those of A stay in cache. */
const HEIGHT = 64;

/** Rows of A and B that one pass of `gemmTN` reads: panels of them stay in the first-level cache. */
const DEPTH = 96;

/** C = init + A B. `init` 0: zeros; leading dimensions in bytes. */
export function productNN(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  lda: usize,
  b: usize,
  ldb: usize,
  c: usize,
  ldc: usize,
  init: usize,
  ldi: usize,
): void {
  if (n == 1) {
    const eights = m & ~7;
    columnNN(eights, k, a, lda, b, ldb, c, ldc, init, ldi);
    a += <usize>eights * lda;
    c += <usize>eights * ldc;
    if (init) init += <usize>eights * ldi;
    m -= eights;
  }
  const fours = m & ~3;
  if (fours > 0) sweepNN4(fours, n, k, a, lda, b, ldb, c, ldc, init, ldi);
  const rest = m - fours;
  if (rest == 0) return;
  a += <usize>fours * lda;
  c += <usize>fours * ldc;
  if (init) init += <usize>fours * ldi;
  if (rest == 3) sweepNN3(rest, n, k, a, lda, b, ldb, c, ldc, init, ldi);
  else if (rest == 2) sweepNN2(rest, n, k, a, lda, b, ldb, c, ldc, init, ldi);
  else sweepNN1(rest, n, k, a, lda, b, ldb, c, ldc, init, ldi);
}

/** The column C[m,1] = init + A b, m a multiple of 8: rows of A are turned into lanes, four columns at a time. */
function columnNN(
  m: i32,
  k: i32,
  a: usize,
  lda: usize,
  b: usize,
  ldb: usize,
  c: usize,
  ldc: usize,
  init: usize,
  ldi: usize,
): void {
  for (; m > 0; m -= 8) {
    let low = init ? gather(init, ldi) : f32x4.splat(0);
    let high = init ? gather(init + 4 * ldi, ldi) : f32x4.splat(0);
    let p = k;
    let at = a;
    let bp = b;
    for (; p >= 4; p -= 4) {
      const b0 = v128.load32_splat(bp);
      const b1 = v128.load32_splat(bp + ldb);
      const b2 = v128.load32_splat(bp + 2 * ldb);
      const b3 = v128.load32_splat(bp + 3 * ldb);
      low = addTile(low, at, lda, b0, b1, b2, b3);
      high = addTile(high, at + 4 * lda, lda, b0, b1, b2, b3);
      at += 16;
      bp += 4 * ldb;
    }
    for (; p > 0; p--) {
      low = madd(gather(at, lda), v128.load32_splat(bp), low);
      high = madd(gather(at + 4 * lda, lda), v128.load32_splat(bp), high);
      at += 4;
      bp += ldb;
    }
    scatter(c, ldc, low);
    scatter(c + 4 * ldc, ldc, high);
    a += 8 * lda;
    c += 8 * ldc;
    if (init) init += 8 * ldi;
  }
}

/** sum + A[4,4] (b0 b1 b2 b3)^T, in this order. */
// @ts-ignore: decorator
@inline
function addTile(sum: v128, at: usize, lda: usize, b0: v128, b1: v128, b2: v128, b3: v128): v128 {
  const r0 = v128.load(at);
  const r1 = v128.load(at + lda);
  const r2 = v128.load(at + 2 * lda);
  const r3 = v128.load(at + 3 * lda);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  sum = madd(v128.shuffle<f64>(low01, low23, 0, 2), b0, sum);
  sum = madd(v128.shuffle<f64>(low01, low23, 1, 3), b1, sum);
  sum = madd(v128.shuffle<f64>(high01, high23, 0, 2), b2, sum);
  return madd(v128.shuffle<f64>(high01, high23, 1, 3), b3, sum);
}

/** Four floats, `step` bytes apart. */
// @ts-ignore: decorator
@inline
function gather(at: usize, step: usize): v128 {
  const first = v128.load_lane<f32>(at + step, v128.load32_zero(at), 1);
  return v128.load_lane<f32>(at + 3 * step, v128.load_lane<f32>(at + 2 * step, first, 2), 3);
}

// @ts-ignore: decorator
@inline
function scatter(at: usize, step: usize, x: v128): void {
  v128.store_lane<f32>(at, x, 0);
  v128.store_lane<f32>(at + step, x, 1);
  v128.store_lane<f32>(at + 2 * step, x, 2);
  v128.store_lane<f32>(at + 3 * step, x, 3);
}

export function gemmNN(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  lda: i32,
  b: usize,
  ldb: i32,
  c: usize,
  ldc: i32,
  bias: usize,
  activation: i32,
  accumulate: i32,
): void {
  const step = <usize>ldc << 2;
  let init = bias;
  let ldi: usize = 0;
  if (accumulate) {
    init = c;
    ldi = step;
    if (bias) for (let i = 0; i < m; i++) copyRow(n, bias, c + <usize>i * step, 1);
  }
  for (; m > 0; m -= HEIGHT) {
    const rows = min(m, HEIGHT);
    productNN(rows, n, k, a, <usize>lda << 2, b, <usize>ldb << 2, c, step, init, ldi);
    if (activation == SIGMOID) {
      for (let i = 0, row = c; i < rows; i++, row += step) sigmoid(n, row, row);
    }
    a += (<usize>HEIGHT * <usize>lda) << 2;
    c += <usize>HEIGHT * step;
    if (init) init += <usize>HEIGHT * ldi;
  }
}

export function gemmNT(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  lda: i32,
  b: usize,
  ldb: i32,
  c: usize,
  ldc: i32,
  accumulate: i32,
  scratch: usize,
): void {
  transpose(n, k, b, ldb, scratch, n);
  const step = <usize>ldc << 2;
  productNN(m, n, k, a, <usize>lda << 2, scratch, <usize>n << 2, c, step, accumulate ? c : 0, step);
}

export function gemmTN(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  lda: i32,
  b: usize,
  ldb: i32,
  c: usize,
  ldc: i32,
  accumulate: i32,
): void {
  // A dense column is the row b^T A: one row of many columns fills the blocks, many rows of one column do not.
  if (n == 1 && ldc == 1) productTN(1, m, k, b, <usize>ldb << 2, a, <usize>lda << 2, c, 0, accumulate);
  else productTN(m, n, k, a, <usize>lda << 2, b, <usize>ldb << 2, c, <usize>ldc << 2, accumulate);
}

/** C (+)= A^T B; leading dimensions in bytes. */
function productTN(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  lda: usize,
  b: usize,
  ldb: usize,
  c: usize,
  ldc: usize,
  accumulate: i32,
): void {
  const fours = m & ~3;
  const rest = m - fours;
  const cRest = c + <usize>fours * ldc;
  let init = accumulate ? c : 0;
  let initRest = accumulate ? cRest : 0;
  do {
    const depth = min(k, DEPTH);
    const aRest = a + (<usize>fours << 2);
    if (fours > 0) sweepTN4(fours, n, depth, a, lda, b, ldb, c, ldc, init, ldc);
    if (rest == 3) sweepTN3(rest, n, depth, aRest, lda, b, ldb, cRest, ldc, initRest, ldc);
    else if (rest == 2) sweepTN2(rest, n, depth, aRest, lda, b, ldb, cRest, ldc, initRest, ldc);
    else if (rest == 1) sweepTN1(rest, n, depth, aRest, lda, b, ldb, cRest, ldc, initRest, ldc);
    init = c;
    initRest = cRest;
    a += <usize>depth * lda;
    b += <usize>depth * ldb;
    k -= depth;
  } while (k > 0);
}

/** Four-by-four tiles through registers; what remains element by element. */
export function transpose(rows: i32, cols: i32, x: usize, ldx: i32, out: usize, ldo: i32): void {
  const xStep = <usize>ldx << 2;
  const outStep = <usize>ldo << 2;
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    let from = x + <usize>i * xStep;
    let to = out + (<usize>i << 2);
    let j = 0;
    for (; j + 4 <= cols; j += 4) {
      const r0 = v128.load(from);
      const r1 = v128.load(from + xStep);
      const r2 = v128.load(from + 2 * xStep);
      const r3 = v128.load(from + 3 * xStep);
      const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
      const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
      const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f64>(low01, low23, 0, 2));
      v128.store(to + outStep, v128.shuffle<f64>(low01, low23, 1, 3));
      v128.store(to + 2 * outStep, v128.shuffle<f64>(high01, high23, 0, 2));
      v128.store(to + 3 * outStep, v128.shuffle<f64>(high01, high23, 1, 3));
      from += 16;
      to += 4 * outStep;
    }
    for (; j < cols; j++) {
      store<f32>(to, load<f32>(from));
      store<f32>(to, load<f32>(from + xStep), 4);
      store<f32>(to, load<f32>(from + 2 * xStep), 8);
      store<f32>(to, load<f32>(from + 3 * xStep), 12);
      from += 4;
      to += outStep;
    }
  }
  for (; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      store<f32>(out + <usize>j * outStep + (<usize>i << 2), load<f32>(x + <usize>i * xStep + (<usize>j << 2)));
    }
  }
}
