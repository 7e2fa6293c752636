/** Activations with parameters: PReLU and Dice. */
import type { Tape } from "./tape.ts";
import type { Parameter, Tensor } from "./values.ts";

/** PReLU (He et al. 2015, https://arxiv.org/abs/1502.01852): x where x > 0, else slope * x; slope [1, n] is trained. */
export function prelu(tape: Tape, x: Tensor, slope: Parameter): Tensor {
  const { kernels } = tape;
  const { rows, cols } = x;
  const y = tape.tensor(rows, cols);
  tape.record({
    name: "prelu",
    inputs: { x },
    parameters: { slope },
    outputs: { y },
    forward() {
      kernels.preluForward(rows.count, cols, x.value, slope.value, y.value);
    },
    backward() {
      const accumulate = tape.claim(slope);
      kernels.preluBackward(rows.count, cols, x.value, slope.value, y.grad, y.grad, slope.grad, accumulate);
      kernels.copyRows(rows.count, cols, y.grad, cols, x.grad, cols, tape.claim(x));
    },
  });
  return y;
}

export interface DiceParameters {
  /** [1, n], trained. */
  readonly alpha: Parameter;
  /** Running mean and variance of x within shards [1, n]: statistics. */
  readonly mean: Parameter;
  readonly variance: Parameter;
}

const DICE_EPSILON = 1e-8;

/**
 * Dice (Zhou et al. 2018, https://arxiv.org/abs/1706.06978): p x + (1 - p) alpha x, p = sigmoid of standardised x.
 *
 * Training standardises by the moments of the shard, whose samples are fixed by the seed and not by the threads; a
 * score uses the running moments, so it does not depend on who else is in the batch.
 */
export function dice(tape: Tape, x: Tensor, { alpha, mean, variance }: DiceParameters): Tensor {
  const { kernels } = tape;
  const { rows, cols } = x;
  const y = tape.tensor(rows, cols);
  const moments = tape.fixedScratch(2 * cols);
  tape.record({
    name: "dice",
    inputs: { x },
    parameters: { alpha, mean, variance },
    outputs: { y },
    attributes: { epsilon: DICE_EPSILON, moments: tape.training ? "shard" : "running" },
    forward() {
      const m = moments.value;
      const v = m + cols * 4;
      if (tape.training) {
        kernels.moments(rows.count, cols, x.value, m, v);
        // This shard's share of the batch's average; the sum over shards enters the running moments.
        const share = rows.count / tape.totals.samples;
        kernels.scale(cols, share, m, mean.grad, 0);
        kernels.scale(cols, share, v, variance.grad, 0);
      } else {
        kernels.scale(cols, 1, mean.value, m, 0);
        kernels.scale(cols, 1, variance.value, v, 0);
      }
      kernels.diceForward(rows.count, cols, x.value, m, v, DICE_EPSILON, alpha.value, y.value);
    },
    backward() {
      const m = moments.value;
      const accumulate = tape.claim(alpha);
      kernels.diceBackward(
        rows.count,
        cols,
        x.value,
        m,
        m + cols * 4,
        DICE_EPSILON,
        alpha.value,
        y.grad,
        y.grad,
        alpha.grad,
        accumulate,
      );
      kernels.copyRows(rows.count, cols, y.grad, cols, x.grad, cols, tape.claim(x));
    },
  });
  return y;
}
