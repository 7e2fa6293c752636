/**
 * Vectorised transcendental functions, without tables: the module has no data of its own, because several instances
 * share one memory. A NaN lane stays NaN.
 *
 * Coefficients are mutable, exported globals on purpose: V8 would rebuild each constant from an integer register wherever
 * it is used, three instructions instead of the one that loads a global.
 */
import { get, madd, put } from "./simd";

/** 1.5 * 2^23: adding it rounds to an integer, which is then in the low bits of the sum. */
export let ROUNDER: v128 = f32x4(12582912, 12582912, 12582912, 12582912);
export let ONE: v128 = f32x4(1, 1, 1, 1);
/** Minimax polynomial of (2^f - 1) / f on [-1/2, 1/2]; the relative error of 2^f is 2^-23.4. */
export let POWER_1: v128 = f32x4(0.6931469775430565, 0.6931469775430565, 0.6931469775430565, 0.6931469775430565);
export let POWER_2: v128 = f32x4(0.24022241992665255, 0.24022241992665255, 0.24022241992665255, 0.24022241992665255);
export let POWER_3: v128 = f32x4(0.05550733782479415, 0.05550733782479415, 0.05550733782479415, 0.05550733782479415);
export let POWER_4: v128 = f32x4(0.00967151866134189, 0.00967151866134189, 0.00967151866134189, 0.00967151866134189);
export let POWER_5: v128 = f32x4(0.0013264733953839156, 0.0013264733953839156, 0.0013264733953839156, 0.0013264733953839156);
export let MINUS_LOG2_E: v128 = f32x4(-1.4426950408889634, -1.4426950408889634, -1.4426950408889634, -1.4426950408889634);
/** Powers of two beyond these would leave the normal numbers. */
export let LOWEST: v128 = f32x4(-125, -125, -125, -125);
export let HIGHEST: v128 = f32x4(125, 125, 125, 125);

/** 2^f, |f| <= 1/2. */
// @ts-ignore: decorator
@inline
function power2(f: v128): v128 {
  let p = madd(POWER_5, f, POWER_4);
  p = madd(p, f, POWER_3);
  p = madd(p, f, POWER_2);
  p = madd(p, f, POWER_1);
  return madd(p, f, ONE);
}

/** 2^n, where n is what `ROUNDER` was added to. */
// @ts-ignore: decorator
@inline
function scale2(rounded: v128): v128 {
  return i32x4.add(i32x4.shl(rounded, 23), ONE);
}

/**
 * e^x, relative error below 2^-22 for x in [-87.33, 88.37]; 0 below, saturated above.
 * x = n ln 2 + r with |r| <= ln 2 / 2, e^x = 2^n 2^(r / ln 2).
 */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const log2e = f32x4.splat(1.4426950408889634);
  // pmin(x, y) is y < x ? y : x, which keeps a NaN.
  const clamped = f32x4.pmin(x, f32x4.splat(88.37));
  const rounded = f32x4.add(f32x4.mul(clamped, log2e), ROUNDER);
  const n = f32x4.sub(rounded, ROUNDER);
  // ln 2 in two parts, the first short enough for an exact product.
  const r = madd(n, f32x4.splat(2.12194440e-4), madd(n, f32x4.splat(-0.693359375), clamped));
  const value = f32x4.mul(power2(f32x4.mul(r, log2e)), scale2(rounded));
  return v128.andnot(value, f32x4.lt(x, f32x4.splat(-87.33)));
}

/**
 * 1 / (1 + e^-x), absolute error below 2^-22. The argument is reduced in one step: its error grows with |x|, but
 * more slowly than the derivative falls.
 */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const t = f32x4.pmax(f32x4.pmin(f32x4.mul(x, MINUS_LOG2_E), HIGHEST), LOWEST);
  const rounded = f32x4.add(t, ROUNDER);
  const p = power2(f32x4.sub(t, f32x4.sub(rounded, ROUNDER)));
  return f32x4.div(ONE, madd(p, scale2(rounded), ONE));
}

/** tanh(x) = 2 / (1 + e^-2x) - 1, absolute error below 2^-21. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const s = sigmoid4(f32x4.add(x, x));
  return f32x4.sub(f32x4.add(s, s), ONE);
}

/**
 * The sigmoid, or where `isTanh` the tanh, of 16 floats, to the bit as above. What bounds it is the number of
 * instructions: four vectors share each constant that is loaded.
 */
// @ts-ignore: decorator
@inline
function sixteen(isTanh: bool, x: usize, out: usize): void {
  const minusLog2e = MINUS_LOG2_E;
  const highest = HIGHEST;
  const lowest = LOWEST;
  let f0 = argument(isTanh, v128.load(x), minusLog2e, highest, lowest);
  let f1 = argument(isTanh, v128.load(x, 16), minusLog2e, highest, lowest);
  let f2 = argument(isTanh, v128.load(x, 32), minusLog2e, highest, lowest);
  let f3 = argument(isTanh, v128.load(x, 48), minusLog2e, highest, lowest);
  const rounder = ROUNDER;
  const n0 = f32x4.add(f0, rounder);
  const n1 = f32x4.add(f1, rounder);
  const n2 = f32x4.add(f2, rounder);
  const n3 = f32x4.add(f3, rounder);
  f0 = f32x4.sub(f0, f32x4.sub(n0, rounder));
  f1 = f32x4.sub(f1, f32x4.sub(n1, rounder));
  f2 = f32x4.sub(f2, f32x4.sub(n2, rounder));
  f3 = f32x4.sub(f3, f32x4.sub(n3, rounder));
  const power5 = POWER_5;
  const power4 = POWER_4;
  let p0 = madd(power5, f0, power4);
  let p1 = madd(power5, f1, power4);
  let p2 = madd(power5, f2, power4);
  let p3 = madd(power5, f3, power4);
  const power3 = POWER_3;
  p0 = madd(p0, f0, power3);
  p1 = madd(p1, f1, power3);
  p2 = madd(p2, f2, power3);
  p3 = madd(p3, f3, power3);
  const power2 = POWER_2;
  p0 = madd(p0, f0, power2);
  p1 = madd(p1, f1, power2);
  p2 = madd(p2, f2, power2);
  p3 = madd(p3, f3, power2);
  const power1 = POWER_1;
  p0 = madd(p0, f0, power1);
  p1 = madd(p1, f1, power1);
  p2 = madd(p2, f2, power1);
  p3 = madd(p3, f3, power1);
  const one = ONE;
  store16(isTanh, out, n0, madd(p0, f0, one), one);
  store16(isTanh, out + 16, n1, madd(p1, f1, one), one);
  store16(isTanh, out + 32, n2, madd(p2, f2, one), one);
  store16(isTanh, out + 48, n3, madd(p3, f3, one), one);
}

// @ts-ignore: decorator
@inline
function argument(isTanh: bool, x: v128, minusLog2e: v128, highest: v128, lowest: v128): v128 {
  const y = isTanh ? f32x4.add(x, x) : x;
  return f32x4.pmax(f32x4.pmin(f32x4.mul(y, minusLog2e), highest), lowest);
}

// @ts-ignore: decorator
@inline
function store16(isTanh: bool, out: usize, rounded: v128, power: v128, one: v128): void {
  const s = f32x4.div(one, madd(power, i32x4.add(i32x4.shl(rounded, 23), one), one));
  v128.store(out, isTanh ? f32x4.sub(f32x4.add(s, s), one) : s);
}

/** out = sigmoid(x), or tanh(x); in place allowed. */
// @ts-ignore: decorator
@inline
function each(isTanh: bool, count: i32, x: usize, out: usize): void {
  for (; count >= 16; count -= 16, x += 64, out += 64) sixteen(isTanh, x, out);
  for (; count > 0; count -= 4, x += 16, out += 16) {
    const value = get(x, count);
    put(out, isTanh ? tanh4(value) : sigmoid4(value), count);
  }
}

export function sigmoid(count: i32, x: usize, out: usize): void {
  each(false, count, x, out);
}

export function tanh(count: i32, x: usize, out: usize): void {
  each(true, count, x, out);
}

/** log(1 + x) for x in [0, 1], as 2 atanh(s) with s = x / (2 + x) <= 1/3, whose series is cut after s^15. */
// @ts-ignore: decorator
@inline
export function log1p4(x: v128): v128 {
  const s = f32x4.div(x, f32x4.add(x, f32x4.splat(2)));
  const t = f32x4.mul(s, s);
  let p = madd(t, f32x4.splat(2.0 / 15), f32x4.splat(2.0 / 13));
  p = madd(p, t, f32x4.splat(2.0 / 11));
  p = madd(p, t, f32x4.splat(2.0 / 9));
  p = madd(p, t, f32x4.splat(2.0 / 7));
  p = madd(p, t, f32x4.splat(2.0 / 5));
  p = madd(p, t, f32x4.splat(2.0 / 3));
  p = madd(p, t, f32x4.splat(2));
  return f32x4.mul(p, s);
}
