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
import { isShared } from "./shared.ts";
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

/** What of a recurrence is read. */
type Read = "states" | "last";

/**
 * Runs x [tokens, D] through the recurrence from a zero state.
 * @param read what the caller reads of the result: states [tokens, H], and the last state of each sample [samples, H] (zero
 * for an empty history). Tokens are those of `attention`; without it those of x, which may be of shared sequences.
 * @param attention [tokens, 1]; required by every gate but `gru`
 */
export function recurrent<Name extends Read>(
  tape: Tape,
  packed: Packed,
  x: Tensor,
  parameters: RecurrentParameters,
  read: readonly Name[],
  gate: GateName = "gru",
  attention?: Tensor,
): Record<Name, Tensor> {
  if ((gate === "gru") !== (attention === undefined)) throw new Error("attention goes with a gate that reads it");
  const record = tape.training ? recordTraining : recordScoring;
  return record(tape, packed, x, parameters, read, gate, attention) as Record<Name, Tensor>;
}

function recordTraining(
  tape: Tape,
  packed: Packed,
  x: Tensor,
  { W, U, b }: RecurrentParameters,
  read: readonly Read[],
  gate: GateName,
  attention: Tensor | undefined,
): { states: Tensor; last?: Tensor } {
  if (isShared(packed, x)) throw new Error("training on shared sequences has no gradients yet");
  const { kernels } = tape;
  const { samples, tokens, pairs } = packed;
  const form = Gate[gate];
  const D = x.cols;
  const H = U.rows;
  const states = tape.tensor(tokens, H);
  const last = read.includes("last") ? tape.tensor(samples, H) : undefined;
  const gates = tape.scratch(tokens, 3 * H);
  const hUc = tape.scratch(tokens, H);
  const transposed = tape.fixedScratch(3 * H * Math.max(D, H));
  const previous = tape.scratch(pairs, H);
  const dAttention = attention && tape.scratch(tokens, 1);
  const outputs = { states, ...(last && { last }) };

  tape.record({
    name: "recurrent",
    inputs: { x, ...(attention && { attention }) },
    parameters: { W, U, b },
    outputs,
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
      if (last) copyLastStates(tape, packed, states, last);
    },
    backward() {
      tape.settle(states);
      if (last?.claimed) addLastGradients(tape, packed, last, states);
      kernels.transpose(H, 3 * H, U.value, 3 * H, transposed.value, H);
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
        addStateGradient(tape, rows, g, product, transposed, H, dPrevious);
        kernels.copyRows(rows, H, h, H, valueAt(previous, token - pairs.first), H, 0);
      }
      const { count } = tokens;
      const dGates = valueAt(gates, pairs.first);
      stateWeightGradient(tape, pairs.count, previous.value, dGates, valueAt(hUc, pairs.first), U);
      biasGradient(tape, count, gates.value, b);
      weightGradient(tape, count, x.value, gates.value, W);
      inputGradient(tape, x, gates.value, W, transposed);
      if (attention) kernels.copyRows(count, 1, dAttention!.value, 1, attention.grad, 1, tape.claim(attention));
    },
  });
  return outputs;
}

/**
 * As training, to the bit, but nothing is kept that nobody reads. Where only the last states are read, each step overwrites
 * the state before. Where x is of shared sequences, its projection is, too, and each sample reads the rows of its sequence;
 * without attention there is nothing else, and the recurrence itself is that of the sequences.
 */
function recordScoring(
  tape: Tape,
  packed: Packed,
  x: Tensor,
  { W, U, b }: RecurrentParameters,
  read: readonly Read[],
  gate: GateName,
  attention: Tensor | undefined,
): { states?: Tensor; last?: Tensor } {
  const { kernels } = tape;
  const form = Gate[gate];
  const H = U.rows;
  const inputs = isShared(packed, x) ? packed.sequences : packed;
  const layout = attention ? packed : inputs;
  const reference = layout === inputs ? 0 : packed.sequencePointer;
  const states = read.includes("states") ? tape.tensor(layout.tokens, H) : undefined;
  const last = read.includes("last") ? tape.tensor(packed.samples, H) : undefined;
  // Samples of one sequence may end at different steps of it.
  const kept = states ?? (layout === packed ? undefined : tape.scratch(layout.tokens, H));
  const projected = tape.scratch(x.rows, 3 * H);
  const scratch = tape.fixedScratch(48 * H);
  const outputs = { ...(states && { states }), ...(last && { last }) };
  tape.record({
    name: "recurrent",
    inputs: { x, ...(attention && { attention }) },
    parameters: { W, U, b },
    outputs,
    attributes: { packed, gate },
    forward() {
      multiplyWeight(tape, x.rows.count, x.value, W, projected.value, 0, b);
      const { steps, active, offsets } = layout;
      let h: Pointer = 0;
      for (let t = 0; t < steps; t++) {
        const input = valueAt(projected, inputs.offsets[t]);
        const a = attention ? valueAt(attention, offsets[t]) : 0;
        const next = kept ? valueAt(kept, offsets[t]) : last!.value;
        kernels.gruStep(active[t], H, form, input, reference, U.value, h, a, next, scratch.value);
        h = next;
      }
      if (!last) return;
      if (kept) copyLastStates(tape, packed, kept, last);
      else clearUnmoved(tape, packed, last);
    },
  });
  return outputs;
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

/** last [samples, H] = each sample's last state, 0 where there is none; states are of its own tokens or of its sequence's. */
function copyLastStates({ kernels }: Tape, packed: Packed, states: Scratch, last: Tensor): void {
  const { active, offsets, steps, sequences, sequencePointer } = packed;
  const H = states.cols;
  const ofSequences = states.rows !== packed.tokens;
  clearUnmoved({ kernels }, packed, last);
  for (let t = 0; t < steps; t++) {
    const first = t + 1 < steps ? active[t + 1] : 0;
    const count = active[t] - first;
    const to = valueAt(last, first);
    if (ofSequences) {
      kernels.gatherRows(count, H, sequencePointer + first * 4, valueAt(states, sequences.offsets[t]), to, H);
    } else kernels.copyRows(count, H, valueAt(states, offsets[t] + first), H, to, H, 0);
  }
}

/** The state of samples without a behaviour. */
function clearUnmoved({ kernels }: Pick<Tape, "kernels">, { active, steps, samples }: Packed, last: Tensor): void {
  const some = steps === 0 ? 0 : active[0];
  kernels.fill((samples.count - some) * last.cols, valueAt(last, some), 0);
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
