/** The recurrent step in its four gate forms (contract: `Gate`), and its gradient. */
import { sigmoid } from "./elementwise";
import { tanh4 } from "./math";
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

/** Candidate and next state of up to four units; `gates` already holds u and r. */
// @ts-ignore: decorator
@inline
function forwardStep(
  gate: i32,
  width: usize,
  a: v128,
  gates: usize,
  recurrent: usize,
  previous: usize,
  next: usize,
  left: i32,
): void {
  const c = tanh4(madd(get(gates + width, left), get(recurrent, left), get(gates + 2 * width, left)));
  const h = previous ? get(previous, left) : f32x4.splat(0);
  put(gates + 2 * width, c, left);
  put(next, madd(move(gate, get(gates, left), a), f32x4.sub(c, h), h), left);
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
    // u and r first, then what depends on r: the processor cannot see far enough ahead to overlap both in one loop.
    sigmoid(2 * hidden, gates, gates);
    const a = attention ? v128.load32_splat(attention + (<usize>i << 2)) : f32x4.splat(0);
    const h = previous ? previous + <usize>i * width : 0;
    let left = hidden;
    let j: usize = 0;
    for (; left >= 4; left -= 4, j += 16) {
      forwardStep(gate, width, a, gates + j, recurrent + j, h ? h + j : 0, next + j, 4);
    }
    if (left > 0) forwardStep(gate, width, a, gates + j, recurrent + j, h ? h + j : 0, next + j, left);
    gates += 3 * width;
    recurrent += width;
    next += width;
  }
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
