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
import { biasGradient, inputGradient, multiplyWeight, weightGradient } from "./matmul.ts";
import type { GateName } from "./operation.ts";
import type { Tape } from "./tape.ts";
import { gradientAt, type Parameter, type Scratch, type Tensor, valueAt } from "./values.ts";

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
  const { kernels, training } = tape;
  const { samples, tokens, pairs } = packed;
  const form = Gate[gate];
  const D = x.cols;
  const H = U.rows;
  const states = tape.tensor(tokens, H);
  const last = tape.tensor(samples, H);
  const gates = tape.scratch(tokens, 3 * H);
  const hUc = tape.scratch(tokens, H);
  const transposed = training ? tape.fixedScratch(3 * H * Math.max(D, H)) : undefined;
  const previous = training ? tape.scratch(pairs, H) : undefined;
  const dAttention = training && attention ? tape.scratch(tokens, 1) : undefined;

  tape.record({
    name: "recurrent",
    inputs: { x, ...(attention && { attention }) },
    parameters: { W, U, b },
    outputs: { states, last },
    attributes: { packed, gate },
    forward() {
      multiplyWeight(tape, tokens.count, x.value, W, gates.value, 0, b);
      let h: Pointer = 0;
      for (let t = 0; t < packed.steps; t++) {
        const rows = packed.active[t];
        const token = packed.offsets[t];
        const g = valueAt(gates, token);
        const product = valueAt(hUc, token);
        if (t === 0) kernels.fill(rows * H, product, 0);
        else multiplyState(tape, rows, h, U, g, product);
        const next = valueAt(states, token);
        kernels.gruForward(rows, H, form, g, product, h, attention ? valueAt(attention, token) : 0, next);
        h = next;
      }
      copyLastStates(tape, packed, states, last);
    },
    backward() {
      tape.settle(states);
      if (last.claimed) addLastGradients(tape, packed, last, states);
      kernels.transpose(H, 3 * H, U.value, 3 * H, transposed!.value, H);
      for (let t = packed.steps - 1; t >= 0; t--) {
        const rows = packed.active[t];
        const token = packed.offsets[t];
        const g = valueAt(gates, token);
        const product = valueAt(hUc, token);
        const dh = gradientAt(states, token);
        const a = attention ? valueAt(attention, token) : 0;
        const da = dAttention ? valueAt(dAttention, token) : 0;
        const h = t === 0 ? 0 : valueAt(states, packed.offsets[t - 1]);
        kernels.gruBackward(rows, H, form, g, product, h, a, dh, t === 0 ? 0 : dh, da);
        if (t === 0) continue;
        // dh now holds the direct part of the gradient of the state before. There the parts through the products join it.
        const dPrevious = gradientAt(states, packed.offsets[t - 1]);
        kernels.copyRows(rows, H, dh, H, dPrevious, H, 1);
        addStateGradient(tape, rows, g, product, transposed!, H, dPrevious);
        kernels.copyRows(rows, H, h, H, valueAt(previous!, token - pairs.first), H, 0);
      }
      const { count } = tokens;
      const dGates = valueAt(gates, pairs.first);
      stateWeightGradient(tape, pairs.count, previous!.value, dGates, valueAt(hUc, pairs.first), U);
      biasGradient(tape, count, gates.value, b);
      weightGradient(tape, count, x.value, gates.value, W);
      inputGradient(tape, x, gates.value, W, transposed!);
      if (attention) kernels.copyRows(count, 1, dAttention!.value, 1, attention.grad, 1, tape.claim(attention));
    },
  });
  return { states, last };
}

// --- products with U [H, 3H] ------------------------------------------------------------------------------------------
// U_ur is its first 2H columns, for the first 2H columns of the gates [rows, 3H]. U_c is its last H columns, for
// h U_c [rows, H]. In the transposed U they are the first 2H rows and the last H.

/** gates_ur += h U_ur, and hUc = h U_c. */
function multiplyState({ kernels }: Tape, rows: number, h: Pointer, U: Parameter, gates: Pointer, hUc: Pointer): void {
  const H = U.rows;
  const U_c = U.value + 2 * H * 4;
  kernels.gemmNN(rows, 2 * H, H, h, H, U.value, 3 * H, gates, 3 * H, 0, Activation.none, 1);
  kernels.gemmNN(rows, H, H, h, H, U_c, 3 * H, hUc, H, 0, Activation.none, 0);
}

/** dh += dGates_ur U_ur^T + dHUc U_c^T; `transposed` holds U^T. */
function addStateGradient(
  { kernels }: Tape,
  rows: number,
  dGates: Pointer,
  dHUc: Pointer,
  transposed: Scratch,
  H: number,
  dh: Pointer,
): void {
  const U_cT = transposed.value + 2 * H * H * 4;
  kernels.gemmNN(rows, H, 2 * H, dGates, 3 * H, transposed.value, H, dh, H, 0, Activation.none, 1);
  kernels.gemmNN(rows, H, H, dHUc, H, U_cT, H, dh, H, 0, Activation.none, 1);
}

/** dU (+)= h^T [dGates_ur, dHUc]. */
function stateWeightGradient(tape: Tape, rows: number, h: Pointer, dGates: Pointer, dHUc: Pointer, U: Parameter): void {
  const { kernels } = tape;
  const H = U.rows;
  const accumulate = tape.claim(U);
  kernels.gemmTN(H, 2 * H, rows, h, H, dGates, 3 * H, U.grad, 3 * H, accumulate);
  kernels.gemmTN(H, H, rows, h, H, dHUc, H, U.grad + 2 * H * 4, 3 * H, accumulate);
}

// --- the last state of each sample ------------------------------------------------------------------------------------
// The samples whose history ends at step t are those from active[t + 1] to active[t] - 1.

/** last [samples, H] = each sample's last state, 0 where there is none. */
function copyLastStates({ kernels }: Tape, packed: Packed, states: Tensor, last: Tensor): void {
  const { active, offsets, steps, samples } = packed;
  const H = states.cols;
  const some = steps === 0 ? 0 : active[0];
  kernels.fill((samples.count - some) * H, valueAt(last, some), 0);
  for (let t = 0; t < steps; t++) {
    const first = t + 1 < steps ? active[t + 1] : 0;
    kernels.copyRows(active[t] - first, H, valueAt(states, offsets[t] + first), H, valueAt(last, first), H, 0);
  }
}

/** Adds the gradient of `last` to that of each sample's last state. */
function addLastGradients({ kernels }: Tape, packed: Packed, last: Tensor, states: Tensor): void {
  const { active, offsets, steps } = packed;
  const H = states.cols;
  for (let t = 0; t < steps; t++) {
    const first = t + 1 < steps ? active[t + 1] : 0;
    kernels.copyRows(active[t] - first, H, gradientAt(last, first), H, gradientAt(states, offsets[t] + first), H, 1);
  }
}
