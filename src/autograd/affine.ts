/**
 * Sums of products: y = act(x1 W1 + x2 W2 + ... + b), the one operation behind every dense layer.
 *
 * A layer whose input is a concatenation [x1, x2] is the sum of products with the row blocks of its weight, so nothing
 * is concatenated. `plus` adds a value that is computed once and used by several: same rows, or one row per sample spread
 * over the sample's tokens.
 *
 * Each sum begins with `plus` and goes on term by term. So a term of shared sequences cannot be computed once for all of
 * their samples without other roundings than in training; only its rows are shared.
 */
import type { Packed } from "../tensor/packed.ts";
import { biasGradient, inputGradient, multiplyWeight, weightGradient } from "./matmul.ts";
import type { AffineActivation } from "./operation.ts";
import { perSample } from "./shared.ts";
import type { Tape } from "./tape.ts";
import type { Parameter, Tensor } from "./values.ts";

export interface Term {
  readonly x: Tensor;
  /** [x.cols, n] */
  readonly weight: Parameter;
}

export interface AffineOptions {
  /** [1, n] */
  readonly bias?: Parameter;
  readonly activation?: AffineActivation;
  /**
   * Added before the activation; [rows, n], or [samples, n] with `packed` where the terms' rows are tokens: of the samples,
   * or of the sequences that they share.
   */
  readonly plus?: Tensor;
  readonly packed?: Packed;
}

/** y [rows, n] = act(sum of x W + b + plus). All terms have the same rows. */
export function affine(tape: Tape, given: readonly Term[], options: AffineOptions = {}): Tensor {
  const { bias, activation = "none", plus, packed } = options;
  const terms = packed ? given.map(({ x, weight }) => ({ x: perSample(tape, packed, x), weight })) : given;
  const { kernels } = tape;
  const rows = packed ? packed.tokens : terms[0].x.rows;
  const n = terms[0].weight.cols;
  const y = tape.tensor(rows, n);
  for (const { x, weight } of terms) {
    if (x.rows !== rows || weight.rows !== x.cols || weight.cols !== n)
      throw new Error(`affine: ${weight.name} does not fit`);
  }
  const spread = plus !== undefined && plus.rows !== rows;
  if (spread && packed?.tokens !== rows) throw new Error("affine: `plus` per sample needs the packing of the tokens");
  const widest = Math.max(...terms.map(({ weight }) => weight.rows));
  const transposed = tape.training ? tape.fixedScratch(widest * n) : undefined;
  tape.record({
    name: "affine",
    inputs: { terms: terms.map(({ x }) => x), ...(plus && { plus }) },
    parameters: { weights: terms.map(({ weight }) => weight), ...(bias && { bias }) },
    outputs: { y },
    attributes: { activation, ...(spread && packed && { packed }) },
    forward() {
      if (plus) {
        if (spread) spreadRows(tape, packed!, plus, y);
        else kernels.copyRows(rows.count, n, plus.value, n, y.value, n, 0);
      }
      for (let i = 0; i < terms.length; i++) {
        const { x, weight } = terms[i];
        const accumulate = i > 0 || plus ? 1 : 0;
        // Bias and activation come with the last product.
        if (i < terms.length - 1) multiplyWeight(tape, rows.count, x.value, weight, y.value, accumulate);
        else multiplyWeight(tape, rows.count, x.value, weight, y.value, accumulate, bias, activation);
      }
    },
    backward() {
      const { count } = rows;
      if (activation === "sigmoid") kernels.sigmoidBackward(count * n, y.value, y.grad, y.grad);
      if (bias) biasGradient(tape, count, y.grad, bias);
      for (let i = 0; i < terms.length; i++) {
        const { x, weight } = terms[i];
        weightGradient(tape, count, x.value, y.grad, weight);
        inputGradient(tape, x, y.grad, weight, transposed!);
      }
      if (plus) {
        if (spread) sumRows(tape, packed!, y, plus);
        else kernels.copyRows(count, n, y.grad, n, plus.grad, n, tape.claim(plus));
      }
    },
  });
  return y;
}

/** to[token] = from[sample of the token]. */
function spreadRows({ kernels }: Tape, packed: Packed, from: Tensor, to: Tensor): void {
  const { steps, offsetsPointer, activePointer } = packed;
  kernels.spreadSteps(steps, from.cols, offsetsPointer, activePointer, 0, from.value, to.value, 0);
}

/** Its gradient: to[sample] (+)= sum over its tokens. */
function sumRows(tape: Tape, packed: Packed, from: Tensor, to: Tensor): void {
  const { samples, steps, offsetsPointer, activePointer } = packed;
  tape.kernels.sumSteps(
    samples.count,
    steps,
    from.cols,
    offsetsPointer,
    activePointer,
    0,
    from.grad,
    0,
    0,
    to.grad,
    tape.claim(to),
  );
}
