/** Activations, their statistics, and the loss. */
import { type Cases, dense, flag, positive, size, summed, target } from "./case.ts";

export const activations: Cases<
  | "sigmoid"
  | "sigmoidBackward"
  | "preluForward"
  | "preluBackward"
  | "moments"
  | "diceForward"
  | "diceBackward"
  | "crossEntropy"
> = {
  sigmoid(stage, draw) {
    const [count, inPlace] = [draw(() => size), draw(() => flag)];
    const x = stage.matrix(1, count, count, -20, 20);
    const out = inPlace ? x : stage.room(count);
    return {
      call: (kernels) => kernels.sigmoid(count, x, out),
      outputs: [dense(out, 1, count)],
      tolerance: { absolute: 2 ** -22, relative: 0 },
    };
  },

  sigmoidBackward(stage, draw) {
    const [count, inPlace] = [draw(() => size), draw(() => flag)];
    const y = stage.matrix(1, count, count, 0, 1);
    const dy = stage.matrix(1, count);
    const dx = inPlace ? dy : stage.room(count);
    return { call: (kernels) => kernels.sigmoidBackward(count, y, dy, dx), outputs: [dense(dx, 1, count)] };
  },

  preluForward(stage, draw) {
    const [rows, cols] = [draw(() => size), draw(() => size)];
    const x = stage.matrix(rows, cols);
    const slope = stage.matrix(1, cols);
    const y = stage.room(rows * cols);
    return { call: (kernels) => kernels.preluForward(rows, cols, x, slope, y), outputs: [dense(y, rows, cols)] };
  },

  preluBackward(stage, draw) {
    const [rows, cols, accumulate, inPlace] = [draw(() => size), draw(() => size), draw(() => flag), draw(() => flag)];
    const x = stage.matrix(rows, cols);
    const slope = stage.matrix(1, cols);
    const dy = stage.matrix(rows, cols);
    const dx = inPlace ? dy : stage.room(rows * cols);
    const dSlope = target(stage, 1, cols, cols, accumulate);
    return {
      call: (kernels) => kernels.preluBackward(rows, cols, x, slope, dy, dx, dSlope, accumulate),
      outputs: [dense(dx, rows, cols), dense(dSlope, 1, cols)],
      tolerance: summed(rows),
    };
  },

  moments(stage, draw) {
    const [rows, cols] = [draw(() => positive), draw(() => size)];
    const x = stage.matrix(rows, cols, cols, 2, 4);
    const [mean, variance] = [stage.room(cols), stage.room(cols)];
    return {
      call: (kernels) => kernels.moments(rows, cols, x, mean, variance),
      outputs: [dense(mean, 1, cols), dense(variance, 1, cols)],
      tolerance: summed(rows),
    };
  },

  diceForward(stage, draw) {
    const [rows, cols] = [draw(() => size), draw(() => size)];
    const x = stage.matrix(rows, cols, cols, -3, 3);
    const [mean, alpha] = [stage.matrix(1, cols), stage.matrix(1, cols)];
    const variance = stage.matrix(1, cols, cols, 0.1, 4);
    const y = stage.room(rows * cols);
    return {
      call: (kernels) => kernels.diceForward(rows, cols, x, mean, variance, 1e-8, alpha, y),
      outputs: [dense(y, rows, cols)],
      tolerance: { absolute: 4e-6, relative: 4e-6 },
    };
  },

  diceBackward(stage, draw) {
    const [rows, cols, accumulate, inPlace] = [draw(() => size), draw(() => size), draw(() => flag), draw(() => flag)];
    const x = stage.matrix(rows, cols, cols, -3, 3);
    const [mean, alpha] = [stage.matrix(1, cols), stage.matrix(1, cols)];
    const variance = stage.matrix(1, cols, cols, 0.1, 4);
    const dy = stage.matrix(rows, cols);
    const dx = inPlace ? dy : stage.room(rows * cols);
    const dAlpha = target(stage, 1, cols, cols, accumulate);
    return {
      call: (kernels) => kernels.diceBackward(rows, cols, x, mean, variance, 1e-8, alpha, dy, dx, dAlpha, accumulate),
      outputs: [dense(dx, rows, cols), dense(dAlpha, 1, cols)],
      tolerance: { absolute: 4e-5, relative: 4e-6 },
    };
  },

  crossEntropy(stage, draw) {
    const [count, wanted, weighted] = [draw(() => size), draw(() => flag), draw(() => flag)];
    const logit = stage.matrix(1, count, count, -30, 30);
    const label = stage.matrix(1, count, count, 0, 1);
    const weight = weighted ? stage.matrix(1, count, count, 0, 3) : 0;
    const gradient = wanted ? stage.room(count) : 0;
    return {
      call: (kernels) => kernels.crossEntropy(count, logit, label, weight, gradient, 0.25),
      outputs: wanted ? [dense(gradient, 1, count)] : [],
    };
  },
};
