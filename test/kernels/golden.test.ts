/** Kernels against numbers of independent programs (test/golden: generate.py, PyTorch in double precision; bags.py, exact fractions). */
import { describe, expect, it } from "vitest";
import adamDense from "../golden/adam-dense.json" with { type: "json" };
import adamSparse from "../golden/adam-sparse.json" with { type: "json" };
import bagged from "../golden/bags.json" with { type: "json" };
import bce from "../golden/bce-with-logits.json" with { type: "json" };
import dice from "../golden/dice-train.json" with { type: "json" };
import { BUILDS, Stage } from "./stage.ts";

function close(got: ArrayLike<number>, want: number[]): void {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i++) {
    expect(Math.abs(got[i] - want[i]), `element ${i}: ${got[i]}, expected ${want[i]}`).toBeLessThanOrEqual(
      1e-6 + 1e-5 * Math.abs(want[i]),
    );
  }
}

describe.each([...BUILDS, "reference"] as const)("golden numbers on build %s", (build) => {
  const stage = new Stage(build);
  const { kernels } = stage;

  it("Adam on dense parameters, five steps", () => {
    stage.reset(1);
    const count = adamDense.initial.data.length;
    const weight = stage.floats(adamDense.initial.data);
    const [m, v] = [stage.floats(new Array(count).fill(0)), stage.floats(new Array(count).fill(0))];
    adamDense.gradients.forEach((gradient, i) => {
      const [correction1, correction2] = [1 - 0.9 ** (i + 1), 1 - 0.999 ** (i + 1)];
      const at = stage.floats(gradient.data);
      kernels.adam(count, weight, m, v, at, 1, 0, 0.01, 0.9, 0.999, 1e-8, correction1, correction2);
      close(stage.read(weight, count), adamDense.after[i].data);
    });
  });

  it("Adam on embedding rows, four steps with repeated ids", () => {
    stage.reset(1);
    const [vocabulary, cols] = adamSparse.initial.shape;
    const weight = stage.floats(adamSparse.initial.data);
    const zeros = new Array(vocabulary * cols).fill(0);
    const [m, v] = [stage.floats(zeros), stage.floats(zeros)];
    const head = stage.integers(new Array(vocabulary).fill(-1));
    const tail = stage.room(vocabulary);
    adamSparse.ids.forEach((ids, i) => {
      const count = ids.length;
      const [next, addresses, rows] = [stage.room(count), stage.room(count), stage.room(count)];
      const [looked, gradient] = [stage.integers(ids), stage.floats(adamSparse.gradients[i].data)];
      const touched = kernels.linkRows(count, looked, gradient, cols, 0, head, tail, next, addresses, rows, 0);
      expect(touched).toBe(new Set(ids).size);
      const sums = stage.room(touched * cols);
      kernels.sumLinkedRows(0, touched, cols, rows, head, next, addresses, sums);
      const [correction1, correction2] = [1 - 0.9 ** (i + 1), 1 - 0.999 ** (i + 1)];
      const settings = [1, 0, 0.01, 0.9, 0.999, 1e-8, correction1, correction2] as const;
      kernels.adamRows(0, touched, cols, rows, weight, m, v, sums, ...settings);
      close(stage.read(weight, vocabulary * cols), adamSparse.after[i].data);
    });
  });

  it.each(["sum", "mean"] as const)("bags of rows, and the gradient of their table: %s", (pooling) => {
    stage.reset(1);
    const { rows: vocabulary, cols, bags } = bagged;
    const width = 4;
    const count = bags.length;
    const ids = stage.integers(bags.flatMap((bag) => [...bag, -1, -1, -1, -1].slice(0, width)));
    const table = stage.floats(bagged.table);
    const [weights, out] = [pooling === "mean" ? stage.room(count) : 0, stage.room(count * cols)];
    kernels.gatherBags(count, width, cols, ids, table, weights, out, cols);
    close(stage.read(out, count * cols), bagged[pooling].y);

    const gradient = stage.floats(bagged.dy);
    if (weights !== 0) kernels.rowScale(count, cols, gradient, cols, weights, gradient, cols, 0);
    const head = stage.integers(new Array(vocabulary).fill(-1));
    const [tail, rows] = [stage.room(vocabulary), stage.room(vocabulary)];
    const [next, addresses] = [stage.room(count * width), stage.room(count * width)];
    const touched = kernels.linkBags(count, width, ids, gradient, cols, 0, head, tail, next, addresses, rows, 0);
    const [sums, whole] = [stage.room(touched * cols), new Array<number>(vocabulary * cols).fill(0)];
    kernels.sumLinkedRows(0, touched, cols, rows, head, next, addresses, sums);
    for (let r = 0; r < touched; r++) {
      for (let c = 0; c < cols; c++) whole[stage.i32[rows / 4 + r] * cols + c] = stage.f32[sums / 4 + r * cols + c];
    }
    close(whole, bagged[pooling].gradient);
  });

  it("binary cross-entropy and its gradient", () => {
    stage.reset(1);
    const count = bce.inputs.logit.data.length;
    const [logit, label] = [stage.floats(bce.inputs.logit.data), stage.floats(bce.inputs.label.data)];
    const gradient = stage.room(count);
    close([kernels.crossEntropy(count, logit, label, 0, gradient, 1 / count) / count], [bce.loss]);
    close(stage.read(gradient, count), bce.gradients.logit.data);
  });

  it("Dice with the moments of its own input, forward and backward", () => {
    stage.reset(1);
    const { inputs, outputs, gradients } = dice;
    const [rows, cols] = inputs.x.shape;
    const [x, alpha] = [stage.floats(inputs.x.data), stage.floats(inputs.alpha.data)];
    const dy = stage.floats(inputs.output_weight.data);
    const [mean, variance, dAlpha] = [stage.room(cols), stage.room(cols), stage.room(cols)];
    const [y, dx] = [stage.room(rows * cols), stage.room(rows * cols)];
    kernels.moments(rows, cols, x, mean, variance);
    close(stage.read(mean, cols), outputs.mean.data);
    close(stage.read(variance, cols), outputs.variance.data);
    kernels.diceForward(rows, cols, x, mean, variance, inputs.epsilon, alpha, y);
    close(stage.read(y, rows * cols), outputs.y.data);
    kernels.diceBackward(rows, cols, x, mean, variance, inputs.epsilon, alpha, dy, dx, dAlpha, 0);
    close(stage.read(dx, rows * cols), gradients.x.data);
    close(stage.read(dAlpha, cols), gradients.alpha.data);
  });
});
