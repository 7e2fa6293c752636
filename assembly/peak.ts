/** The best rate of 128-bit multiplications and additions that the machine shows (for bench/products.ts and bench/roofline). */
import { madd, sum4 } from "./simd";

/**
 * Runs 96 * iterations floating-point operations on twelve independent chains that stay in registers; returns their sum.
 * The operands are parameters because V8 loads constants anew in every iteration.
 */
export function peak(iterations: i32, factor: f32, addend: f32): f32 {
  const x = f32x4.splat(factor);
  const y = f32x4.splat(addend);
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(1);
  let c2 = f32x4.splat(2);
  let c3 = f32x4.splat(3);
  let c4 = f32x4.splat(4);
  let c5 = f32x4.splat(5);
  let c6 = f32x4.splat(6);
  let c7 = f32x4.splat(7);
  let c8 = f32x4.splat(8);
  let c9 = f32x4.splat(9);
  let c10 = f32x4.splat(10);
  let c11 = f32x4.splat(11);
  for (let i = 0; i < iterations; i++) {
    c0 = madd(c0, x, y);
    c1 = madd(c1, x, y);
    c2 = madd(c2, x, y);
    c3 = madd(c3, x, y);
    c4 = madd(c4, x, y);
    c5 = madd(c5, x, y);
    c6 = madd(c6, x, y);
    c7 = madd(c7, x, y);
    c8 = madd(c8, x, y);
    c9 = madd(c9, x, y);
    c10 = madd(c10, x, y);
    c11 = madd(c11, x, y);
  }
  return (
    sum4(c0) + sum4(c1) + sum4(c2) + sum4(c3) + sum4(c4) + sum4(c5) +
    sum4(c6) + sum4(c7) + sum4(c8) + sum4(c9) + sum4(c10) + sum4(c11)
  );
}
