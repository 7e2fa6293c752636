/** Reduction over shards, and Adam on dense parameters and on embedding rows. */
import { addSquares, get, put, sum2 } from "./simd";

/** Sum over shards of up to four elements, also written to `out`. */
// @ts-ignore: decorator
@inline
function sumStep(shards: i32, first: usize, strideBytes: usize, out: usize, left: i32): v128 {
  let sum = get(first, left);
  for (let s = 1; s < shards; s++) {
    first += strideBytes;
    sum = f32x4.add(sum, get(first, left));
  }
  put(out, sum, left);
  return sum;
}

export function sumShards(count: i32, shards: i32, first: usize, strideBytes: usize, out: usize): f64 {
  let squares = f64x2.splat(0);
  for (; count >= 4; count -= 4, first += 16, out += 16) {
    squares = addSquares(squares, sumStep(shards, first, strideBytes, out, 4));
  }
  if (count > 0) squares = addSquares(squares, sumStep(shards, first, strideBytes, out, count));
  return sum2(squares);
}

/** Adam on up to four elements; the names are those of the paper, `rise` its bias-corrected step. */
// @ts-ignore: decorator
@inline
function updateStep(
  weight: usize,
  m: usize,
  v: usize,
  gradient: usize,
  clip: v128,
  decay: v128,
  keep1: v128,
  take1: v128,
  keep2: v128,
  take2: v128,
  rise: v128,
  unbias2: v128,
  epsilon: v128,
  left: i32,
): void {
  const w = get(weight, left);
  const g = f32x4.add(f32x4.mul(clip, get(gradient, left)), f32x4.mul(decay, w));
  const first = f32x4.add(f32x4.mul(keep1, get(m, left)), f32x4.mul(take1, g));
  const second = f32x4.add(f32x4.mul(keep2, get(v, left)), f32x4.mul(take2, f32x4.mul(g, g)));
  const size = f32x4.add(f32x4.sqrt(f32x4.mul(second, unbias2)), epsilon);
  put(m, first, left);
  put(v, second, left);
  put(weight, f32x4.sub(w, f32x4.div(f32x4.mul(rise, first), size)), left);
}

/** Adam on `count` consecutive elements. Settings are doubles, so that 1 - beta is rounded once. */
// @ts-ignore: decorator
@inline
function update(
  count: i32,
  weight: usize,
  m: usize,
  v: usize,
  gradient: usize,
  clip: f64,
  decay: f64,
  rate: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  correction1: f64,
  correction2: f64,
): void {
  const clips = f32x4.splat(<f32>clip);
  const decays = f32x4.splat(<f32>decay);
  const keep1 = f32x4.splat(<f32>beta1);
  const take1 = f32x4.splat(<f32>(1 - beta1));
  const keep2 = f32x4.splat(<f32>beta2);
  const take2 = f32x4.splat(<f32>(1 - beta2));
  const rise = f32x4.splat(<f32>(rate / correction1));
  const unbias2 = f32x4.splat(<f32>(1 / correction2));
  const floor = f32x4.splat(<f32>epsilon);
  for (; count >= 4; count -= 4) {
    updateStep(weight, m, v, gradient, clips, decays, keep1, take1, keep2, take2, rise, unbias2, floor, 4);
    weight += 16;
    m += 16;
    v += 16;
    gradient += 16;
  }
  if (count > 0) {
    updateStep(weight, m, v, gradient, clips, decays, keep1, take1, keep2, take2, rise, unbias2, floor, count);
  }
}

export function adam(
  count: i32,
  weight: usize,
  m: usize,
  v: usize,
  gradient: usize,
  clip: f64,
  decay: f64,
  rate: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  correction1: f64,
  correction2: f64,
): void {
  update(count, weight, m, v, gradient, clip, decay, rate, beta1, beta2, epsilon, correction1, correction2);
}

export function adamRows(
  from: i32,
  to: i32,
  cols: i32,
  rows: usize,
  weight: usize,
  m: usize,
  v: usize,
  gradient: usize,
  clip: f64,
  decay: f64,
  rate: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  correction1: f64,
  correction2: f64,
): void {
  for (let r = from; r < to; r++) {
    const at = (<usize>load<i32>(rows + (<usize>r << 2)) * <usize>cols) << 2;
    const given = gradient + ((<usize>r * <usize>cols) << 2);
    update(cols, weight + at, m + at, v + at, given, clip, decay, rate, beta1, beta2, epsilon, correction1, correction2);
  }
}
