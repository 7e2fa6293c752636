/**
 * Every model and every branch of its configuration: the gradient of the whole loss along a random direction equals the
 * central difference of the loss, on random ragged batches with empty histories among them.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { models } from "../../src/models/registry.ts";
import { Random } from "../../src/tensor/random.ts";
import { ModelBench, smallSchema, wideSchema } from "../support/model-bench.ts";

const small = { embedding: { size: 3 }, head: { layers: [8, 5] } };
const cases: [string, string, object][] = [
  ["base", "base", small],
  ["base", "base with Dice", { ...small, head: { layers: [8, 5], activation: "dice" } }],
  ["wide-deep", "wide-deep", small],
  ...["elementwise", "inner", "outer"].map((product): [string, string, object] => [
    "pnn",
    `pnn, ${product} product`,
    { ...small, product },
  ]),
  ["din", "din", { ...small, attention: { layers: [7, 4] } }],
  ["gru-attention", "gru-attention", small],
  ["gru-attention", "gru-attention, mlp attention", { ...small, attention: { form: "mlp", layers: [7, 4] } }],
  ...["gru", "aigru", "agru", "augru"].map((evolution): [string, string, object] => [
    "dien",
    `dien, ${evolution}`,
    { ...small, evolution },
  ]),
  ["dien", "dien, released augru", { ...small, augru: { form: "released" } }],
  ["dien", "dien, mlp attention", { ...small, attention: { form: "mlp", layers: [7, 4] } }],
  ["dien", "dien, sigmoid attention", { ...small, attention: { activation: "sigmoid" } }],
  [
    "dien",
    "dien, sigmoid of mlp attention",
    { ...small, attention: { form: "mlp", layers: [7, 4], activation: "sigmoid" } },
  ],
  ["dien", "dien, uniform attention", { ...small, attention: { form: "uniform" } }],
  ["dien", "dien, mlp auxiliary", { ...small, auxiliary: { form: "mlp", layers: [6, 4], weight: 0.7 } }],
  ["dien", "dien, no auxiliary loss", { ...small, auxiliary: { weight: 0 } }],
  ["dien", "dien with Dice", { ...small, head: { layers: [8, 5], activation: "dice" } }],
];

const STEP = 1e-3;

/** Relative difference between <gradient, d> and (L(w + hd) - L(w - hd)) / 2h, for a random d of unit scale. */
function directionalError(bench: ModelBench, seed: number): number {
  const gradients = bench.gradients();
  const random = new Random(seed);
  const moved = bench.parameters.placed.filter(({ name }) => gradients.has(name));
  const origin = moved.map(({ value, rows, cols }) => bench.memory.f32.slice(value / 4, value / 4 + rows * cols));
  const direction = origin.map((weights) => Float32Array.from(weights, () => random.normal()));
  let product = 0;
  let scale = 0;
  moved.forEach(({ name }, p) => {
    gradients.get(name)!.forEach((g, i) => {
      product += g * direction[p][i];
      scale += (g * direction[p][i]) ** 2;
    });
  });
  const lossAt = (h: number): number => {
    moved.forEach(({ value }, p) => {
      for (let i = 0; i < origin[p].length; i++) bench.memory.f32[value / 4 + i] = origin[p][i] + h * direction[p][i];
    });
    return bench.loss();
  };
  const difference = (lossAt(STEP) - lossAt(-STEP)) / (2 * STEP);
  lossAt(0);
  return Math.abs(difference - product) / Math.max(Math.sqrt(scale), 1e-2);
}

const batches: [string, number[]][] = [
  ["ragged", [9, 4, 4, 1, 0, 6, 2]],
  ["one sample", [5]],
  ["one behaviour each", [1, 1, 1]],
  ["all histories empty", [0, 0, 0]],
];

describe.each(cases)("%s: %s", (name, _, config) => {
  const model = models.get(name)!;

  it.each(batches)("gradient on %s", (_, lengths) => {
    const bench = new ModelBench(model, config, lengths.length, { engine: "reference" });
    bench.randomise(0.4, 5);
    bench.fill(lengths, 11);
    expect(directionalError(bench, 17)).toBeLessThan(2e-2);
  });

  it("gradient on lists and numbers among the fields", () => {
    const lengths = [9, 4, 4, 1, 0, 6, 2];
    const bench = new ModelBench(model, config, lengths.length, { engine: "reference", schema: wideSchema });
    bench.randomise(0.4, 5);
    bench.fill(lengths, 11);
    expect(directionalError(bench, 17)).toBeLessThan(2e-2);
  });

  it("gradient on samples that share sequences", () => {
    const [lengths, sequenceOf] = [
      [9, 4, 4, 1, 0, 6, 2, 9],
      [1, 1, 0, 2, 3, 1, 0, 1],
    ];
    const sharing = { sequences: [4, 9, 1, 0], sequenceOf };
    const bench = new ModelBench(model, config, lengths.length, { engine: "reference", sequences: 4 });
    bench.randomise(0.4, 5);
    bench.fill(lengths, 11, sharing);
    expect(directionalError(bench, 17)).toBeLessThan(2e-2);
  });

  it("gradient on random shapes, SIMD kernels", () => {
    const lengths = fc.array(fc.integer({ min: 0, max: smallSchema.maxHistory }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 1e6 }), (lengths, seed) => {
        const bench = new ModelBench(model, config, lengths.length);
        bench.randomise(0.4, seed);
        bench.fill(lengths, seed + 1);
        expect(directionalError(bench, seed + 2)).toBeLessThan(4e-2);
      }),
      { numRuns: 6, seed: 20 },
    );
  });

  it("SIMD and reference kernels agree on every gradient", () => {
    const lengths = [9, 8, 3, 3, 1, 0];
    const [wasm, reference] = (["wasm", "reference"] as const).map((engine) => {
      const bench = new ModelBench(model, config, lengths.length, { engine });
      bench.randomise(0.3, 7);
      bench.fill(lengths, 8);
      return bench.gradients();
    });
    for (const [parameter, expected] of reference) {
      const scale = Math.max(1e-3, ...expected.map(Math.abs));
      wasm.get(parameter)!.forEach((g, i) => {
        expect(Math.abs(g - expected[i]) / scale, parameter).toBeLessThan(2e-4);
      });
    }
  });

  it("a score does not depend on who else is in the batch, to the bit", () => {
    const lengths = [0, 7, 2, 9, 1, 4, 4];
    const bench = new ModelBench(model, config, lengths.length, { training: false });
    bench.randomise(0.3, 9);
    bench.fill(lengths, 10);
    const together = bench.scores();
    const { batch } = bench;
    // Sample by sample: the ids of each, kept before the batch is filled anew.
    const { packed } = batch;
    const kept = lengths.map((length, sample) => {
      const row = packed.order.indexOf(sample);
      const tokens = Array.from({ length }, (_, t) => packed.offsets[t] + row);
      const at = (group: typeof batch.user, places: number[]) =>
        group.map(({ values }) => places.map((p) => values[p]));
      return {
        user: at(batch.user, [row]),
        context: at(batch.context, [row]),
        candidate: at(batch.candidate, [row]),
        history: at(batch.history, tokens),
      };
    });
    kept.forEach((sample, i) => {
      packed.pack([lengths[i]], 0, 1);
      for (const group of ["user", "context", "candidate", "history"] as const) {
        for (const [f, values] of sample[group].entries()) batch[group][f].values.set(values);
      }
      expect(bench.scores()[0]).toBe(together[i]);
    });
  });
});
