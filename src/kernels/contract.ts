/**
 * The kernel contract: everything that the engine needs from its compute core.
 *
 * A kernel is a function over byte offsets into one linear memory. It allocates nothing, keeps no state and knows no
 * tensor, layer or model. `reference/` computes in plain loops what each kernel is; `assembly/` holds the SIMD build,
 * loaded by `wasm/`, which must agree with it (`test/kernels`). A native build over the same memory could replace either.
 *
 * Conventions
 * - Matrices are row-major float32. `lda` is the distance between rows of `a` in elements, at least its column count.
 * - Every pointer is a multiple of 4 (float32, int32). Pointer 0 means "absent" where a parameter is optional.
 * - `accumulate` 0 overwrites the output (its old content, even NaN, is never read); 1 adds to it.
 * - Sizes of 0 are legal and do nothing, except that an overwriting product over k = 0 writes zeros (plus bias).
 * - The rows of an input of `multiply` (a), `rowDot` (a), `rowScale` (x), `copyRows` (x) and `gemmNN` (a) may be 0 apart: one
 *   row then stands for all of them.
 * - Outputs overlap no input unless a kernel says "in place".
 * - Shapes: B samples, T steps, H hidden units. Packed tokens: see `tensor/packed.ts`.
 */

/** A byte offset into the linear memory; 0 is "absent". */
export type Pointer = number;

/** 1 adds to the output, 0 overwrites it. */
export type Accumulate = 0 | 1;

/** Activation that `gemm` applies to each finished element. */
export const Activation = { none: 0, sigmoid: 1 } as const;
export type Activation = (typeof Activation)[keyof typeof Activation];

/**
 * How attention a_t enters a recurrent step `h' = (1 - move) * h + move * c` (design: docs/decisions/0002):
 * gru            move = u
 * agru           move = a                        (paper, eq. 10: the update gate is replaced)
 * augruPaper     move = a * u                    (paper, eq. 11-12: the update gate is scaled)
 * augruReleased  move = 1 - (1 - a) * (1 - u)    (the code that the authors released: the keep gate is scaled)
 */
export const Gate = { gru: 0, agru: 1, augruPaper: 2, augruReleased: 3 } as const;
export type Gate = (typeof Gate)[keyof typeof Gate];

export interface Kernels {
  // --- products ----------------------------------------------------------------------------------------------

  /** C[m,n] = act(A[m,k] B[k,n] + bias[n]); with accumulate C = act(C + A B + bias). `bias` optional. */
  gemmNN(
    m: number,
    n: number,
    k: number,
    a: Pointer,
    lda: number,
    b: Pointer,
    ldb: number,
    c: Pointer,
    ldc: number,
    bias: Pointer,
    activation: Activation,
    accumulate: Accumulate,
  ): void;

  /** C[m,n] (+)= A[m,k] B[n,k]^T. `scratch` holds k*n floats (16-byte aligned), for the transposed B. */
  gemmNT(
    m: number,
    n: number,
    k: number,
    a: Pointer,
    lda: number,
    b: Pointer,
    ldb: number,
    c: Pointer,
    ldc: number,
    accumulate: Accumulate,
    scratch: Pointer,
  ): void;

  /** C[m,n] (+)= A[k,m]^T B[k,n]: a weight gradient, summed over k rows (tokens), rows in ascending order. */
  gemmTN(
    m: number,
    n: number,
    k: number,
    a: Pointer,
    lda: number,
    b: Pointer,
    ldb: number,
    c: Pointer,
    ldc: number,
    accumulate: Accumulate,
  ): void;

  /** out[cols,rows] = x[rows,cols]^T. */
  transpose(rows: number, cols: number, x: Pointer, ldx: number, out: Pointer, ldo: number): void;

  // --- element-wise and row-wise -------------------------------------------------------------------------------

  /** out[i] = value. */
  fill(count: number, out: Pointer, value: number): void;

  /** out[i,j] (+)= x[i,j]. */
  copyRows(
    rows: number,
    cols: number,
    x: Pointer,
    ldx: number,
    out: Pointer,
    ldo: number,
    accumulate: Accumulate,
  ): void;

  /** out[i] (+)= factor * x[i]. In place allowed (x = out). */
  scale(count: number, factor: number, x: Pointer, out: Pointer, accumulate: Accumulate): void;

  /** out[i,j] (+)= a[i,j] * b[i,j]. In place allowed (out = a or out = b, with equal leading dimension). */
  multiply(
    rows: number,
    cols: number,
    a: Pointer,
    lda: number,
    b: Pointer,
    ldb: number,
    out: Pointer,
    ldo: number,
    accumulate: Accumulate,
  ): void;

  /** out[i] (+)= sum_j a[i,j] * b[i,j]; `out` is dense. */
  rowDot(
    rows: number,
    cols: number,
    a: Pointer,
    lda: number,
    b: Pointer,
    ldb: number,
    out: Pointer,
    accumulate: Accumulate,
  ): void;

  /** out[i,j] (+)= weight[i] * x[i,j]. In place allowed (out = x). */
  rowScale(
    rows: number,
    cols: number,
    x: Pointer,
    ldx: number,
    weight: Pointer,
    out: Pointer,
    ldo: number,
    accumulate: Accumulate,
  ): void;

  /** out[j] (+)= sum_i x[i,j], rows in ascending order: a bias gradient. */
  columnSums(rows: number, cols: number, x: Pointer, ldx: number, out: Pointer, accumulate: Accumulate): void;

  /** out[i] = 1 / (1 + e^-x[i]), absolute error below 2^-22. In place allowed. */
  sigmoid(count: number, x: Pointer, out: Pointer): void;

  /** dx[i] = dy[i] * y[i] * (1 - y[i]) with y = sigmoid(x). In place allowed (dx = dy). */
  sigmoidBackward(count: number, y: Pointer, dy: Pointer, dx: Pointer): void;

  // --- activations with parameters (dense [rows, cols]) --------------------------------------------------------

  /** y = x where x > 0, else slope[j] * x (He et al. 2015, https://arxiv.org/abs/1502.01852). */
  preluForward(rows: number, cols: number, x: Pointer, slope: Pointer, y: Pointer): void;

  /** dx = dy * (x > 0 ? 1 : slope[j]), in place allowed (dx = dy); dSlope[j] (+)= sum_i (x > 0 ? 0 : x * dy). */
  preluBackward(
    rows: number,
    cols: number,
    x: Pointer,
    slope: Pointer,
    dy: Pointer,
    dx: Pointer,
    dSlope: Pointer,
    accumulateSlope: Accumulate,
  ): void;

  /** mean[j] and biased variance[j] of each column; rows >= 1 (two passes: the variance never goes negative). */
  moments(rows: number, cols: number, x: Pointer, mean: Pointer, variance: Pointer): void;

  /**
   * Dice (Zhou et al. 2018, https://arxiv.org/abs/1706.06978): y = p x + (1 - p) alpha[j] x,
   * p = sigmoid((x - mean) / sqrt(variance + epsilon)).
   */
  diceForward(
    rows: number,
    cols: number,
    x: Pointer,
    mean: Pointer,
    variance: Pointer,
    epsilon: number,
    alpha: Pointer,
    y: Pointer,
  ): void;

  /**
   * Gradient of Dice where mean and variance are those of x itself and take part in the gradient.
   * dx overwrites; in place allowed (dx = dy). dAlpha[j] (+)= sum_i dy (1 - p) x.
   */
  diceBackward(
    rows: number,
    cols: number,
    x: Pointer,
    mean: Pointer,
    variance: Pointer,
    epsilon: number,
    alpha: Pointer,
    dy: Pointer,
    dx: Pointer,
    dAlpha: Pointer,
    accumulateAlpha: Accumulate,
  ): void;

  // --- losses ----------------------------------------------------------------------------------------------------

  /**
   * Returns sum_i of weight[i] times the binary cross-entropy of logit[i] with label[i] in [0, 1], as
   * log(1 + e^-|z|) + max(z, 0) - z y. Without `weight` it is 1.
   * Where `gradient` is given, gradient[i] = factor * (sigmoid(logit[i]) - label[i]) * weight[i].
   */
  crossEntropy(
    count: number,
    logit: Pointer,
    label: Pointer,
    weight: Pointer,
    gradient: Pointer,
    factor: number,
  ): number;

  // --- recurrence ----------------------------------------------------------------------------------------------------

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

  // --- attention over packed steps ---------------------------------------------------------------------------------

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

  // --- embedding ---------------------------------------------------------------------------------------------------

  /** out[i, 0..cols) = table[ids[i], 0..cols); table is dense [V, cols], ids int32. */
  gatherRows(count: number, cols: number, ids: Pointer, table: Pointer, out: Pointer, ldo: number): void;

  /**
   * Appends `count` look-ups to the chains of their rows, in order. Look-up i is entry `firstEntry + i`; its gradient
   * vector lies at byte address gradient + 4 * i * ld, which goes to addresses[entry] (int32).
   * head[V] is -1 for rows without entries; tail[V] needs no initial value; next[entry] links a row's entries in order
   * and ends with -1. Each new row is appended to rows[]. Returns the new number of rows.
   */
  linkRows(
    count: number,
    ids: Pointer,
    gradient: Pointer,
    ld: number,
    firstEntry: number,
    head: Pointer,
    tail: Pointer,
    next: Pointer,
    addresses: Pointer,
    rows: Pointer,
    rowCount: number,
  ): number;

  /**
   * Bags of rows. Bag i has the ids of ids[i, 0..width) up to the first that is negative, n_i of them:
   * out[i, 0..cols) = the sum of their rows of the table, in that order; 0 for an empty bag. Where `weights` is given,
   * weights[i] = 1 / n_i (0 for an empty bag), and the sum is multiplied by it: the mean.
   */
  gatherBags(
    count: number,
    width: number,
    cols: number,
    ids: Pointer,
    table: Pointer,
    weights: Pointer,
    out: Pointer,
    ldo: number,
  ): void;

  /**
   * As `linkRows`, of bags: id j of bag i is entry firstEntry + i * width + j, and its gradient vector is that of the
   * bag, at gradient + 4 * i * ld. Entries of places without an id are left as they are.
   */
  linkBags(
    count: number,
    width: number,
    ids: Pointer,
    gradient: Pointer,
    ld: number,
    firstEntry: number,
    head: Pointer,
    tail: Pointer,
    next: Pointer,
    addresses: Pointer,
    rows: Pointer,
    rowCount: number,
  ): number;

  /**
   * For r in [from, to): out[r, 0..cols) = the sum, in chain order, of the gradient vectors of rows[r]; head of that
   * row is set back to -1. Returns the sum of squares of what was written.
   */
  sumLinkedRows(
    from: number,
    to: number,
    cols: number,
    rows: Pointer,
    head: Pointer,
    next: Pointer,
    addresses: Pointer,
    out: Pointer,
  ): number;

  // --- reduction and optimiser -------------------------------------------------------------------------------------

  /**
   * out[i] = sum over s = 0 .. shards-1, in that order, of the float at first + s * strideBytes + 4 i. Returns the sum
   * of squares of out. `first` may equal `out`.
   */
  sumShards(count: number, shards: number, first: Pointer, strideBytes: number, out: Pointer): number;

  /**
   * Adam (Kingma and Ba 2015, https://arxiv.org/abs/1412.6980) with g = clip * gradient + decay * w:
   * m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
   * w -= rate * (m / correction1) / (sqrt(v / correction2) + epsilon);
   * correction1 = 1 - beta1^t, correction2 = 1 - beta2^t.
   */
  adam(
    count: number,
    weight: Pointer,
    m: Pointer,
    v: Pointer,
    gradient: Pointer,
    clip: number,
    decay: number,
    rate: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    correction1: number,
    correction2: number,
  ): void;

  /**
   * `adam` on rows[r] of the tables weight, m, v [V, cols] with gradient[r, 0..cols), for r in [from, to). Other rows and
   * their moments stay.
   */
  adamRows(
    from: number,
    to: number,
    cols: number,
    rows: Pointer,
    weight: Pointer,
    m: Pointer,
    v: Pointer,
    gradient: Pointer,
    clip: number,
    decay: number,
    rate: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    correction1: number,
    correction2: number,
  ): void;
}
