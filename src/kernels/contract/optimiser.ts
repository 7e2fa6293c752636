/** Sums over shards, and Adam. */
import type { Pointer } from "./values.ts";

export interface OptimiserKernels {
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
