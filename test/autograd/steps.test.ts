/**
 * Operations between a sample and its packed tokens, on ragged histories: values equal plain loops, and gradients of a
 * random weighing of the output equal its differences in float64. Each operation is also recorded twice over the same
 * inputs, so that the gradients of two consumers meet and must add.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  dotSteps,
  following,
  multiplySteps,
  preceding,
  scaleSteps,
  softmaxSteps,
  sumSteps,
  weightedSumSteps,
} from "../../src/autograd/steps.ts";
import type { Tape } from "../../src/autograd/tape.ts";
import type { Tensor } from "../../src/autograd/values.ts";
import type { Packed } from "../../src/tensor/packed.ts";
import { Random } from "../../src/tensor/random.ts";
import { input, relativeError, seedGradient, Workbench } from "../support/workbench.ts";

/** What rows an array has: one for each sample, each token, or each token but a history's first. */
type Kind = "samples" | "tokens" | "pairs";
/** The rows of one array that belong to one sample, in the order of time. */
type Rows = readonly (readonly number[])[];

interface Operation {
  readonly inputs: (n: number) => readonly { readonly kind: Kind; readonly cols: number }[];
  readonly output: Kind;
  readonly record: (tape: Tape, packed: Packed, inputs: readonly Tensor[]) => Tensor;
  /** The output's rows of one sample from the inputs' rows, in plain loops. */
  readonly plain: (inputs: readonly Rows[], n: number) => Rows;
}

const times = (x: readonly number[], factor: number) => x.map((value) => value * factor);
const product = (a: readonly number[], b: readonly number[]) => a.map((x, j) => x * b[j]);
const inner = (a: readonly number[], b: readonly number[]) => product(a, b).reduce((sum, x) => sum + x, 0);
const total = (rows: Rows, n: number) =>
  Array.from({ length: n }, (_, j) => rows.reduce((sum, row) => sum + row[j], 0));

const tokens = (n: number) => [{ kind: "tokens", cols: n }] as const;
const weightAndTokens = (n: number) => [{ kind: "tokens", cols: 1 }, ...tokens(n)] as const;
const tokensAndSamples = (n: number) => [...tokens(n), { kind: "samples", cols: n }] as const;

const operations: Record<string, Operation> = {
  sumSteps: {
    inputs: tokens,
    output: "samples",
    record: (tape, packed, [x]) => sumSteps(tape, packed, x),
    plain: ([x], n) => [total(x, n)],
  },
  weightedSumSteps: {
    inputs: weightAndTokens,
    output: "samples",
    record: (tape, packed, [weight, x]) => weightedSumSteps(tape, packed, weight, x),
    plain: ([weight, x], n) => [
      total(
        x.map((row, t) => times(row, weight[t][0])),
        n,
      ),
    ],
  },
  multiplySteps: {
    inputs: tokensAndSamples,
    output: "tokens",
    record: (tape, packed, [x, s]) => multiplySteps(tape, packed, x, s),
    plain: ([x, [s]]) => x.map((row) => product(row, s)),
  },
  dotSteps: {
    inputs: tokensAndSamples,
    output: "tokens",
    record: (tape, packed, [x, s]) => dotSteps(tape, packed, x, s),
    plain: ([x, [s]]) => x.map((row) => [inner(row, s)]),
  },
  scaleSteps: {
    inputs: weightAndTokens,
    output: "tokens",
    record: (tape, packed, [weight, x]) => scaleSteps(tape, packed, weight, x),
    plain: ([weight, x]) => x.map((row, t) => times(row, weight[t][0])),
  },
  softmaxSteps: {
    inputs: () => tokens(1),
    output: "tokens",
    record: (tape, packed, [scores]) => softmaxSteps(tape, packed, scores),
    plain: ([scores]) => {
      const sum = scores.reduce((all, [score]) => all + Math.exp(score), 0);
      return scores.map(([score]) => [Math.exp(score) / sum]);
    },
  },
  following: {
    inputs: tokens,
    output: "pairs",
    record: (tape, packed, [x]) => following(tape, packed, x),
    plain: ([x]) => x.slice(1),
  },
  preceding: {
    inputs: tokens,
    output: "pairs",
    record: (tape, packed, [x]) => preceding(tape, packed, x),
    plain: ([x]) => x.slice(0, -1),
  },
};

const STEP = 1e-4;

/** An array in the tape's memory, and its rows sample by sample. */
class Packing {
  readonly #bench: Workbench;
  readonly #lengths: readonly number[];

  constructor(bench: Workbench, lengths: readonly number[]) {
    this.#bench = bench;
    this.#lengths = lengths;
  }

  /** Place in memory of a sample's k-th row. */
  #place(kind: Kind, sample: number, k: number): number {
    const { packed } = this.#bench;
    if (kind === "samples") return packed.order.subarray(0, packed.samples.count).indexOf(sample);
    if (kind === "tokens") return this.#bench.token(sample, k);
    return this.#bench.token(sample, k + 1) - packed.pairs.first;
  }

  rowsOf(kind: Kind, sample: number): number {
    if (kind === "samples") return 1;
    return kind === "tokens" ? this.#lengths[sample] : Math.max(0, this.#lengths[sample] - 1);
  }

  toMemory(kind: Kind, samples: readonly Rows[]): number[] {
    const out: number[][] = [];
    samples.forEach((rows, s) => {
      rows.forEach((row, k) => {
        out[this.#place(kind, s, k)] = [...row];
      });
    });
    return out.flat();
  }
}

function check(
  { inputs, output, record, plain }: Operation,
  lengths: readonly number[],
  n: number,
  seed: number,
  uses: number,
) {
  const random = new Random(seed);
  const shapes = inputs(n);
  let tensors: Tensor[] = [];
  let results: Tensor[] = [];
  let packing: Packing;
  let values: Rows[][] = [];
  let weights: Rows[][] = [];
  const steps = Math.max(...lengths) + 2;
  const build = ({ tape, packed }: Pick<Workbench, "tape" | "packed">) => {
    tensors = shapes.map(({ kind, cols }, i) =>
      input(tape, packed[kind], cols, () => packing.toMemory(kind, values[i])),
    );
    results = Array.from({ length: uses }, () => record(tape, packed, tensors));
    results.forEach((result, use) => {
      seedGradient(tape, result, () => packing.toMemory(output, weights[use]));
    });
  };
  const bench = new Workbench(lengths, build, { maxSteps: steps });
  // What an earlier, longer batch left behind may not shine through.
  bench.packed.pack(
    lengths.map(() => steps),
    0,
    lengths.length,
  );
  bench.packed.pack(lengths, 0, lengths.length);
  packing = new Packing(bench, lengths);
  const draw = (kind: Kind, cols: number): Rows[] =>
    lengths.map((_, s) =>
      Array.from({ length: packing.rowsOf(kind, s) }, () =>
        Array.from({ length: cols }, () => Math.fround(random.normal())),
      ),
    );
  values = shapes.map(({ kind, cols }) => draw(kind, cols));
  weights = Array.from({ length: uses }, () => draw(output, results[0].cols));

  bench.forward();
  // Memory is not clean in practice: what is there may not shine through.
  for (const tensor of [...tensors, ...results]) {
    const rubbish = new Array<number>(tensor.rows.count * tensor.cols).fill(Number.NaN);
    bench.write(tensor.value, rubbish);
    bench.write(tensor.grad, rubbish);
  }
  bench.forward();
  expect(bench.staysWithin(results.at(-1)!)).toBe(true);
  const expected = packing.toMemory(
    output,
    lengths.map((_, s) =>
      plain(
        values.map((rows) => rows[s]),
        n,
      ),
    ),
  );
  for (const { value } of results)
    expect(relativeError(bench.read(value, expected.length), expected)).toBeLessThan(1e-5);

  bench.tape.backward();
  const loss = (s: number, own: readonly Rows[]) => {
    const rows = plain(own, n);
    return weights.reduce((sum, use) => sum + rows.reduce((part, row, k) => part + inner(row, use[s][k]), 0), 0);
  };
  tensors.forEach((tensor, i) => {
    const differences = lengths.map((_, s) => {
      const own = values.map((rows) => rows[s]);
      return own[i].map((row, k) =>
        row.map((_, j) => {
          const moved = (h: number) =>
            loss(
              s,
              own.map((rows, other) => (other === i ? rows.map((x, r) => (r === k ? x.with(j, x[j] + h) : x)) : rows)),
            );
          return (moved(STEP) - moved(-STEP)) / (2 * STEP);
        }),
      );
    });
    const gradient = packing.toMemory(shapes[i].kind, differences);
    expect(relativeError(bench.read(tensor.grad, gradient.length), gradient), `gradient of input ${i}`).toBeLessThan(
      2e-5,
    );
  });
}

describe.each(Object.entries(operations))("%s", (_, operation) => {
  const histories = fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 9 });

  it.each([1, 2])("equals plain loops, and its gradients the differences: %i uses", (uses) => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 21 }), fc.integer({ min: 1, max: 1e6 }), (lengths, n, seed) =>
        check(operation, lengths, n, seed, uses),
      ),
      { numRuns: 15, seed: 37 },
    );
  });

  it.each([
    ["one sample", [4]],
    ["one behaviour each", [1, 1, 1]],
    ["no behaviours", [0, 0]],
  ])("on %s", (_, lengths) => {
    check(operation, lengths, 5, 3, 2);
  });
});
