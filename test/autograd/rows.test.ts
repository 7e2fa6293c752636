/**
 * Operations between tensors of the same rows, on random shapes with tails and without rows: values equal plain loops,
 * and gradients of a random weighing of the output equal its differences in float64.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columns, concat, sum, zeros } from "../../src/autograd/elementwise.ts";
import { dot, multiply, outer } from "../../src/autograd/products.ts";
import type { Tape } from "../../src/autograd/tape.ts";
import type { Tensor } from "../../src/autograd/values.ts";
import type { Rows } from "../../src/tensor/packed.ts";
import { Random } from "../../src/tensor/random.ts";
import { input, relativeError, seedGradient, Workbench } from "../support/workbench.ts";

/** One row of the output from the inputs' rows, in plain loops. */
type Plain = (inputs: readonly (readonly number[])[]) => number[];

interface Case {
  /** Columns of the inputs. */
  readonly widths: readonly number[];
  readonly record: (tape: Tape, inputs: readonly Tensor[], rows: Rows) => Tensor;
  readonly plain: Plain;
}

const STEP = 1e-4;
const width = fc.integer({ min: 1, max: 21 });
const shapes = { rows: fc.integer({ min: 0, max: 9 }), seed: fc.integer({ min: 1, max: 1e6 }) };

/** Samples without histories make a batch of that many rows. */
function check(rows: number, seed: number, { widths, record, plain }: Case): void {
  const random = new Random(seed);
  const draw = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  const values = widths.map((cols) => draw(rows * cols));
  const rowsOf = (data: readonly Float32Array[], row: number) =>
    data.map((x, i) => [...x.subarray(row * widths[i], (row + 1) * widths[i])]);
  const cols = plain(widths.map((n) => new Array<number>(n).fill(0))).length;
  const weight = draw(rows * cols);

  let inputs: Tensor[] = [];
  let output: Tensor;
  const bench = new Workbench(new Array(rows).fill(0), ({ tape, packed }) => {
    inputs = widths.map((n, i) => input(tape, packed.samples, n, () => values[i]));
    output = record(tape, inputs, packed.samples);
    seedGradient(tape, output, () => weight);
  });
  bench.forward();
  // Memory is not clean in practice: what is there may not shine through.
  for (const tensor of [...inputs, output!]) {
    const rubbish = new Array<number>(rows * tensor.cols).fill(Number.NaN);
    bench.write(tensor.value, rubbish);
    bench.write(tensor.grad, rubbish);
  }
  bench.forward();
  expect(output!.cols).toBe(cols);
  const expected = Array.from({ length: rows }, (_, row) => plain(rowsOf(values, row))).flat();
  expect(relativeError(bench.read(output!.value, rows * cols), expected)).toBeLessThan(1e-6);

  bench.tape.backward();
  const loss = (row: number, data: number[][]) =>
    plain(data).reduce((total, y, j) => total + y * weight[row * cols + j], 0);
  inputs.forEach((tensor, i) => {
    const difference = Array.from({ length: rows * widths[i] }, (_, at) => {
      const [row, column] = [Math.floor(at / widths[i]), at % widths[i]];
      const moved = (h: number) => {
        const data = rowsOf(values, row);
        data[i][column] += h;
        return loss(row, data);
      };
      return (moved(STEP) - moved(-STEP)) / (2 * STEP);
    });
    // An input that the output does not read gets no gradient, which nobody clears.
    const gradient = tensor.claimed ? bench.read(tensor.grad, difference.length) : difference.map(() => 0);
    expect(relativeError(gradient, difference), `gradient of input ${i}`).toBeLessThan(1e-5);
  });
}

const outerRow = (a: readonly number[], b: readonly number[]) => a.flatMap((x) => b.map((y) => x * y));
const addRows = (rows: readonly (readonly number[])[]) =>
  rows[0].map((_, j) => rows.reduce((total, row) => total + row[j], 0));

/** Each operation as cases of a random size. */
const operations: Record<string, fc.Arbitrary<Case>> = {
  multiply: width.map((n) => ({
    widths: [n, n],
    record: (tape, [a, b]) => multiply(tape, a, b),
    plain: ([a, b]) => a.map((x, j) => x * b[j]),
  })),
  "multiply of a tensor with itself": width.map((n) => ({
    widths: [n],
    record: (tape, [a]) => multiply(tape, a, a),
    plain: ([a]) => a.map((x) => x * x),
  })),
  dot: width.map((n) => ({
    widths: [n, n],
    record: (tape, [a, b]) => dot(tape, a, b),
    plain: ([a, b]) => [a.reduce((total, x, j) => total + x * b[j], 0)],
  })),
  "dot of a tensor with itself": width.map((n) => ({
    widths: [n],
    record: (tape, [a]) => dot(tape, a, a),
    plain: ([a]) => [a.reduce((total, x) => total + x * x, 0)],
  })),
  outer: fc.tuple(width, width).map(([n, m]) => ({
    widths: [n, m],
    record: (tape, [a, b]) => outer(tape, a, b),
    plain: ([a, b]) => outerRow(a, b),
  })),
  "outer of a tensor with itself": width.map((n) => ({
    widths: [n],
    record: (tape, [a]) => outer(tape, a, a),
    plain: ([a]) => outerRow(a, a),
  })),
  "outer twice, so that gradients meet": fc.tuple(width, width).map(([n, m]) => ({
    widths: [n, m],
    record: (tape, [a, b]) => concat(tape, [outer(tape, a, b), outer(tape, b, a)]),
    plain: ([a, b]) => [...outerRow(a, b), ...outerRow(b, a)],
  })),
  sum: fc.tuple(width, fc.integer({ min: 1, max: 4 })).map(([n, parts]) => ({
    widths: new Array(parts).fill(n),
    record: (tape, inputs) => sum(tape, inputs),
    plain: addRows,
  })),
  "sum with a tensor twice": width.map((n) => ({
    widths: [n, n],
    record: (tape, [a, b]) => sum(tape, [a, b, a]),
    plain: ([a, b]) => addRows([a, b, a]),
  })),
  columns: fc.tuple(width, fc.nat(), fc.nat()).map(([n, first, count]) => {
    const from = first % n;
    const to = from + 1 + (count % (n - from));
    return {
      widths: [n],
      record: (tape, [x]) => columns(tape, x, from, to),
      plain: ([x]) => x.slice(from, to),
    };
  }),
  "columns that overlap": width.map((n) => ({
    widths: [n + 1],
    record: (tape, [x]) => sum(tape, [columns(tape, x, 0, n), columns(tape, x, 1, n + 1)]),
    plain: ([x]) => addRows([x.slice(0, n), x.slice(1)]),
  })),
  concat: fc.array(width, { minLength: 1, maxLength: 4 }).map((widths) => ({
    widths,
    record: (tape, inputs) => concat(tape, inputs),
    plain: (inputs) => inputs.flat(),
  })),
  "zeros, as one of the parts of a sum": width.map((n) => ({
    widths: [n],
    record: (tape, [x], rows) => sum(tape, [zeros(tape, rows, n), x]),
    plain: ([x]) => [...x],
  })),
  "zeros alone": width.map((n) => ({
    widths: [n],
    record: (tape, _, rows) => zeros(tape, rows, n),
    plain: ([x]) => x.map(() => 0),
  })),
};

describe.each(Object.entries(operations))("%s", (_, cases) => {
  it("equals plain loops, and so do its gradients the differences", () => {
    fc.assert(
      fc.property(cases, shapes.rows, shapes.seed, (drawn, rows, seed) => check(rows, seed, drawn)),
      { numRuns: 25, seed: 31 },
    );
  });

  it("of no rows does nothing", () => {
    fc.assert(
      fc.property(cases, (drawn) => check(0, 1, drawn)),
      { numRuns: 3, seed: 31 },
    );
  });
});
