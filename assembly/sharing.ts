/** Tokens of samples that share sequences (contract: `gatherSteps`). */
import { addRows, gatherRows } from "./embedding";

// @ts-ignore: decorator
@inline
function row(x: usize, offsets: usize, t: i32, cols: i32): usize {
  return x + ((<usize>load<i32>(offsets + (<usize>t << 2)) * <usize>cols) << 2);
}

export function gatherSteps(
  steps: i32,
  cols: i32,
  active: usize,
  offsets: usize,
  sequenceOffsets: usize,
  reference: usize,
  x: usize,
  out: usize,
): void {
  for (let t = 0; t < steps; t++) {
    const rows = load<i32>(active + (<usize>t << 2));
    gatherRows(rows, cols, reference, row(x, sequenceOffsets, t, cols), row(out, offsets, t, cols), cols);
  }
}

export function addSteps(
  steps: i32,
  cols: i32,
  active: usize,
  offsets: usize,
  sequenceOffsets: usize,
  reference: usize,
  x: usize,
  out: usize,
): void {
  for (let t = 0; t < steps; t++) {
    const rows = load<i32>(active + (<usize>t << 2));
    const from = offsets == 0 ? x : row(x, offsets, t, cols);
    addRows(rows, cols, reference, from, row(out, sequenceOffsets, t, cols));
  }
}
