/**
 * Every kernel of the contract on random shapes: each build against the reference (see stage.ts for what is compared).
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Activation, Gate, type Kernels } from "../../src/kernels/contract.ts";
import { createReferenceKernels } from "../../src/kernels/reference/reference-kernels.ts";
import { BUILDS, type Region, Stage, type Tolerance } from "./stage.ts";

/** Sizes around the vector width and the blocks first, then larger ones. */
const size = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 10, max: 45 }));
/** Rows enough to be dealt out in several portions. */
const tokens = fc.oneof(size, fc.integer({ min: 60, max: 300 }));
const positive = size.map((n) => n + 1);
const flag = fc.constantFrom(0 as const, 1 as const);
const gap = fc.integer({ min: 0, max: 5 });
const gates = fc.constantFrom(Gate.gru, Gate.agru, Gate.augruPaper, Gate.augruReleased);

type Draw = fc.GeneratorValue;
interface Case {
  call: (kernels: Kernels) => unknown;
  outputs: Region[];
  tolerance?: Tolerance;
}

const dense = (at: number, rows: number, cols: number, ld = cols): Region => ({ at, rows, cols, ld });
const exact = (at: number, rows: number, cols: number, ld = cols): Region => ({ at, rows, cols, ld, exact: true });
const FLOAT: Tolerance = { absolute: 2e-6, relative: 2e-6 };
/** Sums of `terms` products of numbers below 1. */
const summed = (terms: number): Tolerance => ({ absolute: 4e-7 * (terms + 10), relative: 2e-6 });

/** A matrix for an output: numbers where they are added to, NaN where they must not be read. */
function target(stage: Stage, rows: number, cols: number, ld: number, accumulate: number): number {
  return accumulate ? stage.matrix(rows, cols, ld) : stage.room(rows * ld);
}

/** Packed steps of random histories, longest first, with at least one sample. */
function packed(stage: Stage, draw: Draw) {
  const lengths = draw(() => fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 19 }));
  const active: number[] = [];
  const offsets: number[] = [];
  let tokens = 0;
  for (let t = 0; t < Math.max(...lengths); t++) {
    offsets.push(tokens);
    active.push(lengths.filter((length) => length > t).length);
    tokens += active[t];
  }
  return {
    samples: lengths.length,
    steps: active.length,
    tokens,
    offsets: stage.integers(offsets),
    active: stage.integers(active),
  };
}

/** Ids in bags of different lengths, empty ones among them. What stands behind the end of a bag is no id. */
function bags(stage: Stage, draw: Draw, vocabulary: number) {
  const [count, width] = [draw(() => size), draw(() => fc.integer({ min: 1, max: 7 }))];
  const ids = stage.ids(count * width, vocabulary);
  for (let i = 0; i < count; i++) {
    const length = draw(() => fc.integer({ min: 0, max: width }));
    if (length < width) stage.i32[ids / 4 + i * width + length] = -1;
  }
  return { count, width, ids };
}

const CASES: { [name in keyof Kernels]: (stage: Stage, draw: Draw) => Case } = {
  gemmNN(stage, draw) {
    const [m, n, k] = [draw(() => tokens), draw(() => size), draw(() => size)];
    const [lda, ldb, ldc] = [k + draw(() => gap), n + draw(() => gap), n + draw(() => gap)];
    const [accumulate, biased, sigmoid] = [draw(() => flag), draw(() => flag), draw(() => flag)];
    const a = stage.matrix(m, k, lda);
    const b = stage.matrix(k, n, ldb);
    const c = target(stage, m, n, ldc, accumulate);
    const bias = biased ? stage.matrix(1, n) : 0;
    const activation = sigmoid ? Activation.sigmoid : Activation.none;
    return {
      call: (kernels) => kernels.gemmNN(m, n, k, a, lda, b, ldb, c, ldc, bias, activation, accumulate),
      outputs: [dense(c, m, n, ldc)],
      tolerance: summed(k),
    };
  },

  gemmNT(stage, draw) {
    const [m, n, k] = [draw(() => tokens), draw(() => size), draw(() => size)];
    const [lda, ldb, ldc] = [k + draw(() => gap), k + draw(() => gap), n + draw(() => gap)];
    const accumulate = draw(() => flag);
    const a = stage.matrix(m, k, lda);
    const b = stage.matrix(n, k, ldb);
    const c = target(stage, m, n, ldc, accumulate);
    const scratch = Math.ceil(stage.room(k * n + 4) / 16) * 16;
    // The reference leaves the scratch alone; what a build leaves there is its own affair.
    const clean = (): void => void stage.f32.fill(Number.NaN, scratch / 4, scratch / 4 + k * n);
    return {
      call: (kernels) => {
        kernels.gemmNT(m, n, k, a, lda, b, ldb, c, ldc, accumulate, scratch);
        clean();
      },
      outputs: [dense(c, m, n, ldc)],
      tolerance: summed(k),
    };
  },

  gemmTN(stage, draw) {
    const [m, n, k] = [draw(() => size), draw(() => size), draw(() => tokens)];
    const [lda, ldb, ldc] = [m + draw(() => gap), n + draw(() => gap), n + draw(() => gap)];
    const accumulate = draw(() => flag);
    const a = stage.matrix(k, m, lda);
    const b = stage.matrix(k, n, ldb);
    const c = target(stage, m, n, ldc, accumulate);
    return {
      call: (kernels) => kernels.gemmTN(m, n, k, a, lda, b, ldb, c, ldc, accumulate),
      outputs: [dense(c, m, n, ldc)],
      tolerance: summed(k),
    };
  },

  transpose(stage, draw) {
    const [rows, cols] = [draw(() => size), draw(() => size)];
    const [ldx, ldo] = [cols + draw(() => gap), rows + draw(() => gap)];
    const x = stage.matrix(rows, cols, ldx);
    const out = stage.room(cols * ldo);
    return {
      call: (kernels) => kernels.transpose(rows, cols, x, ldx, out, ldo),
      outputs: [exact(out, cols, rows, ldo)],
    };
  },

  fill(stage, draw) {
    const count = draw(() => size);
    const out = stage.room(count);
    return { call: (kernels) => kernels.fill(count, out, 0.1), outputs: [dense(out, 1, count)] };
  },

  copyRows(stage, draw) {
    const [rows, cols, accumulate] = [draw(() => size), draw(() => size), draw(() => flag)];
    const [ldx, ldo] = [cols + draw(() => gap), cols + draw(() => gap)];
    const x = stage.matrix(rows, cols, ldx);
    const out = target(stage, rows, cols, ldo, accumulate);
    return {
      call: (kernels) => kernels.copyRows(rows, cols, x, ldx, out, ldo, accumulate),
      outputs: [dense(out, rows, cols, ldo)],
    };
  },

  scale(stage, draw) {
    const [count, accumulate, inPlace] = [draw(() => size), draw(() => flag), draw(() => flag)];
    const x = stage.matrix(1, count);
    const out = inPlace ? x : target(stage, 1, count, count, accumulate);
    return {
      call: (kernels) => kernels.scale(count, -0.3, x, out, accumulate),
      outputs: [dense(out, 1, count)],
    };
  },

  multiply(stage, draw) {
    const [rows, cols, accumulate] = [draw(() => size), draw(() => size), draw(() => flag)];
    const [lda, ldb, free] = [cols + draw(() => gap), cols + draw(() => gap), cols + draw(() => gap)];
    const a = stage.matrix(rows, cols, lda);
    const b = stage.matrix(rows, cols, ldb);
    const [out, ldo] = draw(() =>
      fc.constantFrom<"new" | "a" | "b">("new", "a", "b").map((place) => {
        if (place === "new") return [0, free];
        return place === "a" ? [a, lda] : [b, ldb];
      }),
    );
    const at = out || target(stage, rows, cols, ldo, accumulate);
    return {
      call: (kernels) => kernels.multiply(rows, cols, a, lda, b, ldb, at, ldo, accumulate),
      outputs: [dense(at, rows, cols, ldo)],
    };
  },

  rowDot(stage, draw) {
    const [rows, cols, accumulate] = [draw(() => size), draw(() => size), draw(() => flag)];
    const [lda, ldb] = [cols + draw(() => gap), cols + draw(() => gap)];
    const a = stage.matrix(rows, cols, lda);
    const b = stage.matrix(rows, cols, ldb);
    const out = target(stage, 1, rows, rows, accumulate);
    return {
      call: (kernels) => kernels.rowDot(rows, cols, a, lda, b, ldb, out, accumulate),
      outputs: [dense(out, 1, rows)],
      tolerance: summed(cols),
    };
  },

  rowScale(stage, draw) {
    const [rows, cols, accumulate, inPlace] = [draw(() => size), draw(() => size), draw(() => flag), draw(() => flag)];
    const ldx = cols + draw(() => gap);
    const ldo = inPlace ? ldx : cols + draw(() => gap);
    const x = stage.matrix(rows, cols, ldx);
    const weight = stage.matrix(1, rows);
    const out = inPlace ? x : target(stage, rows, cols, ldo, accumulate);
    return {
      call: (kernels) => kernels.rowScale(rows, cols, x, ldx, weight, out, ldo, accumulate),
      outputs: [dense(out, rows, cols, ldo)],
    };
  },

  columnSums(stage, draw) {
    const [rows, cols, accumulate] = [draw(() => size), draw(() => size), draw(() => flag)];
    const ldx = cols + draw(() => gap);
    const x = stage.matrix(rows, cols, ldx);
    const out = target(stage, 1, cols, cols, accumulate);
    return {
      call: (kernels) => kernels.columnSums(rows, cols, x, ldx, out, accumulate),
      outputs: [dense(out, 1, cols)],
      tolerance: summed(rows),
    };
  },

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

  gruForward(stage, draw) {
    const [rows, hidden, gate, started] = [draw(() => size), draw(() => size), draw(() => gates), draw(() => flag)];
    const at = stage.matrix(rows, 3 * hidden, 3 * hidden, -3, 3);
    const recurrent = stage.matrix(rows, hidden);
    const previous = started ? stage.matrix(rows, hidden) : 0;
    const attention = gate === Gate.gru ? 0 : stage.matrix(1, rows, rows, 0, 1);
    const next = stage.room(rows * hidden);
    return {
      call: (kernels) => kernels.gruForward(rows, hidden, gate, at, recurrent, previous, attention, next),
      outputs: [dense(at, rows, 3 * hidden), dense(next, rows, hidden)],
    };
  },

  gruStep(stage, draw) {
    const [rows, hidden, gate, started] = [draw(() => tokens), draw(() => size), draw(() => gates), draw(() => flag)];
    const sequences = draw(() => fc.constantFrom(0, 1, 2, 40));
    const input = stage.matrix(sequences || rows, 3 * hidden, 3 * hidden, -3, 3);
    const reference = sequences === 0 ? 0 : stage.ids(rows, sequences);
    const U = stage.matrix(hidden, 3 * hidden);
    const previous = started ? stage.matrix(rows, hidden) : 0;
    const attention = gate === Gate.gru ? 0 : stage.matrix(1, rows, rows, 0, 1);
    const next = started && draw(() => flag) ? previous : stage.room(rows * hidden);
    const scratch = stage.room(48 * hidden);
    return {
      call: (kernels) => {
        kernels.gruStep(rows, hidden, gate, input, reference, U, previous, attention, next, scratch);
        stage.f32.fill(Number.NaN, scratch / 4, scratch / 4 + 48 * hidden);
      },
      outputs: [dense(next, rows, hidden)],
      tolerance: summed(hidden),
    };
  },

  gruBackward(stage, draw) {
    const [rows, hidden, gate] = [draw(() => size), draw(() => size), draw(() => gates)];
    const [started, inPlace] = [draw(() => flag), draw(() => flag)];
    const at = stage.matrix(rows, 3 * hidden, 3 * hidden, 0, 1);
    const recurrent = stage.matrix(rows, hidden);
    const previous = started ? stage.matrix(rows, hidden) : 0;
    const attention = gate === Gate.gru ? 0 : stage.matrix(1, rows, rows, 0, 1);
    const dNext = stage.matrix(rows, hidden);
    const fresh = inPlace ? dNext : stage.room(rows * hidden);
    const dPrevious = started ? fresh : 0;
    const dAttention = attention ? stage.room(rows) : 0;
    return {
      call: (kernels) =>
        kernels.gruBackward(rows, hidden, gate, at, recurrent, previous, attention, dNext, dPrevious, dAttention),
      outputs: [
        dense(at, rows, 3 * hidden),
        dense(recurrent, rows, hidden),
        ...(dPrevious ? [dense(dPrevious, rows, hidden)] : []),
        ...(dAttention ? [dense(dAttention, 1, rows)] : []),
      ],
      tolerance: summed(hidden),
    };
  },

  softmaxSteps(stage, draw) {
    const { samples, steps, tokens, offsets, active } = packed(stage, draw);
    const inPlace = draw(() => flag);
    const scores = stage.matrix(1, tokens, tokens, -40, 40);
    const out = inPlace ? scores : stage.room(tokens);
    const scratch = stage.room(2 * samples);
    return {
      call: (kernels) => {
        kernels.softmaxSteps(samples, steps, offsets, active, scores, out, scratch);
        stage.f32.fill(Number.NaN, scratch / 4, scratch / 4 + 2 * samples);
      },
      outputs: [dense(out, 1, tokens)],
    };
  },

  softmaxStepsBackward(stage, draw) {
    const { samples, steps, tokens, offsets, active } = packed(stage, draw);
    const inPlace = draw(() => flag);
    const y = stage.matrix(1, tokens, tokens, 0, 1);
    const dy = stage.matrix(1, tokens);
    const dScores = inPlace ? dy : stage.room(tokens);
    const scratch = stage.room(samples);
    return {
      call: (kernels) => {
        kernels.softmaxStepsBackward(samples, steps, offsets, active, y, dy, dScores, scratch);
        stage.f32.fill(Number.NaN, scratch / 4, scratch / 4 + samples);
      },
      outputs: [dense(dScores, 1, tokens)],
    };
  },

  gatherRows(stage, draw) {
    const [count, cols, vocabulary] = [draw(() => size), draw(() => size), draw(() => positive)];
    const ldo = cols + draw(() => gap);
    const ids = stage.ids(count, vocabulary);
    const table = stage.matrix(vocabulary, cols);
    const out = stage.room(count * ldo);
    return {
      call: (kernels) => kernels.gatherRows(count, cols, ids, table, out, ldo),
      outputs: [exact(out, count, cols, ldo)],
    };
  },

  gatherBags(stage, draw) {
    const [cols, vocabulary, weighted] = [draw(() => size), draw(() => positive), draw(() => flag)];
    const { count, width, ids } = bags(stage, draw, vocabulary);
    const ldo = cols + draw(() => gap);
    const table = stage.matrix(vocabulary, cols);
    const weights = weighted ? stage.room(count) : 0;
    const out = stage.room(count * ldo);
    return {
      call: (kernels) => kernels.gatherBags(count, width, cols, ids, table, weights, out, ldo),
      outputs: [dense(out, count, cols, ldo), ...(weighted ? [dense(weights, 1, count)] : [])],
      tolerance: summed(width),
    };
  },

  linkBags(stage, draw) {
    const vocabulary = draw(() => positive);
    const { count, width, ids } = bags(stage, draw, vocabulary);
    const head = stage.integers(new Array(vocabulary).fill(-1));
    const [tail, rows] = [stage.room(vocabulary), stage.room(vocabulary)];
    const entries = 3 + count * width;
    const [next, addresses] = [stage.room(entries), stage.room(entries)];
    return {
      call: (kernels) => kernels.linkBags(count, width, ids, 2 ** 31 + 64, 9, 3, head, tail, next, addresses, rows, 0),
      outputs: [
        exact(head, 1, vocabulary),
        exact(tail, 1, vocabulary),
        exact(rows, 1, vocabulary),
        exact(next, 1, entries),
        exact(addresses, 1, entries),
      ],
    };
  },

  // Two calls, as for two look-ups of one table: the second continues the chains of the first.
  linkRows(stage, draw) {
    const [count, more, vocabulary] = [draw(() => size), draw(() => size), draw(() => positive)];
    const ids = stage.ids(count + more, vocabulary);
    const head = stage.integers(new Array(vocabulary).fill(-1));
    const [tail, rows] = [stage.room(vocabulary), stage.room(vocabulary)];
    const [next, addresses] = [stage.room(count + more), stage.room(count + more)];
    return {
      call: (kernels) => {
        const first = kernels.linkRows(count, ids, 4096, 7, 0, head, tail, next, addresses, rows, 0);
        const rest = ids + 4 * count;
        return kernels.linkRows(more, rest, 2 ** 31 + 64, 9, count, head, tail, next, addresses, rows, first);
      },
      outputs: [
        exact(head, 1, vocabulary),
        exact(tail, 1, vocabulary),
        exact(rows, 1, vocabulary),
        exact(next, 1, count + more),
        exact(addresses, 1, count + more),
      ],
    };
  },

  sumLinkedRows(stage, draw) {
    const [count, cols, vocabulary] = [draw(() => size), draw(() => size), draw(() => positive)];
    const ld = cols + draw(() => gap);
    const ids = stage.ids(count, vocabulary);
    const gradient = stage.matrix(count, cols, ld);
    const head = stage.integers(new Array(vocabulary).fill(-1));
    const [tail, rows] = [stage.room(vocabulary), stage.room(vocabulary)];
    const [next, addresses] = [stage.room(count), stage.room(count)];
    const rowCount = stage.kernels.linkRows(count, ids, gradient, ld, 0, head, tail, next, addresses, rows, 0);
    const from = draw(() => fc.integer({ min: 0, max: rowCount }));
    const out = stage.room(rowCount * cols);
    return {
      call: (kernels) => kernels.sumLinkedRows(from, rowCount, cols, rows, head, next, addresses, out),
      outputs: [dense(out + 4 * from * cols, rowCount - from, cols), exact(head, 1, vocabulary)],
      tolerance: summed(count),
    };
  },

  sumShards(stage, draw) {
    const [count, shards, inPlace] = [draw(() => size), draw(() => positive), draw(() => flag)];
    const stride = count + draw(() => gap);
    const first = stage.matrix(shards, count, stride);
    const out = inPlace ? first : stage.room(count);
    return {
      call: (kernels) => kernels.sumShards(count, shards, first, 4 * stride, out),
      outputs: [dense(out, 1, count)],
      tolerance: summed(shards),
    };
  },

  adam(stage, draw) {
    const count = draw(() => size);
    const [weight, m, gradient] = [stage.matrix(1, count), stage.matrix(1, count), stage.matrix(1, count)];
    const v = stage.matrix(1, count, count, 0.01, 1);
    return {
      call: (kernels) => kernels.adam(count, weight, m, v, gradient, 0.7, 0.01, 0.05, 0.9, 0.999, 1e-8, 0.19, 0.002),
      outputs: [weight, m, v].map((at) => dense(at, 1, count)),
      tolerance: { absolute: 2e-5, relative: 2e-6 },
    };
  },

  adamRows(stage, draw) {
    const [cols, vocabulary] = [draw(() => size), draw(() => positive)];
    const to = draw(() => fc.integer({ min: 0, max: vocabulary }));
    const from = draw(() => fc.integer({ min: 0, max: to }));
    // Distinct rows, in descending order.
    const rows = stage.integers(Array.from({ length: to }, (_, r) => vocabulary - 1 - r));
    const [weight, m] = [stage.matrix(vocabulary, cols), stage.matrix(vocabulary, cols)];
    const v = stage.matrix(vocabulary, cols, cols, 0.01, 1);
    const gradient = stage.matrix(to, cols);
    const settings = [0.7, 0.01, 0.05, 0.9, 0.999, 1e-8, 0.19, 0.002] as const;
    return {
      call: (kernels) => kernels.adamRows(from, to, cols, rows, weight, m, v, gradient, ...settings),
      outputs: [weight, m, v].map((at) => dense(at + 4 * cols * (vocabulary - to), to - from, cols)),
      tolerance: { absolute: 2e-5, relative: 2e-6 },
    };
  },
};

describe.each(BUILDS)("kernels of build %s agree with the reference", (build) => {
  const stage = new Stage(build);
  it.each(Object.keys(CASES) as (keyof Kernels)[])("%s", (name) => {
    fc.assert(
      fc.property(fc.nat(), fc.gen(), (seed, draw) => {
        const { call, outputs, tolerance } = CASES[name](stage.reset(seed), draw);
        stage.check(call, outputs, tolerance ?? FLOAT);
      }),
      { numRuns: 100 },
    );
  });
});

it("covers every kernel of the reference", () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  expect(Object.keys(CASES).sort()).toEqual(Object.keys(createReferenceKernels(memory)).sort());
});
