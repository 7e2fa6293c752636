/**
 * The dense layer y = act(x1 W1 + x2 W2 + b + plus) and its gradients against plain loops in float64: with each of its
 * parts, and recorded twice over the same inputs, so that the gradients of two consumers meet and must add.
 */
import { describe, expect, it } from "vitest";
import { affine } from "../../src/autograd/affine.ts";
import type { Tensor } from "../../src/autograd/values.ts";
import { Random } from "../../src/tensor/random.ts";
import { input, relativeError, seedGradient, Workbench } from "../support/workbench.ts";

interface Options {
  /** Columns of the terms' inputs. */
  readonly widths: readonly number[];
  readonly bias?: boolean;
  readonly sigmoid?: boolean;
  /** A value to add: one a token, or one a sample, spread over its tokens. */
  readonly plus?: "tokens" | "samples";
}

const N = 5;
const cases: [string, Options][] = [
  ["a product", { widths: [7] }],
  ["a product with a bias", { widths: [3], bias: true }],
  ["three terms, bias, sigmoid", { widths: [4, 1, 9], bias: true, sigmoid: true }],
  ["plus a value for each row", { widths: [3, 2], plus: "tokens" }],
  ["plus a value for each row, bias, sigmoid", { widths: [2], bias: true, sigmoid: true, plus: "tokens" }],
  ["plus a value for each sample", { widths: [3], plus: "samples" }],
  ["plus a value for each sample, bias, sigmoid", { widths: [4, 4], bias: true, sigmoid: true, plus: "samples" }],
];
const histories: [string, number[]][] = [
  ["ragged", [3, 0, 5, 1, 1, 4]],
  ["one token", [1]],
  ["no tokens", [0, 0]],
];

describe.each(cases)("%s", (_, { widths, bias = false, sigmoid = false, plus }) => {
  describe.each(histories)("%s", (_, lengths) => {
    it.each([1, 2])("%i uses", (uses) => {
      const random = new Random(12);
      const draw = (count: number) => Float32Array.from({ length: count }, () => random.normal());
      const tokens = lengths.reduce((sum, length) => sum + length, 0);
      const rowsOfPlus = plus === "samples" ? lengths.length : tokens;
      const X = widths.map((k) => draw(tokens * k));
      const W = widths.map((k) => draw(k * N));
      const b = draw(N);
      const P = draw(rowsOfPlus * N);
      const weights = Array.from({ length: uses }, () => draw(tokens * N));

      let inputs: Tensor[] = [];
      let added: Tensor | undefined;
      let results: Tensor[] = [];
      const steps = Math.max(...lengths) + 2;
      const bench = new Workbench(
        lengths,
        ({ tape, packed }) => {
          inputs = X.map((x, i) => input(tape, packed.tokens, widths[i], () => x));
          added = plus && input(tape, packed[plus], N, () => P);
          const zero = { kind: "constant", value: 0 } as const;
          const terms = inputs.map((x, i) => ({ x, weight: tape.parameter(`W${i}`, widths[i], N, zero) }));
          results = Array.from({ length: uses }, () =>
            affine(tape, terms, {
              ...(bias && { bias: tape.parameter("b", 1, N, zero) }),
              ...(sigmoid && { activation: "sigmoid" }),
              ...(added && { plus: added, packed }),
            }),
          );
          results.forEach((y, use) => {
            seedGradient(tape, y, () => weights[use]);
          });
        },
        { maxSteps: steps },
      );
      // What an earlier, longer batch left behind may not shine through.
      bench.packed.pack(
        lengths.map(() => steps),
        0,
        lengths.length,
      );
      bench.packed.pack(lengths, 0, lengths.length);
      const parameter = (data: Float32Array) => ({ shape: [], data: [...data] });
      bench.setParameters({
        ...Object.fromEntries(W.map((w, i) => [`W${i}`, parameter(w)])),
        ...(bias && { b: parameter(b) }),
      });
      bench.forward();
      expect(bench.staysWithin(results.at(-1)!)).toBe(true);
      bench.tape.backward();

      /** The row of `plus` that a token reads. */
      const rowOf = new Array<number>(tokens);
      const { packed } = bench;
      for (let t = 0; t < packed.steps; t++) {
        for (let s = 0; s < packed.active[t]; s++) rowOf[packed.offsets[t] + s] = s;
      }
      const z = (r: number, j: number) => {
        let sum = bias ? b[j] : 0;
        if (plus) sum += P[(plus === "samples" ? rowOf[r] : r) * N + j];
        X.forEach((x, i) => {
          for (let k = 0; k < widths[i]; k++) sum += x[r * widths[i] + k] * W[i][k * N + j];
        });
        return sum;
      };
      const cells = Array.from({ length: tokens * N }, (_, at) => z(Math.floor(at / N), at % N));
      const y = cells.map((value) => (sigmoid ? 1 / (1 + Math.exp(-value)) : value));
      const dz = y.map((value, at) => {
        const dy = weights.reduce((sum, weight) => sum + weight[at], 0);
        return sigmoid ? dy * value * (1 - value) : dy;
      });
      const close = (actual: number[], expected: number[], what: string) =>
        expect(relativeError(actual, expected), what).toBeLessThan(2e-5);
      for (const result of results) close(bench.read(result.value, y.length), y, "y");
      widths.forEach((width, i) => {
        const dx = new Array<number>(tokens * width).fill(0);
        const dW = new Array<number>(width * N).fill(0);
        dz.forEach((d, at) => {
          const [r, j] = [Math.floor(at / N), at % N];
          for (let k = 0; k < width; k++) {
            dx[r * width + k] += d * W[i][k * N + j];
            dW[k * N + j] += d * X[i][r * width + k];
          }
        });
        close(bench.read(inputs[i].grad, dx.length), dx, `dx${i}`);
        close(bench.gradient(`W${i}`), dW, `dW${i}`);
      });
      const sums = (rows: number, row: (r: number) => number) => {
        const out = new Array<number>(rows * N).fill(0);
        dz.forEach((d, at) => {
          out[row(Math.floor(at / N)) * N + (at % N)] += d;
        });
        return out;
      };
      if (bias)
        close(
          bench.gradient("b"),
          sums(1, () => 0),
          "db",
        );
      if (plus) {
        const expected = sums(rowsOfPlus, (r) => (plus === "samples" ? rowOf[r] : r));
        close(bench.read(added!.grad, expected.length), expected, "dplus");
      }
    });
  });
});
