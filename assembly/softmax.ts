/** Softmax over the steps of packed sequences: each pass runs along the samples of a step, so lanes are samples. */
import { exp4 } from "./math";
import { get, put } from "./simd";

export function softmaxSteps(
  samples: i32,
  steps: i32,
  offsets: usize,
  active: usize,
  scores: usize,
  out: usize,
  scratch: usize,
): void {
  const largest = scratch;
  const sums = scratch + (<usize>samples << 2);
  for (let t: i32 = 0; t < steps; t++) {
    const first = <usize>load<i32>(offsets + (<usize>t << 2)) << 2;
    for (let left = load<i32>(active + (<usize>t << 2)), j: usize = 0; left > 0; left -= 4, j += 16) {
      const score = get(scores + first + j, left);
      put(largest + j, t > 0 ? f32x4.pmax(get(largest + j, left), score) : score, left);
    }
  }
  for (let t: i32 = 0; t < steps; t++) {
    const first = <usize>load<i32>(offsets + (<usize>t << 2)) << 2;
    for (let left = load<i32>(active + (<usize>t << 2)), j: usize = 0; left > 0; left -= 4, j += 16) {
      const power = exp4(f32x4.sub(get(scores + first + j, left), get(largest + j, left)));
      put(out + first + j, power, left);
      put(sums + j, t > 0 ? f32x4.add(get(sums + j, left), power) : power, left);
    }
  }
  for (let t: i32 = 0; t < steps; t++) {
    const first = <usize>load<i32>(offsets + (<usize>t << 2)) << 2;
    for (let left = load<i32>(active + (<usize>t << 2)), j: usize = 0; left > 0; left -= 4, j += 16) {
      put(out + first + j, f32x4.div(get(out + first + j, left), get(sums + j, left)), left);
    }
  }
}

export function softmaxStepsBackward(
  samples: i32,
  steps: i32,
  offsets: usize,
  active: usize,
  y: usize,
  dy: usize,
  dScores: usize,
  scratch: usize,
): void {
  for (let t: i32 = 0; t < steps; t++) {
    const first = <usize>load<i32>(offsets + (<usize>t << 2)) << 2;
    for (let left = load<i32>(active + (<usize>t << 2)), j: usize = 0; left > 0; left -= 4, j += 16) {
      const product = f32x4.mul(get(y + first + j, left), get(dy + first + j, left));
      put(scratch + j, t > 0 ? f32x4.add(get(scratch + j, left), product) : product, left);
    }
  }
  for (let t: i32 = 0; t < steps; t++) {
    const first = <usize>load<i32>(offsets + (<usize>t << 2)) << 2;
    for (let left = load<i32>(active + (<usize>t << 2)), j: usize = 0; left > 0; left -= 4, j += 16) {
      const centred = f32x4.sub(get(dy + first + j, left), get(scratch + j, left));
      put(dScores + first + j, f32x4.mul(get(y + first + j, left), centred), left);
    }
  }
}
