/** The recurrent step in its four gate forms (contract: `Gate`), and its gradient. */
import { sigmoid4, tanh4 } from "./math";
import { get, madd, put, sum4 } from "./simd";

const GRU = 0;
const AGRU = 1;
const AUGRU = 2;

/** How far the state moves towards the candidate. */
// @ts-ignore: decorator
@inline
function move(gate: i32, u: v128, a: v128): v128 {
  if (gate == GRU) return u;
  if (gate == AGRU) return a;
  if (gate == AUGRU) return f32x4.mul(a, u);
  // 1 - (1 - a)(1 - u)
  return f32x4.add(u, f32x4.mul(a, f32x4.sub(f32x4.splat(1), u)));
}

/** Derivative of `move` by u. */
// @ts-ignore: decorator
@inline
function moveByUpdate(gate: i32, a: v128): v128 {
  if (gate == GRU) return f32x4.splat(1);
  if (gate == AGRU) return f32x4.splat(0);
  return gate == AUGRU ? a : f32x4.sub(f32x4.splat(1), a);
}

/** Derivative of `move` by a. */
// @ts-ignore: decorator
@inline
function moveByAttention(gate: i32, u: v128): v128 {
  if (gate == AGRU) return f32x4.splat(1);
  return gate == AUGRU ? u : f32x4.sub(f32x4.splat(1), u);
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
  const zero = f32x4.splat(0);
  const width = <usize>hidden << 2;
  for (let i = 0; i < rows; i++) {
    const a = attention ? v128.load32_splat(attention + (<usize>i << 2)) : zero;
    for (let left = hidden, j: usize = 0; left > 0; left -= 4, j += 16) {
      const u = sigmoid4(get(gates + j, left));
      const r = sigmoid4(get(gates + j + width, left));
      const c = tanh4(madd(r, get(recurrent + j, left), get(gates + j + 2 * width, left)));
      const h = previous ? get(previous + j, left) : zero;
      put(gates + j, u, left);
      put(gates + j + width, r, left);
      put(gates + j + 2 * width, c, left);
      put(next + j, madd(move(gate, u, a), f32x4.sub(c, h), h), left);
    }
    gates += 3 * width;
    recurrent += width;
    if (previous) previous += width;
    next += width;
  }
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
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  const width = <usize>hidden << 2;
  for (let i = 0; i < rows; i++) {
    const a = attention ? v128.load32_splat(attention + (<usize>i << 2)) : zero;
    let da = zero;
    for (let left = hidden, j: usize = 0; left > 0; left -= 4, j += 16) {
      const u = get(gates + j, left);
      const r = get(gates + j + width, left);
      const c = get(gates + j + 2 * width, left);
      const product = get(recurrent + j, left);
      const h = previous ? get(previous + j, left) : zero;
      const dh = get(dNext + j, left);
      const moved = move(gate, u, a);
      const dMove = f32x4.mul(dh, f32x4.sub(c, h));
      const dc = f32x4.mul(f32x4.mul(dh, moved), f32x4.sub(one, f32x4.mul(c, c)));
      if (gate != GRU) da = f32x4.add(da, f32x4.mul(dMove, moveByAttention(gate, u)));
      const du = f32x4.mul(f32x4.mul(dMove, moveByUpdate(gate, a)), f32x4.mul(u, f32x4.sub(one, u)));
      const dr = f32x4.mul(f32x4.mul(dc, product), f32x4.mul(r, f32x4.sub(one, r)));
      put(gates + j, du, left);
      put(gates + j + width, dr, left);
      put(gates + j + 2 * width, dc, left);
      put(recurrent + j, f32x4.mul(dc, r), left);
      if (dPrevious) put(dPrevious + j, f32x4.mul(dh, f32x4.sub(one, moved)), left);
    }
    if (dAttention) store<f32>(dAttention + (<usize>i << 2), sum4(da));
    gates += 3 * width;
    recurrent += width;
    if (previous) previous += width;
    dNext += width;
    if (dPrevious) dPrevious += width;
  }
}
