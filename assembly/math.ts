/**
 * Vectorised transcendental functions, without tables: the module has no data of its own, because several instances
 * share one memory. A NaN lane stays NaN.
 *
 * Coefficients are mutable, exported globals on purpose: V8 would rebuild each constant from an integer register wherever
 * it is used, three instructions instead of the one that loads a global.
 */
import { madd } from "./simd";

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
