/** PReLU and Dice against float64, in memory that is not clean, and recorded twice over the same input. */
import { describe, expect, it } from "vitest";
import { dice, prelu } from "../../src/autograd/activations.ts";
import type { Tape } from "../../src/autograd/tape.ts";
import type { Parameter, Tensor } from "../../src/autograd/values.ts";
import { Random } from "../../src/tensor/random.ts";
import { type Golden, readGolden } from "../support/golden.ts";
import { input, relativeError, seedGradient, Workbench } from "../support/workbench.ts";

const vector = (tape: Tape, name: string, cols: number, kind: "dense" | "statistic" = "dense"): Parameter =>
  tape.parameter(name, 1, cols, { kind: "constant", value: 0 }, kind);
const array = (data: readonly number[]) => ({ shape: [1, data.length], data: [...data] });
const close = (actual: number[], expected: readonly number[], what: string) =>
  expect(relativeError(actual, expected), what).toBeLessThan(1e-5);

it.each([1, 2])("PReLU and its gradients, %i uses", (uses) => {
  const [rows, cols] = [6, 5];
  const random = new Random(3);
  const draw = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  const x = draw(rows * cols).with(2, 0);
  const slope = [...draw(cols)];
  const weights = Array.from({ length: uses }, () => draw(rows * cols));
  let given: Tensor;
  let results: Tensor[] = [];
  const bench = new Workbench(new Array(rows).fill(0), ({ tape, packed }) => {
    given = input(tape, packed.samples, cols, () => x);
    results = weights.map(() => prelu(tape, given, vector(tape, "slope", cols)));
    results.forEach((y, use) => {
      seedGradient(tape, y, () => weights[use]);
    });
  });
  bench.setParameters({ slope: array(slope) });
  bench.forward();
  bench.tape.backward();
  const dy = [...x].map((_, i) => weights.reduce((sum, weight) => sum + weight[i], 0));
  for (const { value } of results) {
    const expected = [...x].map((v, i) => (v > 0 ? v : slope[i % cols] * v));
    close(bench.read(value, x.length), expected, "y");
  }
  const dx = dy.map((d, i) => (x[i] > 0 ? d : slope[i % cols] * d));
  close(bench.read(given!.grad, x.length), dx, "dx");
  const dSlope = slope.map((_, j) => dy.reduce((sum, d, i) => (i % cols === j && x[i] <= 0 ? sum + d * x[i] : sum), 0));
  close(bench.gradient("slope"), dSlope, "dslope");
});

describe("Dice", () => {
  const { inputs, outputs, gradients } = readGolden<Golden>("dice-train");
  const [rows, cols] = inputs.x.shape;
  const diceOf = (tape: Tape, x: Tensor) =>
    dice(tape, x, {
      alpha: vector(tape, "alpha", cols),
      mean: vector(tape, "mean", cols, "statistic"),
      variance: vector(tape, "variance", cols, "statistic"),
    });

  it("in training leaves its share of the batch's moments, whatever was there before", () => {
    const bench = new Workbench(new Array(rows).fill(0), ({ tape, packed }) => {
      diceOf(
        tape,
        input(tape, packed.samples, cols, () => inputs.x.data),
      );
    });
    const nothing = array(new Array<number>(cols).fill(0));
    bench.setParameters({ alpha: inputs.alpha, mean: nothing, variance: nothing });
    // This shard has one in four of the batch's samples.
    bench.tape.totals.samples = 4 * rows;
    for (const rubbish of [7, Number.NaN]) {
      for (const name of ["mean", "variance"]) {
        const { rows, cols, init, kind } = bench.parameters.placed.find((placed) => placed.name === name)!;
        const { grad } = bench.tape.parameter(name, rows, cols, init, kind);
        bench.write(grad, new Array<number>(cols).fill(rubbish));
      }
      bench.forward();
      bench.tape.backward();
      for (const name of ["mean", "variance"] as const) {
        close(
          bench.gradient(name),
          outputs[name].data.map((moment) => moment / 4),
          name,
        );
      }
    }
  });

  it("adds to gradients that others wrote before", () => {
    let given: Tensor;
    const bench = new Workbench(new Array(rows).fill(0), ({ tape, packed }) => {
      given = input(tape, packed.samples, cols, () => inputs.x.data);
      for (let use = 0; use < 2; use++) seedGradient(tape, diceOf(tape, given), () => inputs.output_weight.data);
    });
    const nothing = array(new Array<number>(cols).fill(0));
    bench.setParameters({ alpha: inputs.alpha, mean: nothing, variance: nothing });
    bench.forward();
    bench.tape.backward();
    close(
      bench.read(given!.grad, rows * cols),
      gradients.x.data.map((g) => 2 * g),
      "dx",
    );
    close(
      bench.gradient("alpha"),
      gradients.alpha.data.map((g) => 2 * g),
      "dalpha",
    );
  });

  it("in scoring standardises by the running moments", () => {
    const [mean, variance] = [
      [0.3, -1, 0, 2],
      [0.5, 2, 1, 0.1],
    ];
    let y: Tensor;
    const build = ({ tape, packed }: Pick<Workbench, "tape" | "packed">) => {
      y = diceOf(
        tape,
        input(tape, packed.samples, cols, () => inputs.x.data),
      );
    };
    const bench = new Workbench(new Array(rows).fill(0), build, { training: false });
    bench.setParameters({ alpha: inputs.alpha, mean: array(mean), variance: array(variance) });
    bench.forward();
    const expected = inputs.x.data.map((x, i) => {
      const j = i % cols;
      const p = 1 / (1 + Math.exp(-(x - mean[j]) / Math.sqrt(variance[j] + 1e-8)));
      return p * x + (1 - p) * inputs.alpha.data[j] * x;
    });
    close(bench.read(y!.value, rows * cols), expected, "y");
  });
});
