/** Steps of packed sequences: recurrence, and attention over them. */
import type { Accumulate, Gate, Pointer } from "./values.ts";

export interface SequenceKernels {
  /**
   * A recurrence from a zero state (paper, eq. 2-5 and 10-12), step after step:
   *   u, r = sigmoid(input_ur + h U_ur)   c = tanh(input_c + r * (h U_c))   h' = (1 - move) * h + move * c
   * Packed tokens are given by `offsets` and `active`, as for `softmaxSteps`.
   *   input[., 3H]          x W + b. The row of a token is its own; with `reference` (int32), where samples share sequences,
   *                         that of sample i at step t is inputOffsets[t] + reference[i]
   *   U[H,3H]               the recurrent weight, columns update | reset | candidate
   *   attention[tokens]     a; 0 with Gate.gru
   *   states[tokens,H]      h'; may be 0 where `last` is given
   *   last[active[0],H]     the last h' of each sample; may be 0 where `states` is given
   *   gates[tokens,3H]      u | r | c, and
   *   recurrent[tokens,H]   h U_c: kept for backward, or both 0. Without `reference`, gates may be `input`
   * `scratch` holds 48*H floats where nothing is kept. The absolute error of tanh is below 2^-21.
   */
  gruForward(
    steps: number,
    hidden: number,
    gate: Gate,
    offsets: Pointer,
    active: Pointer,
    input: Pointer,
    inputOffsets: Pointer,
    reference: Pointer,
    U: Pointer,
    attention: Pointer,
    states: Pointer,
    last: Pointer,
    gates: Pointer,
    recurrent: Pointer,
    scratch: Pointer,
  ): void;

  /**
   * Gradient of `gruForward`, in place over what it kept:
   *   gates[tokens,3H]      in: u | r | c; out: gradient of the pre-activations, that is of each token's input, u | r | c
   *   recurrent[tokens,H]   in: h U_c;     out: its gradient
   *   states[tokens,H]      h', as forward left them
   *   dStates[tokens,H]     gradient of `states`, beside that which comes through later steps; or 0: there is none
   *   dLast[active[0],H]    gradient of `last`, or 0
   *   dAttention[tokens]    overwritten; 0 with Gate.gru
   *   previous[pairs,H]     overwritten with the state before each token of step 1 and later: with the gradients of these
   *                         tokens' gates and h U_c it makes that of U
   * `scratch` holds 3*H*H + 16*H floats.
   */
  gruBackward(
    steps: number,
    hidden: number,
    gate: Gate,
    offsets: Pointer,
    active: Pointer,
    U: Pointer,
    attention: Pointer,
    states: Pointer,
    gates: Pointer,
    recurrent: Pointer,
    dStates: Pointer,
    dLast: Pointer,
    dAttention: Pointer,
    previous: Pointer,
    scratch: Pointer,
  ): void;

  /**
   * The tokens of samples from those of the sequences that they share: row i of step t is row reference[i] of the step there,
   *   out[offsets[t] + i, 0..cols) = x[sequenceOffsets[t] + reference[i], 0..cols)   for i below active[t]
   * `active`, `offsets` and `sequenceOffsets` are int32 arrays of `steps` elements, as for `softmaxSteps`; all rows are dense.
   */
  gatherSteps(
    steps: number,
    cols: number,
    active: Pointer,
    offsets: Pointer,
    sequenceOffsets: Pointer,
    reference: Pointer,
    x: Pointer,
    out: Pointer,
  ): void;

  /**
   * Its gradient, step by step in the order of i:
   *   out[sequenceOffsets[t] + reference[i], 0..cols) += x[offsets[t] + i, 0..cols)
   * Without `offsets` the rows of x are those of the samples, the same at each step.
   */
  addSteps(
    steps: number,
    cols: number,
    active: Pointer,
    offsets: Pointer,
    sequenceOffsets: Pointer,
    reference: Pointer,
    x: Pointer,
    out: Pointer,
  ): void;

  /**
   * out[i, 0..cols) (+)= the sum over the steps t of sample i, in their order, of weight[token] * x[token, 0..cols), 1 without
   * `weight`. Tokens are packed as for `softmaxSteps`. With `reference` (int32) a token's row of x is that of a sequence:
   * xOffsets[t] + reference[i]. `samples` rows of out are written, those without a token as sums of nothing.
   */
  sumSteps(
    samples: number,
    steps: number,
    cols: number,
    offsets: Pointer,
    active: Pointer,
    weight: Pointer,
    x: Pointer,
    xOffsets: Pointer,
    reference: Pointer,
    out: Pointer,
    accumulate: Accumulate,
  ): void;

  /** out[token, 0..cols) (+)= weight[token] * x[i, 0..cols) with the token's sample i, 1 without `weight`. */
  spreadSteps(
    steps: number,
    cols: number,
    offsets: Pointer,
    active: Pointer,
    weight: Pointer,
    x: Pointer,
    out: Pointer,
    accumulate: Accumulate,
  ): void;

  /** out[token] (+)= sum_j x[token, j] * y[i, j] with the token's sample i; rows of x as for `sumSteps`. */
  dotSteps(
    steps: number,
    cols: number,
    offsets: Pointer,
    active: Pointer,
    x: Pointer,
    xOffsets: Pointer,
    reference: Pointer,
    y: Pointer,
    out: Pointer,
    accumulate: Accumulate,
  ): void;

  /** out[token - active[0], 0..cols) = x of the same sample's token before, for each token of step 1 and later. */
  precedingSteps(steps: number, cols: number, offsets: Pointer, active: Pointer, x: Pointer, out: Pointer): void;

  /** Its gradient: out of the token before += x[token - active[0], 0..cols). */
  addPrecedingSteps(steps: number, cols: number, offsets: Pointer, active: Pointer, x: Pointer, out: Pointer): void;

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
