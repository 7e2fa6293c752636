/** Vector helpers: a product added, and vectors of fewer than four elements. */

/** a * b + c, rounded twice. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), c);
}

/** The first min(left, 4) floats at `p`, left >= 1; other lanes are 0 and their memory is not touched. */
// @ts-ignore: decorator
@inline
export function get(p: usize, left: i32): v128 {
  if (left >= 4) return v128.load(p);
  if (left == 1) return v128.load32_zero(p);
  const low = v128.load64_zero(p);
  return left == 2 ? low : v128.load_lane<f32>(p, low, 2, 8);
}

/** Stores the first min(left, 4) lanes, left >= 1. */
// @ts-ignore: decorator
@inline
export function put(p: usize, x: v128, left: i32): void {
  if (left >= 4) {
    v128.store(p, x);
  } else if (left == 1) {
    v128.store_lane<f32>(p, x, 0);
  } else {
    v128.store_lane<f64>(p, x, 0);
    if (left == 3) v128.store_lane<f32>(p, x, 2, 8);
  }
}

/** Sum of the four lanes. */
// @ts-ignore: decorator
@inline
export function sum4(x: v128): f32 {
  const pairs = f32x4.add(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** squares + x * x, lanes 0 1 and then 2 3, in double precision. */
// @ts-ignore: decorator
@inline
export function addSquares(squares: v128, x: v128): v128 {
  const low = f64x2.promote_low_f32x4(x);
  const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return f64x2.add(f64x2.add(squares, f64x2.mul(low, low)), f64x2.mul(high, high));
}

/** Sum of both lanes. */
// @ts-ignore: decorator
@inline
export function sum2(x: v128): f64 {
  return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1);
}
