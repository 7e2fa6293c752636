/** Recurrences over packed sequences in the four forms of the gate (contract: `Gate`), and their gradients. */
import { copyRow } from "./elementwise";
import { productNN, transpose } from "./gemm";
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

/** Samples that go through all steps together: their states, a step's gates and U stay in the first-level cache. */
const HEIGHT = 16;

/** How many samples of HEIGHT from `first` on have step t. */
// @ts-ignore: decorator
@inline
function heightOf(active: usize, t: i32, first: i32): i32 {
  return min(HEIGHT, max(0, load<i32>(active + (<usize>t << 2)) - first));
}

/** Row `first` of the tokens of step t. */
// @ts-ignore: decorator
@inline
function tokenOf(offsets: usize, t: i32, first: i32): usize {
  return <usize>(load<i32>(offsets + (<usize>t << 2)) + first);
}

export function gruForward(
  steps: i32,
  hidden: i32,
  gate: i32,
  offsets: usize,
  active: usize,
  input: usize,
  inputOffsets: usize,
  reference: usize,
  U: usize,
  attention: usize,
  states: usize,
  last: usize,
  gates: usize,
  recurrent: usize,
  scratch: usize,
): void {
  const width = <usize>hidden << 2;
  const samples = steps > 0 ? load<i32>(active) : 0;
  for (let first = 0; first < samples; first += HEIGHT) {
    const ofSamples = last ? last + <usize>first * width : 0;
    const references = reference ? reference + (<usize>first << 2) : 0;
    let h: usize = 0;
    for (let t = 0; t < steps; t++) {
      const count = heightOf(active, t, first);
      if (count == 0) break;
      const token = tokenOf(offsets, t, first);
      const from = input + (reference ? tokenOf(inputOffsets, t, 0) : token) * 3 * width;
      const a = attention ? attention + (token << 2) : 0;
      const next = states ? states + token * width : ofSamples;
      if (gates) {
        stepForward(count, hidden, gate, from, references, U, h, a, next, gates + token * 3 * width, recurrent + token * width, true);
      } else {
        stepForward(count, hidden, gate, from, references, U, h, a, next, scratch, scratch + <usize>HEIGHT * 2 * width, false);
      }
      h = next;
      if (!states || !last) continue;
      // Samples that end here.
      const ongoing = t + 1 < steps ? heightOf(active, t + 1, first) : 0;
      copyRow((count - ongoing) * hidden, h + <usize>ongoing * width, ofSamples + <usize>ongoing * width, 0);
    }
  }
}

/**
 * A step of up to HEIGHT samples with the states `previous`, or zero. Where u | r | c and h U_c are to be kept, they go to
 * `g` and `products`, a row of 3H and of H for each; else u | r goes to `g`, rows of 2H, and c takes the place of h U_c.
 */
function stepForward(
  count: i32,
  hidden: i32,
  gate: i32,
  input: usize,
  reference: usize,
  U: usize,
  previous: usize,
  attention: usize,
  next: usize,
  g: usize,
  products: usize,
  keeps: bool,
): void {
  const width = <usize>hidden << 2;
  const ldg = keeps ? 3 * width : 2 * width;
  const shared = reference && isConstant(count, reference);
  // Rows of the input one after the other, or the same for all, are where the sums begin; others are copied there.
  let init = inputRow(0, width, input, reference);
  let step = shared ? 0 : 3 * width;
  if (!previous || (reference && !shared)) {
    if (g != init) {
      for (let i = 0; i < count; i++) {
        copyRow(2 * hidden, inputRow(i, width, input, reference), g + <usize>i * ldg, 0);
      }
    }
    init = g;
    step = ldg;
  }
  if (previous) {
    productNN(count, 2 * hidden, hidden, previous, width, U, 3 * width, g, ldg, init, step);
    productNN(count, hidden, hidden, previous, width, U + 2 * width, 3 * width, products, width, 0, 0);
  } else {
    memory.fill(products, 0, <usize>count * width);
  }
  if (keeps) {
    for (let i = 0; i < count; i++) {
      const u = g + <usize>i * ldg;
      const c = u + 2 * width;
      sigmoid(2 * hidden, u, u);
      candidateInput(hidden, inputRow(i, width, input, reference) + 2 * width, u + width, products + <usize>i * width, c);
      tanh(hidden, c, c);
    }
  } else {
    sigmoid(count * 2 * hidden, g, g);
    for (let i = 0; i < count; i++) {
      const c = products + <usize>i * width;
      candidateInput(hidden, inputRow(i, width, input, reference) + 2 * width, g + <usize>i * ldg + width, c, c);
    }
    tanh(count * hidden, products, products);
  }
  for (let i = 0; i < count; i++) {
    const a = attention ? v128.load32_splat(attention + (<usize>i << 2)) : f32x4.splat(0);
    const row = <usize>i * width;
    const u = g + <usize>i * ldg;
    moveState(gate, hidden, a, u, keeps ? u + 2 * width : products + row, previous ? previous + row : 0, next + row);
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

export function gruBackward(
  steps: i32,
  hidden: i32,
  gate: i32,
  offsets: usize,
  active: usize,
  U: usize,
  attention: usize,
  states: usize,
  gates: usize,
  recurrent: usize,
  dStates: usize,
  dLast: usize,
  dAttention: usize,
  previous: usize,
  scratch: usize,
): void {
  const width = <usize>hidden << 2;
  const samples = steps > 0 ? load<i32>(active) : 0;
  transpose(hidden, 3 * hidden, U, 3 * hidden, scratch, hidden);
  const transposedC = scratch + 2 * <usize>hidden * width;
  // The gradients of the states of HEIGHT samples.
  const dh = scratch + 3 * <usize>hidden * width;
  for (let first = 0; first < samples; first += HEIGHT) {
    let ongoing = 0;
    for (let t = steps - 1; t >= 0; t--) {
      const count = heightOf(active, t, first);
      if (count == 0) continue;
      const token = tokenOf(offsets, t, first);
      // Samples that have no step after this one.
      for (; ongoing < count; ongoing++) {
        const row = dh + <usize>ongoing * width;
        if (dStates) copyRow(hidden, dStates + (token + ongoing) * width, row, 0);
        else memory.fill(row, 0, width);
        if (dLast) copyRow(hidden, dLast + <usize>(first + ongoing) * width, row, 1);
      }
      const before = t > 0 ? tokenOf(offsets, t - 1, first) * width : 0;
      const h = t > 0 ? states + before : 0;
      const dBefore = dStates && t > 0 ? dStates + before : 0;
      const g = gates + token * 3 * width;
      const products = recurrent + token * width;
      const a = attention ? attention + (token << 2) : 0;
      const da = dAttention ? dAttention + (token << 2) : 0;
      stepBackward(count, hidden, gate, g, products, h, a, dBefore, dh, da);
      if (t == 0) continue;
      copyRow(count * hidden, h, previous + (token - load<i32>(active)) * width, 0);
      // What comes through the products.
      productNN(count, hidden, 2 * hidden, g, 3 * width, scratch, width, dh, width, dh, width);
      productNN(count, hidden, hidden, products, width, transposedC, width, dh, width, dh, width);
    }
  }
}

/** Gradients of up to four units; returns those of the attention. */
// @ts-ignore: decorator
@inline
function backwardUnits(
  gate: i32,
  width: usize,
  a: v128,
  gates: usize,
  recurrent: usize,
  previous: usize,
  dBefore: usize,
  dh: usize,
  left: i32,
): v128 {
  const one = f32x4.splat(1);
  const u = get(gates, left);
  const r = get(gates + width, left);
  const c = get(gates + 2 * width, left);
  const product = get(recurrent, left);
  const h = previous ? get(previous, left) : f32x4.splat(0);
  const d = get(dh, left);
  const moved = move(gate, u, a);
  const dMove = f32x4.mul(d, f32x4.sub(c, h));
  const dc = f32x4.mul(f32x4.mul(d, moved), f32x4.sub(one, f32x4.mul(c, c)));
  const du = f32x4.mul(f32x4.mul(dMove, moveByUpdate(gate, a)), f32x4.mul(u, f32x4.sub(one, u)));
  const dr = f32x4.mul(f32x4.mul(dc, product), f32x4.mul(r, f32x4.sub(one, r)));
  put(gates, du, left);
  put(gates + width, dr, left);
  put(gates + 2 * width, dc, left);
  put(recurrent, f32x4.mul(dc, r), left);
  const direct = f32x4.mul(d, f32x4.sub(one, moved));
  put(dh, dBefore ? f32x4.add(get(dBefore, left), direct) : direct, left);
  return gate == GRU ? f32x4.splat(0) : f32x4.mul(dMove, moveByAttention(gate, u));
}

/** The gates of a step: dh becomes the part of the states before that comes past the products, with dBefore. */
function stepBackward(
  count: i32,
  hidden: i32,
  gate: i32,
  gates: usize,
  recurrent: usize,
  previous: usize,
  attention: usize,
  dBefore: usize,
  dh: usize,
  dAttention: usize,
): void {
  const width = <usize>hidden << 2;
  for (let i = 0; i < count; i++) {
    const a = attention ? v128.load32_splat(attention + (<usize>i << 2)) : f32x4.splat(0);
    let da = f32x4.splat(0);
    let left = hidden;
    let at = gates;
    for (; left >= 4; left -= 4) {
      da = f32x4.add(da, backwardUnits(gate, width, a, at, recurrent, previous, dBefore, dh, 4));
      at += 16;
      recurrent += 16;
      dh += 16;
      if (previous) previous += 16;
      if (dBefore) dBefore += 16;
    }
    if (left > 0) {
      da = f32x4.add(da, backwardUnits(gate, width, a, at, recurrent, previous, dBefore, dh, left));
      const rest = <usize>left << 2;
      recurrent += rest;
      dh += rest;
      if (previous) previous += rest;
      if (dBefore) dBefore += rest;
    }
    if (dAttention) store<f32>(dAttention + (<usize>i << 2), sum4(da));
    gates += 3 * width;
  }
}
