/** Element-wise and row-wise kernels (what each computes: src/kernels/contract.ts). */
import { exp4, sigmoid4, tanh4 } from "./math";
import { get, madd, put, sum4 } from "./simd";

export function fill(count: i32, out: usize, value: f32): void {
  const values = f32x4.splat(value);
  for (let left = count; left > 0; left -= 4) {
    put(out, values, left);
    out += 16;
  }
}

/** x[0..count) to out, adding where asked. */
// @ts-ignore: decorator
@inline
export function copyRow(count: i32, x: usize, out: usize, accumulate: i32): void {
  for (let left = count; left > 0; left -= 4) {
    const value = get(x, left);
    put(out, accumulate ? f32x4.add(get(out, left), value) : value, left);
    x += 16;
    out += 16;
  }
}

export function copyRows(rows: i32, cols: i32, x: usize, ldx: i32, out: usize, ldo: i32, accumulate: i32): void {
  for (let i = 0; i < rows; i++) {
    copyRow(cols, x, out, accumulate);
    x += <usize>ldx << 2;
    out += <usize>ldo << 2;
  }
}

/** factor * x[0..count) to out, adding where asked. */
// @ts-ignore: decorator
@inline
function scaleRow(count: i32, factor: v128, x: usize, out: usize, accumulate: i32): void {
  for (let left = count; left > 0; left -= 4) {
    const value = get(x, left);
    put(out, accumulate ? madd(value, factor, get(out, left)) : f32x4.mul(value, factor), left);
    x += 16;
    out += 16;
  }
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
    for (let left = cols, j: usize = 0; left > 0; left -= 4, j += 16) {
      const x = get(a + j, left);
      const y = get(b + j, left);
      put(out + j, accumulate ? madd(x, y, get(out + j, left)) : f32x4.mul(x, y), left);
    }
    a += <usize>lda << 2;
    b += <usize>ldb << 2;
    out += <usize>ldo << 2;
  }
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
    let sum = f32x4.splat(0);
    for (let left = cols, j: usize = 0; left > 0; left -= 4, j += 16) {
      sum = madd(get(a + j, left), get(b + j, left), sum);
    }
    const value = sum4(sum);
    store<f32>(out, accumulate ? load<f32>(out) + value : value);
    a += <usize>lda << 2;
    b += <usize>ldb << 2;
    out += 4;
  }
}

export function columnSums(rows: i32, cols: i32, x: usize, ldx: i32, out: usize, accumulate: i32): void {
  const step = <usize>ldx << 2;
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

export function exp(count: i32, x: usize, out: usize): void {
  for (let left = count; left > 0; left -= 4) {
    put(out, exp4(get(x, left)), left);
    x += 16;
    out += 16;
  }
}

export function sigmoid(count: i32, x: usize, out: usize): void {
  for (let left = count; left > 0; left -= 4) {
    put(out, sigmoid4(get(x, left)), left);
    x += 16;
    out += 16;
  }
}

export function tanh(count: i32, x: usize, out: usize): void {
  for (let left = count; left > 0; left -= 4) {
    put(out, tanh4(get(x, left)), left);
    x += 16;
    out += 16;
  }
}

export function sigmoidBackward(count: i32, y: usize, dy: usize, dx: usize): void {
  const one = f32x4.splat(1);
  for (let left = count; left > 0; left -= 4) {
    const value = get(y, left);
    put(dx, f32x4.mul(get(dy, left), f32x4.mul(value, f32x4.sub(one, value))), left);
    y += 16;
    dy += 16;
    dx += 16;
  }
}
