/**
 * Vectorised transcendental functions, without tables: the module has no data of its own, because several instances
 * share one memory. A NaN lane stays NaN.
 */
import { madd } from "./simd";

/**
 * e^x, relative error below 2^-22 for x in [-87.33, 88.37]; 0 below, saturated above.
 * x = n ln 2 + r with |r| <= ln 2 / 2; e^r by a polynomial (coefficients of Cephes' expf,
 * https://www.netlib.org/cephes/), times 2^n put together from bits.
 */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  // Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits of the sum.
  const magic = f32x4.splat(12582912);
  // pmin(x, y) is y < x ? y : x, which keeps a NaN.
  const clamped = f32x4.pmin(x, f32x4.splat(88.37));
  const shifted = f32x4.add(f32x4.mul(clamped, f32x4.splat(1.44269504088896341)), magic);
  const n = f32x4.sub(shifted, magic);
  // ln 2 in two parts, the first short enough for an exact product.
  const r = madd(n, f32x4.splat(2.12194440e-4), madd(n, f32x4.splat(-0.693359375), clamped));
  let p = madd(r, f32x4.splat(1.9875691500e-4), f32x4.splat(1.3981999507e-3));
  p = madd(p, r, f32x4.splat(8.3334519073e-3));
  p = madd(p, r, f32x4.splat(4.1665795894e-2));
  p = madd(p, r, f32x4.splat(1.6666665459e-1));
  p = madd(p, r, f32x4.splat(5.0000001201e-1));
  p = f32x4.add(madd(p, f32x4.mul(r, r), r), f32x4.splat(1));
  const power = i32x4.add(i32x4.shl(shifted, 23), i32x4.splat(127 << 23));
  return v128.andnot(f32x4.mul(p, power), f32x4.lt(x, f32x4.splat(-87.33)));
}

/** 1 / (1 + e^-x), absolute error below 2^-22. */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

/** tanh(x) = 1 - 2 / (1 + e^2x), absolute error below 2^-21. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const one = f32x4.splat(1);
  const e = exp4(f32x4.add(x, x));
  return f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(one, e)));
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
