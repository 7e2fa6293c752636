/** Steps of packed sequences: recurrence, and attention over them. */
import type { Gate, Pointer } from "./values.ts";

export interface SequenceKernels {
  /**
   * One recurrent step for `rows` samples (paper, eq. 2-5 and 10-12), after the products:
   *   gates[rows,3H]   in: x W + b, plus h U in the u and r columns; out: u | r | c, activated, kept for backward
   *   recurrent[rows,H]    h U_c (kept for backward)
   *   previous[rows,H]     h, or 0 for the zero state
   *   attention[rows]      a; 0 with Gate.gru
   *   next[rows,H]         c = tanh(gates_c + r * recurrent), h' = (1 - move) * h + move * c
   * All dense. The absolute error of tanh is below 2^-21.
   */
  gruForward(
    rows: number,
    hidden: number,
    gate: Gate,
    gates: Pointer,
    recurrent: Pointer,
    previous: Pointer,
    attention: Pointer,
    next: Pointer,
  ): void;

  /**
   * The same step with its products, where nothing is kept for backward, to the bit:
   *   input[., 3H]         x W + b; of row i it is row reference[i], or row i without `reference` (int32)
   *   U[H,3H]              the recurrent weight, columns update | reset | candidate
   *   previous, attention  as above
   *   next[rows,H]         h'; may be `previous` itself
   * `scratch` holds 48*H floats.
   */
  gruStep(
    rows: number,
    hidden: number,
    gate: Gate,
    input: Pointer,
    reference: Pointer,
    U: Pointer,
    previous: Pointer,
    attention: Pointer,
    next: Pointer,
    scratch: Pointer,
  ): void;

  /**
   * Gradient of `gruForward`, in place over what it kept:
   *   gates       in: u | r | c; out: gradient of the pre-activations (that is, of x W + b) u | r | c
   *   recurrent   in: h U_c;     out: its gradient (r * dc)
   *   dNext[rows,H]       gradient of h' (read)
   *   dPrevious[rows,H]   overwritten with the direct part dNext * (1 - move), without the part through the products;
   *                       0 where the state before was the zero state. In place allowed (dPrevious = dNext).
   *   dAttention[rows]    overwritten; 0 with Gate.gru
   */
  gruBackward(
    rows: number,
    hidden: number,
    gate: Gate,
    gates: Pointer,
    recurrent: Pointer,
    previous: Pointer,
    attention: Pointer,
    dNext: Pointer,
    dPrevious: Pointer,
    dAttention: Pointer,
  ): void;

  /**
   * out = softmax of `scores` over each sample's own steps. Tokens are packed time-major: step t has active[t] tokens,
   * those of samples 0 .. active[t]-1, from token offsets[t] on; active never grows with t, active[0] <= samples.
   * `offsets`, `active` are int32 arrays of `steps` elements; `scratch` holds 2*samples floats. In place allowed.
   * The relative error of e^x is below 2^-22 for x, the distance to the largest score, down to -87; below -87.33 it is 0.
   */
  softmaxSteps(
    samples: number,
    steps: number,
    offsets: Pointer,
    active: Pointer,
    scores: Pointer,
    out: Pointer,
    scratch: Pointer,
  ): void;

  /** dScores = y * (dy - sum over the sample's steps of y dy), in place allowed (dScores = dy). `scratch`: samples floats. */
  softmaxStepsBackward(
    samples: number,
    steps: number,
    offsets: Pointer,
    active: Pointer,
    y: Pointer,
    dy: Pointer,
    dScores: Pointer,
    scratch: Pointer,
  ): void;
}
