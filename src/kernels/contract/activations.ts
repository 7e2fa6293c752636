/** Activations with parameters, on dense [rows, cols], and the loss. */
import type { Accumulate, Pointer } from "./values.ts";

export interface ActivationKernels {
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
}
