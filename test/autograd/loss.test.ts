/** Cross-entropy as a mean over the whole batch, of which a shard holds some rows; in float64 beside it. */
import { expect, it } from "vitest";
import { crossEntropy } from "../../src/autograd/loss.ts";
import type { Tensor } from "../../src/autograd/values.ts";
import { input, relativeError, Workbench } from "../support/workbench.ts";

const LOGITS = [2, -1, 0.5];
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Rows of logits whose labels are all `label`, in a batch of `total` samples. */
function run(logits: readonly number[], label: 0 | 1, total: number, weight = 1, times = 1) {
  const tensors: Tensor[] = [];
  const bench = new Workbench(new Array(logits.length).fill(0), ({ tape, packed }) => {
    const loss = tape.loss("target", weight, "samples");
    for (let i = 0; i < times; i++) {
      const tensor = input(tape, packed.samples, 1, () => logits);
      crossEntropy(tape, loss, tensor, label);
      tensors.push(tensor);
    }
  });
  bench.tape.totals.samples = total;
  bench.forward();
  bench.tape.backward();
  return { value: bench.tape.losses[0].value, gradient: bench.read(tensors.at(-1)!.grad, logits.length) };
}

it.each<[string, readonly number[], 0 | 1, number, number]>([
  ["a whole batch", LOGITS, 1, 3, 1],
  ["labels of 0", LOGITS, 0, 3, 1],
  ["a shard of a larger batch", LOGITS, 1, 12, 1],
  ["a loss with a weight, which is not in its value", LOGITS, 0, 3, 0.25],
  ["one sample", [0.7], 1, 1, 1],
])("%s", (_, logits, label, total, weight) => {
  const { value, gradient } = run(logits, label, total, weight);
  const sum = logits.reduce((all, z) => all - Math.log(label === 1 ? sigmoid(z) : 1 - sigmoid(z)), 0);
  expect(value).toBeCloseTo(sum / total, 6);
  const expected = logits.map((z) => (weight * (sigmoid(z) - label)) / total);
  expect(relativeError(gradient, expected)).toBeLessThan(1e-6);
});

it("rows count by their weights, whatever is in the batch beside them", () => {
  const [labels, weights] = [
    [1, 0, 1],
    [0, 2.5, 0.5],
  ];
  let logits: Tensor | undefined;
  const bench = new Workbench([0, 0, 0], ({ tape, packed }) => {
    logits = input(tape, packed.samples, 1, () => LOGITS);
    const given = (name: string, values: readonly number[]) => {
      const tensor = input(tape, packed.samples, 1, () => values);
      return {
        name,
        values: tape.memory.f32,
        get pointer() {
          return tensor.value;
        },
      };
    };
    const loss = tape.loss("target", 0.5, "samples");
    crossEntropy(tape, loss, logits, given("label", labels), given("weight", weights));
  });
  bench.tape.totals.samples = 6;
  bench.forward();
  bench.tape.backward();
  const sum = LOGITS.reduce(
    (all, z, i) => all - weights[i] * Math.log(labels[i] === 1 ? sigmoid(z) : 1 - sigmoid(z)),
    0,
  );
  expect(bench.tape.losses[0].value).toBeCloseTo(sum / 6, 6);
  const expected = LOGITS.map((z, i) => (0.5 * weights[i] * (sigmoid(z) - labels[i])) / 6);
  expect(relativeError(bench.read(logits!.grad, 3), expected)).toBeLessThan(1e-6);
});

it("several sets of logits add to one loss", () => {
  expect(run(LOGITS, 1, 3, 1, 2).value).toBeCloseTo(2 * run(LOGITS, 1, 3).value, 6);
});

it("a loss of no rows, in a batch without any, is 0 and not undefined", () => {
  expect(run([], 1, 0).value).toBe(0);
});

it("logits of two losses are refused, for the second would overwrite the first one's gradient", () => {
  const bench = new Workbench([0], ({ tape, packed }) => {
    const logits = input(tape, packed.samples, 1, () => [1]);
    crossEntropy(tape, tape.loss("a", 1, "samples"), logits, 1);
    crossEntropy(tape, tape.loss("b", 1, "samples"), logits, 0);
  });
  expect(() => bench.forward()).toThrow("loss b: logits have another loss already");
});
