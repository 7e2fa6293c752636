/** Recurrences over packed sequences in the four forms of the gate, and their gradients: sample by sample. */
import { Gate, type Kernels, type Pointer } from "../contract.ts";
import { sigmoid } from "./sigmoid.ts";
import type { Views } from "./views.ts";

type Recurrence = Pick<Kernels, "gruForward" | "gruBackward">;

/** How far the state moves towards the candidate. */
function move(gate: Gate, u: number, a: number): number {
  if (gate === Gate.gru) return u;
  if (gate === Gate.agru) return a;
  if (gate === Gate.augruPaper) return a * u;
  return 1 - (1 - a) * (1 - u);
}

/** Derivative of `move` by u. */
function moveByUpdate(gate: Gate, a: number): number {
  if (gate === Gate.gru) return 1;
  if (gate === Gate.agru) return 0;
  return gate === Gate.augruPaper ? a : 1 - a;
}

/** Derivative of `move` by a, for the gates that have it. */
function moveByAttention(gate: Gate, u: number): number {
  if (gate === Gate.agru) return 1;
  return gate === Gate.augruPaper ? u : 1 - u;
}

/** sum_k x[k] weight(k). */
function inner(x: Float32Array, weight: (k: number) => number): number {
  let sum = 0;
  for (let k = 0; k < x.length; k++) sum += x[k] * weight(k);
  return sum;
}

export function recurrence({ f32, i32 }: Views): Recurrence {
  /** Calls `visit` for each sample with its tokens in the order of time. */
  function eachSample(
    steps: number,
    offsets: Pointer,
    active: Pointer,
    visit: (sample: number, tokens: readonly number[]) => void,
  ): void {
    for (let sample = 0; steps > 0 && sample < i32[active / 4]; sample++) {
      const tokens: number[] = [];
      for (let t = 0; t < steps && sample < i32[active / 4 + t]; t++) tokens.push(i32[offsets / 4 + t] + sample);
      visit(sample, tokens);
    }
  }

  /** Row `row` of a matrix of `cols` columns at `p`. */
  const rowOf = (p: Pointer, row: number, cols: number) => f32.subarray(p / 4 + row * cols, p / 4 + (row + 1) * cols);

  return {
    gruForward(
      steps,
      H,
      gate,
      offsets,
      active,
      input,
      inputOffsets,
      reference,
      U,
      attention,
      states,
      last,
      gates,
      recurrent,
    ) {
      eachSample(steps, offsets, active, (sample, tokens) => {
        let h = new Float32Array(H);
        tokens.forEach((token, t) => {
          const at = reference ? i32[inputOffsets / 4 + t] + i32[reference / 4 + sample] : token;
          const x = rowOf(input, at, 3 * H).slice();
          const a = attention ? f32[attention / 4 + token] : 0;
          const product = (column: number) => inner(h, (k) => f32[U / 4 + k * 3 * H + column]);
          const next = new Float32Array(H);
          for (let j = 0; j < H; j++) {
            const u = sigmoid(x[j] + product(j));
            const r = sigmoid(x[H + j] + product(H + j));
            const ofCandidate = product(2 * H + j);
            const c = Math.tanh(x[2 * H + j] + r * ofCandidate);
            const moved = move(gate, u, a);
            next[j] = (1 - moved) * h[j] + moved * c;
            if (recurrent) rowOf(recurrent, token, H)[j] = ofCandidate;
            if (gates)
              for (const [gate, value] of [u, r, c].entries()) rowOf(gates, token, 3 * H)[gate * H + j] = value;
          }
          h = next;
          if (states) rowOf(states, token, H).set(h);
        });
        if (last) rowOf(last, sample, H).set(h);
      });
    },

    gruBackward(
      steps,
      H,
      gate,
      offsets,
      active,
      U,
      attention,
      states,
      gates,
      recurrent,
      dStates,
      dLast,
      dAttention,
      previous,
    ) {
      eachSample(steps, offsets, active, (sample, tokens) => {
        let dh = new Float64Array(H);
        if (dLast) dh.set(rowOf(dLast, sample, H));
        for (let t = tokens.length - 1; t >= 0; t--) {
          const token = tokens[t];
          const g = rowOf(gates, token, 3 * H);
          const products = rowOf(recurrent, token, H);
          const h = t > 0 ? rowOf(states, tokens[t - 1], H) : new Float32Array(H);
          const a = attention ? f32[attention / 4 + token] : 0;
          for (let j = 0; dStates && j < H; j++) dh[j] += rowOf(dStates, token, H)[j];
          let da = 0;
          const dBefore = new Float64Array(H);
          for (let j = 0; j < H; j++) {
            const [u, r, c] = [g[j], g[H + j], g[2 * H + j]];
            const moved = move(gate, u, a);
            const dMove = dh[j] * (c - h[j]);
            const dc = dh[j] * moved * (1 - c * c);
            if (gate !== Gate.gru) da += dMove * moveByAttention(gate, u);
            g[j] = dMove * moveByUpdate(gate, a) * u * (1 - u);
            g[H + j] = dc * products[j] * r * (1 - r);
            g[2 * H + j] = dc;
            products[j] = dc * r;
            dBefore[j] = dh[j] * (1 - moved);
          }
          if (dAttention) f32[dAttention / 4 + token] = da;
          if (t === 0) break;
          rowOf(previous, token - i32[active / 4], H).set(h);
          for (let k = 0; k < H; k++) {
            const row = rowOf(U, k, 3 * H);
            dBefore[k] += inner(g.subarray(0, 2 * H), (j) => row[j]) + inner(products, (j) => row[2 * H + j]);
          }
          dh = dBefore;
        }
      });
    },
  };
}
