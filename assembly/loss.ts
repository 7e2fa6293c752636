/** Binary cross-entropy on logits. */
import { exp4, log1p4, sigmoid4 } from "./math";
import { get, put } from "./simd";

export function crossEntropy(
  count: i32,
  logit: usize,
  label: usize,
  weight: usize,
  gradient: usize,
  factor: f32,
): f64 {
  const zero = f32x4.splat(0);
  let total: f64 = 0;
  for (let left = count; left > 0; left -= 4) {
    const z = get(logit, left);
    const y = get(label, left);
    const positive = v128.and(z, f32x4.gt(z, zero));
    let loss = f32x4.add(log1p4(exp4(f32x4.neg(f32x4.abs(z)))), f32x4.sub(positive, f32x4.mul(z, y)));
    if (weight) loss = f32x4.mul(loss, get(weight, left));
    total += <f64>f32x4.extract_lane(loss, 0);
    if (left > 1) total += <f64>f32x4.extract_lane(loss, 1);
    if (left > 2) total += <f64>f32x4.extract_lane(loss, 2);
    if (left > 3) total += <f64>f32x4.extract_lane(loss, 3);
    if (gradient) {
      const slope = f32x4.mul(f32x4.splat(factor), f32x4.sub(sigmoid4(z), y));
      put(gradient, weight ? f32x4.mul(slope, get(weight, left)) : slope, left);
      gradient += 16;
    }
    if (weight) weight += 16;
    logit += 16;
    label += 16;
  }
  return total;
}
