/**
 * The recurrence over packed histories: GRU and its attention-gated forms (paper, eq. 2-5 and 9-12,
 * https://arxiv.org/abs/1809.03672), forward and backward through time.
 *
 *   gates = x W + b + [h U_u, h U_r, 0]      one product over all tokens, then one over the active rows of each step
 *   c     = tanh(gates_c + r * (h U_c))      reset acts after the recurrent product
 *   h'    = (1 - move) * h + move * c        move: see `Gate` in the kernel contract
 *
 * Backward runs in place over what forward kept (gates, h U_c), which become the gradients of the pre-activations.
 */
import { Activation, Gate, type Pointer } from "../kernels/contract.ts";
import type { Packed } from "../tensor/packed.ts";
import type { GateName } from "./operation.ts";
import type { Tape } from "./tape.ts";
import type { Parameter, Tensor } from "./values.ts";

export interface RecurrentParameters {
  /** [D, 3H], columns update | reset | candidate */
  readonly W: Parameter;
  /** [H, 3H] */
  readonly U: Parameter;
  /** [1, 3H] */
  readonly b: Parameter;
}

/**
 * Runs x [tokens, D] through the recurrence from a zero state.
 * @param attention [tokens, 1]; required by every gate but `gru`
 * @returns states [tokens, H], and the last state of each sample [samples, H] (zero for an empty history)
 */
export function recurrent(
  tape: Tape,
  packed: Packed,
  x: Tensor,
  { W, U, b }: RecurrentParameters,
  gate: GateName = "gru",
  attention?: Tensor,
): { states: Tensor; last: Tensor } {
  if ((gate === "gru") !== (attention === undefined)) throw new Error("attention goes with a gate that reads it");
  const { kernels } = tape;
  const { samples, tokens, pairs } = packed;
  const form = Gate[gate];
  const D = x.cols;
  const H = U.rows;
  const row = H * 4;
  const states = tape.tensor(tokens, H);
  const last = tape.tensor(samples, H);
  const gates = tape.scratch(tokens, 3 * H);
  const candidate = tape.scratch(tokens, H);
  const transposed = tape.training ? tape.fixedScratch(3 * H * Math.max(D, H)) : undefined;
  const previous = tape.training ? tape.scratch(pairs, H) : undefined;
  const dAttention = tape.training && attention ? tape.scratch(tokens, 1) : undefined;

  tape.record({
    name: "recurrent",
    inputs: { x, ...(attention && { attention }) },
    parameters: { W, U, b },
    outputs: { states, last },
    attributes: { packed, gate },
    forward() {
      kernels.gemmNN(
        tokens.count,
        3 * H,
        D,
        x.value,
        D,
        W.value,
        3 * H,
        gates.value,
        3 * H,
        b.value,
        Activation.none,
        0,
      );
      let before: Pointer = 0;
      for (let t = 0; t < packed.steps; t++) {
        const rows = packed.active[t];
        const token = packed.offsets[t];
        const g = gates.value + token * 3 * row;
        const hc = candidate.value + token * row;
        if (t === 0) kernels.fill(rows * H, hc, 0);
        else {
          kernels.gemmNN(rows, 2 * H, H, before, H, U.value, 3 * H, g, 3 * H, 0, Activation.none, 1);
          kernels.gemmNN(rows, H, H, before, H, U.value + 2 * row, 3 * H, hc, H, 0, Activation.none, 0);
        }
        const h = states.value + token * row;
        kernels.gruForward(rows, H, form, g, hc, before, attention ? attention.value + token * 4 : 0, h);
        before = h;
      }
      lastStates(tape, packed, H, states.value, last.value, false);
    },
    backward() {
      tape.settle(states);
      if (last.claimed) lastStates(tape, packed, H, states.grad, last.grad, true);
      kernels.transpose(H, 3 * H, U.value, 3 * H, transposed!.value, H);
      const transposedC = transposed!.value + 2 * H * row;
      for (let t = packed.steps - 1; t >= 0; t--) {
        const rows = packed.active[t];
        const token = packed.offsets[t];
        const g = gates.value + token * 3 * row;
        const hc = candidate.value + token * row;
        const dh = states.grad + token * row;
        const a = attention ? attention.value + token * 4 : 0;
        const da = dAttention ? dAttention.value + token * 4 : 0;
        const before = t === 0 ? 0 : states.value + packed.offsets[t - 1] * row;
        kernels.gruBackward(rows, H, form, g, hc, before, a, dh, t === 0 ? 0 : dh, da);
        if (t === 0) continue;
        // dh now holds the direct part of the gradient of the state before; the parts through the products join it
        // there.
        const dBefore = states.grad + packed.offsets[t - 1] * row;
        kernels.copyRows(rows, H, dh, H, dBefore, H, 1);
        kernels.gemmNN(rows, H, 2 * H, g, 3 * H, transposed!.value, H, dBefore, H, 0, Activation.none, 1);
        kernels.gemmNN(rows, H, H, hc, H, transposedC, H, dBefore, H, 0, Activation.none, 1);
        kernels.copyRows(rows, H, before, H, previous!.value + (token - pairs.first) * row, H, 0);
      }
      const accumulateU = tape.claim(U);
      const g = gates.value + pairs.first * 3 * row;
      const hc = candidate.value + pairs.first * row;
      kernels.gemmTN(H, 2 * H, pairs.count, previous!.value, H, g, 3 * H, U.grad, 3 * H, accumulateU);
      kernels.gemmTN(H, H, pairs.count, previous!.value, H, hc, H, U.grad + 2 * row, 3 * H, accumulateU);
      const count = tokens.count;
      kernels.columnSums(count, 3 * H, gates.value, 3 * H, b.grad, tape.claim(b));
      kernels.gemmTN(D, 3 * H, count, x.value, D, gates.value, 3 * H, W.grad, 3 * H, tape.claim(W));
      kernels.gemmNT(count, D, 3 * H, gates.value, 3 * H, W.value, 3 * H, x.grad, D, tape.claim(x), transposed!.value);
      if (attention) kernels.copyRows(count, 1, dAttention!.value, 1, attention.grad, 1, tape.claim(attention));
    },
  });
  return { states, last };
}

/**
 * Copies each sample's last state from `states` to `last` (zeros where there is none) or, backward, adds `last` to it.
 * The samples whose history ends at step t are those from active[t+1] to active[t]-1.
 */
function lastStates(tape: Tape, packed: Packed, H: number, states: Pointer, last: Pointer, backward: boolean): void {
  const { kernels } = tape;
  const { active, offsets, steps, samples } = packed;
  const empty = steps === 0 ? 0 : active[0];
  if (!backward) kernels.fill((samples.count - empty) * H, last + empty * H * 4, 0);
  for (let t = 0; t < steps; t++) {
    const first = t + 1 < steps ? active[t + 1] : 0;
    const state = states + (offsets[t] + first) * H * 4;
    const at = last + first * H * 4;
    if (backward) kernels.copyRows(active[t] - first, H, at, H, state, H, 1);
    else kernels.copyRows(active[t] - first, H, state, H, at, H, 0);
  }
}
