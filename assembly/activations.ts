/** PReLU, and Dice with its moments (formulas: src/kernels/contract/activations.ts and src/kernels/reference/activations.ts). */
import { sigmoid4 } from "./math";
import { get, madd, put } from "./simd";

export function preluForward(rows: i32, cols: i32, x: usize, slope: usize, y: usize): void {
  const zero = f32x4.splat(0);
  for (let i = 0; i < rows; i++) {
    for (let left = cols, j: usize = 0; left > 0; left -= 4, j += 16) {
      const value = get(x + j, left);
      const scaled = f32x4.mul(value, get(slope + j, left));
      put(y + j, v128.bitselect(value, scaled, f32x4.gt(value, zero)), left);
    }
    x += <usize>cols << 2;
    y += <usize>cols << 2;
  }
}

export function preluBackward(
  rows: i32,
  cols: i32,
  x: usize,
  slope: usize,
  dy: usize,
  dx: usize,
  dSlope: usize,
  accumulateSlope: i32,
): void {
  const zero = f32x4.splat(0);
  const step = <usize>cols << 2;
  for (let left = cols; left > 0; left -= 4) {
    const slopes = get(slope, left);
    let sum = accumulateSlope ? get(dSlope, left) : zero;
    for (let i = 0, at: usize = 0; i < rows; i++, at += step) {
      const value = get(x + at, left);
      const gradient = get(dy + at, left);
      const positive = f32x4.gt(value, zero);
      sum = f32x4.add(sum, v128.andnot(f32x4.mul(value, gradient), positive));
      put(dx + at, v128.bitselect(gradient, f32x4.mul(gradient, slopes), positive), left);
    }
    put(dSlope, sum, left);
    x += 16;
    slope += 16;
    dy += 16;
    dx += 16;
    dSlope += 16;
  }
}

export function moments(rows: i32, cols: i32, x: usize, mean: usize, variance: usize): void {
  const step = <usize>cols << 2;
  const count = f32x4.splat(<f32>rows);
  for (let left = cols; left > 0; left -= 4) {
    let sum = f32x4.splat(0);
    for (let i = 0, at = x; i < rows; i++, at += step) sum = f32x4.add(sum, get(at, left));
    const centre = f32x4.div(sum, count);
    let squares = f32x4.splat(0);
    for (let i = 0, at = x; i < rows; i++, at += step) {
      const distance = f32x4.sub(get(at, left), centre);
      squares = madd(distance, distance, squares);
    }
    put(mean, centre, left);
    put(variance, f32x4.div(squares, count), left);
    x += 16;
    mean += 16;
    variance += 16;
  }
}

/** 1 / sqrt(variance + epsilon). */
// @ts-ignore: decorator
@inline
function inverseDeviation(variance: v128, epsilon: f32): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(variance, f32x4.splat(epsilon))));
}

export function diceForward(
  rows: i32,
  cols: i32,
  x: usize,
  mean: usize,
  variance: usize,
  epsilon: f32,
  alpha: usize,
  y: usize,
): void {
  const step = <usize>cols << 2;
  for (let left = cols; left > 0; left -= 4) {
    const inverse = inverseDeviation(get(variance, left), epsilon);
    const centre = get(mean, left);
    const slope = get(alpha, left);
    const rise = f32x4.sub(f32x4.splat(1), slope);
    for (let i = 0, at: usize = 0; i < rows; i++, at += step) {
      const value = get(x + at, left);
      const p = sigmoid4(f32x4.mul(f32x4.sub(value, centre), inverse));
      put(y + at, f32x4.mul(madd(p, rise, slope), value), left);
    }
    x += 16;
    mean += 16;
    variance += 16;
    alpha += 16;
    y += 16;
  }
}

export function diceBackward(
  rows: i32,
  cols: i32,
  x: usize,
  mean: usize,
  variance: usize,
  epsilon: f32,
  alpha: usize,
  dy: usize,
  dx: usize,
  dAlpha: usize,
  accumulateAlpha: i32,
): void {
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  const step = <usize>cols << 2;
  const share = f32x4.div(one, f32x4.splat(<f32>rows));
  for (let left = cols; left > 0; left -= 4) {
    const inverse = inverseDeviation(get(variance, left), epsilon);
    const centre = get(mean, left);
    const slope = get(alpha, left);
    const rise = f32x4.sub(one, slope);
    let sumDz = zero;
    let sumDzZ = zero;
    let sumAlpha = accumulateAlpha ? get(dAlpha, left) : zero;
    for (let i = 0, at: usize = 0; i < rows; i++, at += step) {
      const value = get(x + at, left);
      const z = f32x4.mul(f32x4.sub(value, centre), inverse);
      const p = sigmoid4(z);
      const below = f32x4.mul(f32x4.mul(get(dy + at, left), value), f32x4.sub(one, p));
      const dz = f32x4.mul(f32x4.mul(below, p), rise);
      sumDz = f32x4.add(sumDz, dz);
      sumDzZ = madd(dz, z, sumDzZ);
      sumAlpha = f32x4.add(sumAlpha, below);
    }
    put(dAlpha, sumAlpha, left);
    const meanDz = f32x4.mul(sumDz, share);
    const meanDzZ = f32x4.mul(sumDzZ, share);
    for (let i = 0, at: usize = 0; i < rows; i++, at += step) {
      const value = get(x + at, left);
      const gradient = get(dy + at, left);
      const z = f32x4.mul(f32x4.sub(value, centre), inverse);
      const p = sigmoid4(z);
      const weight = madd(p, rise, slope);
      const dz = f32x4.mul(f32x4.mul(f32x4.mul(gradient, value), rise), f32x4.mul(p, f32x4.sub(one, p)));
      const centred = f32x4.sub(f32x4.sub(dz, meanDz), f32x4.mul(z, meanDzZ));
      put(dx + at, madd(inverse, centred, f32x4.mul(gradient, weight)), left);
    }
    x += 16;
    mean += 16;
    variance += 16;
    alpha += 16;
    dy += 16;
    dx += 16;
    dAlpha += 16;
  }
}
