/**
 * Element-wise and row-wise kernels (what each computes: src/kernels/contract/matrices.ts).
 *
 * Each is a step on up to four elements, inlined twice: for whole vectors, where the comparisons of `get` and `put` fold
 * away, and for what is left of a row.
 */
import { get, madd, put, sum4 } from "./simd";

export function fill(count: i32, out: usize, value: f32): void {
  const values = f32x4.splat(value);
  for (; count >= 4; count -= 4, out += 16) v128.store(out, values);
  if (count > 0) put(out, values, count);
}

// @ts-ignore: decorator
@inline
function copyStep(x: usize, out: usize, accumulate: i32, left: i32): void {
  const value = get(x, left);
  put(out, accumulate ? f32x4.add(get(out, left), value) : value, left);
}

/** out[0..count) (+)= x[0..count). */
// @ts-ignore: decorator
@inline
export function copyRow(count: i32, x: usize, out: usize, accumulate: i32): void {
  for (; count >= 4; count -= 4, x += 16, out += 16) copyStep(x, out, accumulate, 4);
  if (count > 0) copyStep(x, out, accumulate, count);
}

export function copyRows(rows: i32, cols: i32, x: usize, ldx: i32, out: usize, ldo: i32, accumulate: i32): void {
  for (let i = 0; i < rows; i++) {
    copyRow(cols, x, out, accumulate);
    x += <usize>ldx << 2;
    out += <usize>ldo << 2;
  }
}

// @ts-ignore: decorator
@inline
function scaleStep(factor: v128, x: usize, out: usize, accumulate: i32, left: i32): void {
  const value = get(x, left);
  put(out, accumulate ? madd(value, factor, get(out, left)) : f32x4.mul(value, factor), left);
}

/** out[0..count) (+)= factor * x[0..count). */
// @ts-ignore: decorator
@inline
export function scaleRow(count: i32, factor: v128, x: usize, out: usize, accumulate: i32): void {
  for (; count >= 4; count -= 4, x += 16, out += 16) scaleStep(factor, x, out, accumulate, 4);
  if (count > 0) scaleStep(factor, x, out, accumulate, count);
}

export function scale(count: i32, factor: f32, x: usize, out: usize, accumulate: i32): void {
  scaleRow(count, f32x4.splat(factor), x, out, accumulate);
}

export function rowScale(
  rows: i32,
  cols: i32,
  x: usize,
  ldx: i32,
  weight: usize,
  out: usize,
  ldo: i32,
  accumulate: i32,
): void {
  for (let i = 0; i < rows; i++) {
    scaleRow(cols, v128.load32_splat(weight + (<usize>i << 2)), x, out, accumulate);
    x += <usize>ldx << 2;
    out += <usize>ldo << 2;
  }
}

// @ts-ignore: decorator
@inline
function multiplyStep(a: usize, b: usize, out: usize, accumulate: i32, left: i32): void {
  const x = get(a, left);
  const y = get(b, left);
  put(out, accumulate ? madd(x, y, get(out, left)) : f32x4.mul(x, y), left);
}

export function multiply(
  rows: i32,
  cols: i32,
  a: usize,
  lda: i32,
  b: usize,
  ldb: i32,
  out: usize,
  ldo: i32,
  accumulate: i32,
): void {
  for (let i = 0; i < rows; i++) {
    let left = cols;
    let j: usize = 0;
    for (; left >= 4; left -= 4, j += 16) multiplyStep(a + j, b + j, out + j, accumulate, 4);
    if (left > 0) multiplyStep(a + j, b + j, out + j, accumulate, left);
    a += <usize>lda << 2;
    b += <usize>ldb << 2;
    out += <usize>ldo << 2;
  }
}

/** sum_j a[j] b[j]. */
// @ts-ignore: decorator
@inline
export function dotRow(count: i32, a: usize, b: usize): f32 {
  let sum = f32x4.splat(0);
  for (; count >= 4; count -= 4, a += 16, b += 16) sum = madd(v128.load(a), v128.load(b), sum);
  if (count > 0) sum = madd(get(a, count), get(b, count), sum);
  return sum4(sum);
}

export function rowDot(
  rows: i32,
  cols: i32,
  a: usize,
  lda: i32,
  b: usize,
  ldb: i32,
  out: usize,
  accumulate: i32,
): void {
  for (let i = 0; i < rows; i++) {
    const value = dotRow(cols, a, b);
    store<f32>(out, accumulate ? load<f32>(out) + value : value);
    a += <usize>lda << 2;
    b += <usize>ldb << 2;
    out += 4;
  }
}

export function columnSums(rows: i32, cols: i32, x: usize, ldx: i32, out: usize, accumulate: i32): void {
  const step = <usize>ldx << 2;
  // Four vectors at a time, for the latency of the additions.
  for (; cols >= 16; cols -= 16) {
    let sum0 = f32x4.splat(0);
    let sum1 = sum0;
    let sum2 = sum0;
    let sum3 = sum0;
    if (accumulate) {
      sum0 = v128.load(out);
      sum1 = v128.load(out, 16);
      sum2 = v128.load(out, 32);
      sum3 = v128.load(out, 48);
    }
    for (let i = 0, row = x; i < rows; i++, row += step) {
      sum0 = f32x4.add(sum0, v128.load(row));
      sum1 = f32x4.add(sum1, v128.load(row, 16));
      sum2 = f32x4.add(sum2, v128.load(row, 32));
      sum3 = f32x4.add(sum3, v128.load(row, 48));
    }
    v128.store(out, sum0);
    v128.store(out, sum1, 16);
    v128.store(out, sum2, 32);
    v128.store(out, sum3, 48);
    x += 64;
    out += 64;
  }
  for (; cols > 0; cols -= 4) {
    let sum = accumulate ? get(out, cols) : f32x4.splat(0);
    for (let i = 0, row = x; i < rows; i++, row += step) sum = f32x4.add(sum, get(row, cols));
    put(out, sum, cols);
    x += 16;
    out += 16;
  }
}

// @ts-ignore: decorator
@inline
function sigmoidBackwardStep(y: usize, dy: usize, dx: usize, left: i32): void {
  const value = get(y, left);
  put(dx, f32x4.mul(get(dy, left), f32x4.mul(value, f32x4.sub(f32x4.splat(1), value))), left);
}

export function sigmoidBackward(count: i32, y: usize, dy: usize, dx: usize): void {
  for (; count >= 4; count -= 4, y += 16, dy += 16, dx += 16) sigmoidBackwardStep(y, dy, dx, 4);
  if (count > 0) sigmoidBackwardStep(y, dy, dx, count);
}
