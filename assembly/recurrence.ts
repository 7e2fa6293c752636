/** The recurrent step in its four gate forms (contract: `Gate`), and its gradient. */
import { copyRow } from "./elementwise";
import { productNN } from "./gemm";
import { sigmoid, tanh } from "./math";
import { get, madd, put, sum4 } from "./simd";

const GRU = 0;
const AGRU = 1;
const AUGRU_PAPER = 2;

/** How far the state moves towards the candidate. */
// @ts-ignore: decorator
@inline
function move(gate: i32, u: v128, a: v128): v128 {
  if (gate == GRU) return u;
  if (gate == AGRU) return a;
  if (gate == AUGRU_PAPER) return f32x4.mul(a, u);
  // AUGRU_RELEASED: 1 - (1 - a)(1 - u)
  return f32x4.add(u, f32x4.mul(a, f32x4.sub(f32x4.splat(1), u)));
}

/** Derivative of `move` by u. */
// @ts-ignore: decorator
@inline
function moveByUpdate(gate: i32, a: v128): v128 {
  if (gate == GRU) return f32x4.splat(1);
  if (gate == AGRU) return f32x4.splat(0);
  return gate == AUGRU_PAPER ? a : f32x4.sub(f32x4.splat(1), a);
}

/** Derivative of `move` by a. */
// @ts-ignore: decorator
@inline
function moveByAttention(gate: i32, u: v128): v128 {
  if (gate == AGRU) return f32x4.splat(1);
  return gate == AUGRU_PAPER ? u : f32x4.sub(f32x4.splat(1), u);
}

// @ts-ignore: decorator
@inline
function candidateStep(g: usize, r: usize, recurrent: usize, out: usize, left: i32): void {
  put(out, madd(get(r, left), get(recurrent, left), get(g, left)), left);
}

/** out[0..hidden) = g + r * recurrent: what the candidate is the tanh of. */
// @ts-ignore: decorator
@inline
function candidateInput(hidden: i32, g: usize, r: usize, recurrent: usize, out: usize): void {
  let left = hidden;
  let j: usize = 0;
  for (; left >= 4; left -= 4, j += 16) candidateStep(g + j, r + j, recurrent + j, out + j, 4);
  if (left > 0) candidateStep(g + j, r + j, recurrent + j, out + j, left);
}

// @ts-ignore: decorator
@inline
function moveStep(gate: i32, a: v128, u: usize, c: usize, previous: usize, next: usize, left: i32): void {
  const h = previous ? get(previous, left) : f32x4.splat(0);
  put(next, madd(move(gate, get(u, left), a), f32x4.sub(get(c, left), h), h), left);
}

/** next[0..hidden) = (1 - move) h + move c, h = 0 without `previous`; in place allowed. */
// @ts-ignore: decorator
@inline
function moveState(gate: i32, hidden: i32, a: v128, u: usize, c: usize, previous: usize, next: usize): void {
  let left = hidden;
  let j: usize = 0;
  for (; left >= 4; left -= 4, j += 16) moveStep(gate, a, u + j, c + j, previous ? previous + j : 0, next + j, 4);
  if (left > 0) moveStep(gate, a, u + j, c + j, previous ? previous + j : 0, next + j, left);
}

export function gruForward(
  rows: i32,
  hidden: i32,
  gate: i32,
  gates: usize,
  recurrent: usize,
  previous: usize,
  attention: usize,
  next: usize,
): void {
  const width = <usize>hidden << 2;
  for (let i = 0; i < rows; i++) {
    const c = gates + 2 * width;
    sigmoid(2 * hidden, gates, gates);
    candidateInput(hidden, c, gates + width, recurrent, c);
    tanh(hidden, c, c);
    const a = attention ? v128.load32_splat(attention + (<usize>i << 2)) : f32x4.splat(0);
    moveState(gate, hidden, a, gates, c, previous, next);
    gates += 3 * width;
    recurrent += width;
    if (previous) previous += width;
    next += width;
  }
}

/** Rows of `gruStep` whose gates are computed together: they, and U, stay in the first-level cache. */
const HEIGHT = 16;

export function gruStep(
  rows: i32,
  hidden: i32,
  gate: i32,
  input: usize,
  reference: usize,
  U: usize,
  previous: usize,
  attention: usize,
  next: usize,
  scratch: usize,
): void {
  const width = <usize>hidden << 2;
  // [HEIGHT, 2H] u | r, then [HEIGHT, H] h U_c, which becomes c.
  const candidates = scratch + <usize>HEIGHT * 2 * width;
  for (; rows > 0; rows -= HEIGHT) {
    const height = min(rows, HEIGHT);
    const shared = reference && isConstant(height, reference);
    const first = reference ? input + <usize>load<i32>(reference) * 3 * width : input;
    // Rows of the input one after the other, or the same for all, are where the sums begin; others are copied there.
    let init = first;
    let step = shared ? 0 : 3 * width;
    if (!previous || (reference && !shared)) {
      for (let i = 0; i < height; i++) {
        copyRow(2 * hidden, inputRow(i, width, input, reference), scratch + <usize>i * 2 * width, 0);
      }
      init = scratch;
      step = 2 * width;
    }
    if (previous) {
      productNN(height, 2 * hidden, hidden, previous, width, U, 3 * width, scratch, 2 * width, init, step);
      productNN(height, hidden, hidden, previous, width, U + 2 * width, 3 * width, candidates, width, 0, 0);
    } else {
      memory.fill(candidates, 0, <usize>height * width);
    }
    sigmoid(height * 2 * hidden, scratch, scratch);
    for (let i = 0; i < height; i++) {
      const g = inputRow(i, width, input, reference) + 2 * width;
      const c = candidates + <usize>i * width;
      candidateInput(hidden, g, scratch + (2 * <usize>i + 1) * width, c, c);
    }
    tanh(height * hidden, candidates, candidates);
    for (let i = 0; i < height; i++) {
      const a = attention ? v128.load32_splat(attention + (<usize>i << 2)) : f32x4.splat(0);
      const row = <usize>i * width;
      moveState(gate, hidden, a, scratch + 2 * row, candidates + row, previous ? previous + row : 0, next + row);
    }
    if (reference) reference += HEIGHT * 4;
    else input += HEIGHT * 3 * width;
    if (previous) previous += HEIGHT * width;
    if (attention) attention += HEIGHT * 4;
    next += HEIGHT * width;
  }
}

/** Whether all of `count` integers are the same. */
function isConstant(count: i32, integers: usize): bool {
  const first = load<i32>(integers);
  for (let i = 1; i < count; i++) if (load<i32>(integers + (<usize>i << 2)) != first) return false;
  return true;
}

/** Where the input of row i begins. */
// @ts-ignore: decorator
@inline
function inputRow(i: i32, width: usize, input: usize, reference: usize): usize {
  const row = reference ? load<i32>(reference + (<usize>i << 2)) : i;
  return input + <usize>row * 3 * width;
}

/** Gradients of up to four units; returns those of the attention. */
// @ts-ignore: decorator
@inline
function backwardStep(
  gate: i32,
  width: usize,
  a: v128,
  gates: usize,
  recurrent: usize,
  previous: usize,
  dNext: usize,
  dPrevious: usize,
  left: i32,
): v128 {
  const one = f32x4.splat(1);
  const u = get(gates, left);
  const r = get(gates + width, left);
  const c = get(gates + 2 * width, left);
  const product = get(recurrent, left);
  const h = previous ? get(previous, left) : f32x4.splat(0);
  const dh = get(dNext, left);
  const moved = move(gate, u, a);
  const dMove = f32x4.mul(dh, f32x4.sub(c, h));
  const dc = f32x4.mul(f32x4.mul(dh, moved), f32x4.sub(one, f32x4.mul(c, c)));
  const du = f32x4.mul(f32x4.mul(dMove, moveByUpdate(gate, a)), f32x4.mul(u, f32x4.sub(one, u)));
  const dr = f32x4.mul(f32x4.mul(dc, product), f32x4.mul(r, f32x4.sub(one, r)));
  put(gates, du, left);
  put(gates + width, dr, left);
  put(gates + 2 * width, dc, left);
  put(recurrent, f32x4.mul(dc, r), left);
  if (dPrevious) put(dPrevious, f32x4.mul(dh, f32x4.sub(one, moved)), left);
  return gate == GRU ? f32x4.splat(0) : f32x4.mul(dMove, moveByAttention(gate, u));
}

export function gruBackward(
  rows: i32,
  hidden: i32,
  gate: i32,
  gates: usize,
  recurrent: usize,
  previous: usize,
  attention: usize,
  dNext: usize,
  dPrevious: usize,
  dAttention: usize,
): void {
  const width = <usize>hidden << 2;
  for (let i = 0; i < rows; i++) {
    const a = attention ? v128.load32_splat(attention + (<usize>i << 2)) : f32x4.splat(0);
    let h = previous ? previous + <usize>i * width : 0;
    let dh = dPrevious ? dPrevious + <usize>i * width : 0;
    let da = f32x4.splat(0);
    let left = hidden;
    let at = gates;
    for (; left >= 4; left -= 4) {
      da = f32x4.add(da, backwardStep(gate, width, a, at, recurrent, h, dNext, dh, 4));
      at += 16;
      recurrent += 16;
      dNext += 16;
      if (h) h += 16;
      if (dh) dh += 16;
    }
    if (left > 0) {
      da = f32x4.add(da, backwardStep(gate, width, a, at, recurrent, h, dNext, dh, left));
      recurrent += <usize>left << 2;
      dNext += <usize>left << 2;
    }
    if (dAttention) store<f32>(dAttention + (<usize>i << 2), sum4(da));
    gates += 3 * width;
  }
}
