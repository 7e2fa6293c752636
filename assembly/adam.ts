/** Reduction over shards, and Adam on dense parameters and on embedding rows. */
import { addSquares, get, put, sum2 } from "./simd";

export function sumShards(count: i32, shards: i32, first: usize, strideBytes: usize, out: usize): f64 {
  let squares = f64x2.splat(0);
  for (let left = count; left > 0; left -= 4) {
    let sum = get(first, left);
    for (let s = 1, at = first + strideBytes; s < shards; s++, at += strideBytes) sum = f32x4.add(sum, get(at, left));
    put(out, sum, left);
    squares = addSquares(squares, sum);
    first += 16;
    out += 16;
  }
  return sum2(squares);
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
  const step = f32x4.splat(<f32>(rate / correction1));
  const unbias2 = f32x4.splat(<f32>(1 / correction2));
  const floor = f32x4.splat(<f32>epsilon);
  for (let left = count, j: usize = 0; left > 0; left -= 4, j += 16) {
    const w = get(weight + j, left);
    const g = f32x4.add(f32x4.mul(clips, get(gradient + j, left)), f32x4.mul(decays, w));
    const first = f32x4.add(f32x4.mul(keep1, get(m + j, left)), f32x4.mul(take1, g));
    const second = f32x4.add(f32x4.mul(keep2, get(v + j, left)), f32x4.mul(take2, f32x4.mul(g, g)));
    const size = f32x4.add(f32x4.sqrt(f32x4.mul(second, unbias2)), floor);
    put(m + j, first, left);
    put(v + j, second, left);
    put(weight + j, f32x4.sub(w, f32x4.div(f32x4.mul(step, first), size)), left);
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
