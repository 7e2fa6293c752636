/**
 * Whole models against the same computed anew: plain loops in float64, a sample at a time, over the bench's parameters
 * and ids. Nothing is shared with the models but the names of parameters.
 */
import { describe, expect, it } from "vitest";
import type { Batch } from "../../src/features/batch.ts";
import type { Schema } from "../../src/features/schema.ts";
import { models } from "../../src/models/registry.ts";
import { ModelBench, smallSchema } from "../support/model-bench.ts";
import { relativeError } from "../support/workbench.ts";

type Vector = readonly number[];

/** What a model reads of one sample, embedded: a vector for each field, and [item fields] for each behaviour. */
interface Sample {
  readonly user: readonly Vector[];
  readonly candidate: readonly Vector[];
  readonly history: readonly (readonly Vector[])[];
  readonly context: readonly Vector[];
}

/** The rows of a parameter. */
type Weights = (name: string) => readonly Vector[];

const add = (...vectors: readonly Vector[]) => vectors[0].map((_, j) => vectors.reduce((total, v) => total + v[j], 0));
const multiply = (a: Vector, b: Vector) => a.map((x, j) => x * b[j]);
const dot = (a: Vector, b: Vector) => multiply(a, b).reduce((total, x) => total + x, 0);
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
/** x W */
const through = (x: Vector, W: readonly Vector[]) =>
  W[0].map((_, j) => x.reduce((total, v, i) => total + v * W[i][j], 0));

/** The sum of a sample's behaviours, a vector for each item field. */
const summed = ({ candidate, history }: Sample) =>
  candidate.map((vector, f) =>
    add(
      vector.map(() => 0),
      ...history.map((behaviour) => behaviour[f]),
    ),
  );

/** The head on [user, ...parts, context]: two hidden layers of PReLU, one output. */
function head(weights: Weights, { user, context }: Sample, ...parts: readonly Vector[]): number {
  let x: Vector = [...user.flat(), ...parts.flat(), ...context.flat()];
  for (const layer of ["mlp.0", "mlp.1"]) {
    const [slope] = weights(`${layer}.slope`);
    x = add(through(x, weights(`${layer}.W`)), weights(`${layer}.b`)[0]).map((v, j) => (v > 0 ? v : slope[j] * v));
  }
  return add(through(x, weights("mlp.2.W")), weights("mlp.2.b")[0])[0];
}

/** The states of a GRU whose reset acts on the recurrent product; columns of its weights: update, reset, candidate. */
function gru(weights: Weights, name: string, inputs: readonly Vector[]): Vector[] {
  const [W, U, [b]] = [weights(`${name}.W`), weights(`${name}.U`), weights(`${name}.b`)];
  const H = U.length;
  let h: Vector = new Array<number>(H).fill(0);
  return inputs.map((x) => {
    const [fromInput, fromState] = [add(through(x, W), b), through(h, U)];
    h = h.map((before, j) => {
      const update = sigmoid(fromInput[j] + fromState[j]);
      const reset = sigmoid(fromInput[H + j] + fromState[H + j]);
      const candidate = Math.tanh(fromInput[2 * H + j] + reset * fromState[2 * H + j]);
      return (1 - update) * before + update * candidate;
    });
    return h;
  });
}

function softmax(scores: Vector): number[] {
  const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
  return scores.map((score) => Math.exp(score) / total);
}

function base(weights: Weights, sample: Sample): number {
  return head(weights, sample, sample.candidate.flat(), summed(sample).flat());
}

function wideDeep(weights: Weights, sample: Sample): number {
  const [x, S] = [sample.candidate.flat(), summed(sample).flat()];
  return base(weights, sample) + through([...x, ...S, ...multiply(x, S)], weights("wide.W"))[0];
}

/** PNN with the products of its fields that `cross` takes. */
const pnn = (cross: (sample: Sample, fields: readonly Vector[]) => Vector) => (weights: Weights, sample: Sample) => {
  const { user, candidate, context } = sample;
  const fields = [...user, ...candidate, ...summed(sample), ...context];
  return head(weights, sample, candidate.flat(), summed(sample).flat(), cross(sample, fields));
};

const products = {
  elementwise: pnn((sample) => multiply(sample.candidate.flat(), summed(sample).flat())),
  inner: pnn((_, fields) => {
    const found: number[] = [];
    for (let i = 0; i < fields.length; i++) {
      for (let j = i + 1; j < fields.length; j++) found.push(dot(fields[i], fields[j]));
    }
    return found;
  }),
  outer: pnn((_, fields) => {
    const total = add(...fields);
    return total.flatMap((a) => total.map((b) => a * b));
  }),
};

/** The two-layer GRU; `score` says how much a state concerns the candidate. */
const gruAttention =
  (score: (weights: Weights, state: Vector, candidate: Vector) => number) => (weights: Weights, sample: Sample) => {
    const [x, S] = [sample.candidate.flat(), summed(sample).flat()];
    const first = gru(
      weights,
      "gru.0",
      sample.history.map((behaviour) => behaviour.flat()),
    );
    const states = gru(weights, "gru.1", first);
    const attention = softmax(states.map((state) => score(weights, state, x)));
    const nothing = x.map(() => 0);
    const interest = add(nothing, ...states.map((state, t) => state.map((v) => attention[t] * v)));
    return head(weights, sample, x, S, multiply(x, S), interest);
  };

const cases: [string, object, (weights: Weights, sample: Sample) => number][] = [
  ["base", {}, base],
  ["wide-deep", {}, wideDeep],
  ["pnn", { product: "elementwise" }, products.elementwise],
  ["pnn", { product: "inner" }, products.inner],
  ["pnn", { product: "outer" }, products.outer],
  ["gru-attention", {}, gruAttention((weights, h, x) => dot(through(h, weights("attention.W")), x))],
  ["gru-attention", { attention: { form: "uniform" } }, gruAttention(() => 0)],
];

/** Fields in other numbers than those of smallSchema, and no context. */
const otherSchema: Schema = {
  user: [
    { name: "user", size: 5 },
    { name: "age", size: 3 },
  ],
  item: [{ name: "item", size: 8 }],
  context: [],
  maxHistory: 6,
};

/** The scores of every sample of the bench, computed anew. */
function computeAnew(bench: ModelBench, compute: (weights: Weights, sample: Sample) => number): number[] {
  const { batch, memory, parameters } = bench;
  const { schema, packed } = batch;
  const weights: Weights = (name) => {
    const { value, rows, cols } = parameters.placed.find((parameter) => parameter.name === name)!;
    return Array.from({ length: rows }, (_, row) => {
      const at = value / 4 + row * cols;
      return [...memory.f32.subarray(at, at + cols)];
    });
  };
  const embed = (fields: Schema["user"], cells: Batch["user"], place: number) =>
    fields.map(({ name }, f) => weights(`embedding.${name}`)[cells[f].values[place]]);
  const scores: number[] = [];
  for (let row = 0; row < packed.samples.count; row++) {
    const history = Array.from({ length: packed.lengths[row] }, (_, t) =>
      embed(schema.item, batch.history, packed.offsets[t] + row),
    );
    scores[packed.order[row]] = compute(weights, {
      user: embed(schema.user, batch.user, row),
      candidate: embed(schema.item, batch.candidate, row),
      history,
      context: embed(schema.context, batch.context, row),
    });
  }
  return scores;
}

describe.each(cases)("%s %j", (name, config, compute) => {
  it.each<[string, Schema, number, number[]]>([
    ["ragged histories, four kinds of fields", smallSchema, 3, [9, 4, 0, 1, 6, 6]],
    ["two user fields, no context", otherSchema, 5, [2, 6, 0]],
    ["no histories at all", smallSchema, 4, [0, 0]],
  ])("scores as float64 does: %s", (_, schema, size, lengths) => {
    const settings = { ...config, embedding: { size }, head: { layers: [8, 5] } };
    const bench = new ModelBench(models.get(name)!, settings, lengths.length, { training: false, schema });
    bench.randomise(0.5, 41);
    bench.fill(lengths, 42);
    const expected = computeAnew(bench, compute);
    expect(relativeError(bench.scores(), expected)).toBeLessThan(1e-5);
    // The samples are not alike, so a score that stood in another's place would be found.
    expect(new Set(expected).size).toBe(lengths.length);
  });
});
