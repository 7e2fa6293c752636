/**
 * The recurrence over packed histories: GRU and its attention-gated forms (paper, eq. 2-5 and 9-12,
 * https://arxiv.org/abs/1809.03672), forward and backward through time.
 *
 * The input's projection x W + b is one product over all tokens, everything after it one kernel (`gruForward`). Backward
 * runs in place over what that kept (gates, h U_c), which become the gradients of the pre-activations.
 *
 * Where x is of sequences that samples share, its projection is, too, and each sample reads the rows of its sequence; in
 * backward they get the sum over the sequence's samples, so W and x see each token of a sequence once.
 */
import { Gate, type Pointer } from "../kernels/contract.ts";
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
  { W, U, b }: RecurrentParameters,
  read: readonly Name[],
  gate: GateName = "gru",
  attention?: Tensor,
): Record<Name, Tensor> {
  if ((gate === "gru") !== (attention === undefined)) throw new Error("attention goes with a gate that reads it");
  const { kernels, training } = tape;
  const form = Gate[gate];
  const H = U.rows;
  const inputs = isShared(packed, x) ? packed.sequences : packed;
  // Without attention nothing of it is the samples' own: the recurrence is that of the sequences.
  const layout = attention ? packed : inputs;
  const reads = (name: Read) => (read as readonly Read[]).includes(name);
  const states = training || reads("states") ? tape.tensor(layout.tokens, H) : undefined;
  const last = reads("last") ? tape.tensor(packed.samples, H) : undefined;
  // Samples of one sequence may end at different steps of it.
  const kept = states ?? (layout === packed ? undefined : tape.scratch(layout.tokens, H));
  const projected = tape.scratch(x.rows, 3 * H);
  const forBackward = training ? keepForBackward(tape, layout, inputs, projected, attention) : undefined;
  const scratch = tape.fixedScratch(training ? 3 * H * Math.max(H, x.cols) + 16 * H : 48 * H);
  const outputs = { ...(states && { states }), ...(last && { last }) };

  tape.record({
    name: "recurrent",
    inputs: { x, ...(attention && { attention }) },
    parameters: { W, U, b },
    outputs,
    attributes: { packed, gate },
    forward() {
      multiplyWeight(tape, x.rows.count, x.value, W, projected.value, 0, b);
      const reference = layout === inputs ? 0 : packed.sequencePointer;
      kernels.gruForward(
        layout.steps,
        H,
        form,
        layout.offsetsPointer,
        layout.activePointer,
        projected.value,
        inputs.offsetsPointer,
        reference,
        U.value,
        attention?.value ?? 0,
        kept?.value ?? 0,
        last && layout === packed ? last.value : 0,
        forBackward?.gates.value ?? 0,
        forBackward?.hUc.value ?? 0,
        scratch.value,
      );
      if (!last) return;
      clearUnmoved(tape, packed, last);
      if (layout !== packed) gatherLastStates(tape, packed, kept!, last);
    },
    ...(forBackward && {
      backward() {
        const { gates, hUc, previous, dAttention } = forBackward;
        const ofLast = last?.claimed ? last : undefined;
        if (ofLast && layout !== packed) addLastGradients(tape, packed, ofLast, states!);
        kernels.gruBackward(
          layout.steps,
          H,
          form,
          layout.offsetsPointer,
          layout.activePointer,
          U.value,
          attention?.value ?? 0,
          states!.value,
          gates.value,
          hUc.value,
          states!.claimed ? states!.grad : 0,
          ofLast && layout === packed ? ofLast.grad : 0,
          dAttention?.value ?? 0,
          previous.value,
          scratch.value,
        );
        const { pairs } = layout;
        const dGates = valueAt(gates, pairs.first);
        stateWeightGradient(tape, pairs.count, previous.value, dGates, valueAt(hUc, pairs.first), U);
        if (gates !== projected) addTokenGradients(tape, packed, gates, projected);
        biasGradient(tape, x.rows.count, projected.value, b);
        weightGradient(tape, x.rows.count, x.value, projected.value, W);
        inputGradient(tape, x, projected.value, W, scratch);
        if (attention) {
          const accumulate = tape.claim(attention);
          kernels.copyRows(layout.tokens.count, 1, dAttention!.value, 1, attention.grad, 1, accumulate);
        }
      },
    }),
  });
  return outputs as Record<Name, Tensor>;
}

/** What forward keeps for backward, and what backward computes before it is added up. */
interface ForBackward {
  /** [tokens, 3H] u | r | c, then their gradients; that of the projection is here where nothing is shared. */
  readonly gates: Scratch;
  /** [tokens, H] h U_c, then its gradient. */
  readonly hUc: Scratch;
  /** [pairs, H] the states before. */
  readonly previous: Scratch;
  /** [tokens, 1] */
  readonly dAttention: Scratch | undefined;
}

function keepForBackward(
  tape: Tape,
  layout: Packed,
  inputs: Packed,
  projected: Scratch,
  attention: Tensor | undefined,
): ForBackward {
  const { tokens, pairs } = layout;
  const H = projected.cols / 3;
  return {
    gates: layout === inputs ? projected : tape.scratch(tokens, 3 * H),
    hUc: tape.scratch(tokens, H),
    previous: tape.scratch(pairs, H),
    dAttention: attention && tape.scratch(tokens, 1),
  };
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

/** The state of samples without a behaviour is zero. */
function clearUnmoved({ kernels }: Tape, { active, steps, samples }: Packed, last: Tensor): void {
  const some = steps === 0 ? 0 : active[0];
  kernels.fill((samples.count - some) * last.cols, valueAt(last, some), 0);
}

/** last [samples, H] = the states [tokens of sequences, H] at which the samples of the sequences end. */
function gatherLastStates({ kernels }: Tape, packed: Packed, states: Scratch, last: Tensor): void {
  const { active, steps, sequences, sequencePointer } = packed;
  const H = last.cols;
  for (let t = 0; t < steps; t++) {
    const first = t + 1 < steps ? active[t + 1] : 0;
    const from = valueAt(states, sequences.offsets[t]);
    kernels.gatherRows(active[t] - first, H, sequencePointer + first * 4, from, valueAt(last, first), H);
  }
}

/** Its gradient, added to that of the states. */
function addLastGradients(tape: Tape, packed: Packed, last: Tensor, states: Tensor): void {
  const { active, steps, sequences, sequencePointer } = packed;
  const H = last.cols;
  tape.settle(states);
  for (let t = 0; t < steps; t++) {
    const first = t + 1 < steps ? active[t + 1] : 0;
    const to = gradientAt(states, sequences.offsets[t]);
    tape.kernels.addRows(active[t] - first, H, sequencePointer + first * 4, gradientAt(last, first), to);
  }
}

/** to [tokens of sequences, n] = the sum over each token's samples of from [tokens, n]. */
function addTokenGradients({ kernels }: Tape, packed: Packed, from: Scratch, to: Scratch): void {
  const { steps, activePointer, offsetsPointer, sequences, sequencePointer } = packed;
  const { cols } = to;
  kernels.fill(to.rows.count * cols, to.value, 0);
  const shared = sequences.offsetsPointer;
  kernels.addSteps(steps, cols, activePointer, offsetsPointer, shared, sequencePointer, from.value, to.value);
}
