/** Between samples and their packed tokens: sums over steps, and what is the same for all steps of a sample. */
import { copyRow, dotRow, fill, scaleRow } from "./elementwise";

/** Element t of an array of integers. */
// @ts-ignore: decorator
@inline
function at(integers: usize, t: i32): i32 {
  return load<i32>(integers + (<usize>t << 2));
}

/** The row of x that a token reads: its own, or that of its sample's sequence. */
// @ts-ignore: decorator
@inline
function rowOf(x: usize, width: usize, token: i32, sample: i32, step: i32, offsets: usize, reference: usize): usize {
  return x + <usize>(reference ? at(offsets, step) + at(reference, sample) : token) * width;
}

export function sumSteps(
  samples: i32,
  steps: i32,
  cols: i32,
  offsets: usize,
  active: usize,
  weight: usize,
  x: usize,
  xOffsets: usize,
  reference: usize,
  out: usize,
  accumulate: i32,
): void {
  const width = <usize>cols << 2;
  if (!accumulate) fill(samples * cols, out, 0);
  for (let t = 0; t < steps; t++) {
    const first = at(offsets, t);
    const rows = at(active, t);
    for (let i = 0; i < rows; i++) {
      const row = rowOf(x, width, first + i, i, t, xOffsets, reference);
      const to = out + <usize>i * width;
      if (weight) scaleRow(cols, v128.load32_splat(weight + (<usize>(first + i) << 2)), row, to, 1);
      else copyRow(cols, row, to, 1);
    }
  }
}

export function spreadSteps(
  steps: i32,
  cols: i32,
  offsets: usize,
  active: usize,
  weight: usize,
  x: usize,
  out: usize,
  accumulate: i32,
): void {
  const width = <usize>cols << 2;
  for (let t = 0; t < steps; t++) {
    const first = at(offsets, t);
    const rows = at(active, t);
    for (let i = 0; i < rows; i++) {
      const row = x + <usize>i * width;
      const to = out + <usize>(first + i) * width;
      if (weight) scaleRow(cols, v128.load32_splat(weight + (<usize>(first + i) << 2)), row, to, accumulate);
      else copyRow(cols, row, to, accumulate);
    }
  }
}

export function dotSteps(
  steps: i32,
  cols: i32,
  offsets: usize,
  active: usize,
  x: usize,
  xOffsets: usize,
  reference: usize,
  y: usize,
  out: usize,
  accumulate: i32,
): void {
  const width = <usize>cols << 2;
  for (let t = 0; t < steps; t++) {
    const first = at(offsets, t);
    const rows = at(active, t);
    for (let i = 0; i < rows; i++) {
      const value = dotRow(cols, rowOf(x, width, first + i, i, t, xOffsets, reference), y + <usize>i * width);
      const to = out + (<usize>(first + i) << 2);
      store<f32>(to, accumulate ? load<f32>(to) + value : value);
    }
  }
}

export function precedingSteps(steps: i32, cols: i32, offsets: usize, active: usize, x: usize, out: usize): void {
  const width = <usize>cols << 2;
  for (let t = 1; t < steps; t++) {
    const pair = at(offsets, t) - at(active, 0);
    copyRow(at(active, t) * cols, x + <usize>at(offsets, t - 1) * width, out + <usize>pair * width, 0);
  }
}

export function addPrecedingSteps(steps: i32, cols: i32, offsets: usize, active: usize, x: usize, out: usize): void {
  const width = <usize>cols << 2;
  for (let t = 1; t < steps; t++) {
    const pair = at(offsets, t) - at(active, 0);
    copyRow(at(active, t) * cols, x + <usize>pair * width, out + <usize>at(offsets, t - 1) * width, 1);
  }
}
