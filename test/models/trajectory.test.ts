/**
 * A whole small DIEN against an independent float64 program: the gradient of every parameter, then ten Adam steps.
 *
 * The program runs dense Adam on the embeddings, ours is lazy. The two agree where every row is touched at every step,
 * so the test adds a second shard that looks up all rows of all tables with a gradient of zero.
 */
import { expect, it } from "vitest";
import { z } from "zod";
import { crossEntropy } from "../../src/autograd/loss.ts";
import { ParameterLayout, ParameterPlan } from "../../src/autograd/parameters.ts";
import { Tape } from "../../src/autograd/tape.ts";
import type { Lookup, Tensor } from "../../src/autograd/values.ts";
import { Batch } from "../../src/features/batch.ts";
import { loadKernels } from "../../src/kernels/load.ts";
import { dien } from "../../src/models/dien.ts";
import { Adam } from "../../src/optim/adam.ts";
import { Gradients } from "../../src/optim/gradients.ts";
import { gatherGradients, sumTouchedRows } from "../../src/optim/reduction.ts";
import { Arena, createMemory } from "../../src/tensor/memory.ts";
import type { Rows } from "../../src/tensor/packed.ts";
import { type GoldenArray, readGolden } from "../support/golden.ts";
import { relativeError } from "../support/workbench.ts";

interface Trajectory {
  sizes: { users: number; items: number; categories: number };
  category_of: number[];
  batches: {
    user: number[];
    item: number[];
    history: number[][];
    negative: number[][];
    lengths: number[];
    label: number[];
  }[];
  initial: Record<string, GoldenArray>;
  gradients: Record<string, GoldenArray>;
  trace: { loss: number; target: number; auxiliary: number; logits: GoldenArray }[];
}

const golden = readGolden<Trajectory>("dien-trajectory");
const { sizes, category_of: categoryOf } = golden;
const schema = {
  user: [{ name: "user", size: sizes.users }],
  item: [
    { name: "item", size: sizes.items },
    { name: "category", size: sizes.categories },
  ],
  context: [],
  maxHistory: 7,
};
const config = dien.config(z).parse({
  embedding: { size: 4 },
  head: { layers: [12, 7] },
  attention: { form: "bilinear" },
  auxiliary: { form: "mlp", layers: [10, 6], weight: 1 },
});
const BATCH = 6;

function fill(batch: Batch, { user, item, history, negative, lengths, label }: Trajectory["batches"][number]): void {
  const { packed } = batch;
  packed.pack(lengths, 0, BATCH);
  for (let row = 0; row < BATCH; row++) {
    const sample = packed.order[row];
    batch.labels.values[row] = label[sample];
    batch.user[0].values[row] = user[sample];
    batch.candidate[0].values[row] = item[sample];
    batch.candidate[1].values[row] = categoryOf[item[sample]];
    for (let t = 0; t < lengths[sample]; t++) {
      const token = packed.offsets[t] + row;
      batch.history[0].values[token] = history[sample][t];
      batch.history[1].values[token] = categoryOf[history[sample][t]];
      batch.negatives[0].values[token] = negative[sample][t];
      batch.negatives[1].values[token] = categoryOf[negative[sample][t]];
    }
  }
}

it("follows the golden trajectory", () => {
  const bytes = 16 << 20;
  const memory = createMemory(bytes);
  const kernels = loadKernels(memory.memory);
  const arena = new Arena(0, bytes);
  const batch = new Batch(memory, arena, schema, BATCH);
  const record = (tape: Tape): Tensor => {
    const logits = dien.logits(tape, batch, config);
    crossEntropy(tape, tape.loss("target", 1, "samples"), logits, batch.labels);
    return logits;
  };
  const plan = new ParameterPlan();
  record(new Tape({ kernels, parameters: plan, training: true }));
  const parameters = new ParameterLayout(plan.specs, arena, true);
  parameters.initialise(memory, 1);
  for (const { name, value } of parameters.placed) memory.f32.set(golden.initial[name].data, value / 4);
  expect(parameters.placed.map((p) => p.name).sort()).toEqual(Object.keys(golden.initial).sort());

  // The block of shard 0 is placed by Gradients, whose look-ups the tape records: a first tape gives them.
  const roomy: Rows = { axis: "tokens", count: 0, first: 0, capacity: 128 };
  const probe = new Tape({ kernels, parameters, training: true });
  record(probe);
  const lookups = probe.lookups.map((lookup): Lookup => ({ ...lookup, rows: roomy }));
  const gradients = new Gradients(memory, arena, parameters, lookups, 2);
  gradients.initialise();
  const tape = new Tape({ kernels, parameters, training: true, gradients: gradients.block(0) });
  const logits = record(tape);
  const everyRow = touchEveryRow(lookups, arena);

  const adam = new Adam(kernels, gradients, { clipNorm: 0, embeddingL2: 0 });
  const kept = new Arena(8 << 20, 10 << 20);
  const work = new Arena(10 << 20, bytes);
  golden.batches.forEach((data, step) => {
    fill(batch, data);
    tape.totals.samples = BATCH;
    tape.totals.pairs = batch.packed.pairs.count;
    tape.forward(work, kept);
    const [auxiliary, target] = tape.losses.map((loss) => loss.value);
    const row = memory.f32.subarray(logits.value / 4, logits.value / 4 + BATCH);
    const expected = golden.trace[step];
    expect(relativeError([target, auxiliary], [expected.target, expected.auxiliary]), `losses ${step}`).toBeLessThan(
      1e-4,
    );
    const sorted = [...batch.packed.order].map((sample) => expected.logits.data[sample]);
    expect(relativeError(row, sorted), `logits of step ${step}`).toBeLessThan(1e-4);
    tape.backward();
    gradients.publish(0, tape);
    gradients.publishNothing(1);
    gradients.publish(1, everyRow);
    gatherGradients(kernels, gradients, 0, 1);
    sumTouchedRows(kernels, gradients, 0, 1);
    if (step === 0) checkGradients();
    adam.apply(0, 1, 0.01);
  });

  function checkGradients(): void {
    for (const { name, rows, cols, kind, offset } of parameters.placed) {
      const actual = new Float32Array(rows * cols);
      if (kind === "dense") {
        const at = gradients.dense / 4 + offset;
        actual.set(memory.f32.subarray(at, at + rows * cols));
      } else {
        const table = gradients.tables.find((t) => t.table.name === name)!;
        for (let r = 0; r < memory.i32[table.rowCount / 4]; r++) {
          const at = table.gradient / 4 + r * cols;
          actual.set(memory.f32.subarray(at, at + cols), memory.i32[table.rows / 4 + r] * cols);
        }
      }
      expect(relativeError(actual, golden.gradients[name].data), name).toBeLessThan(1e-4);
    }
  }

  /** Look-ups of all rows of all tables, with gradients of zero. */
  function touchEveryRow(lookups: readonly Lookup[], arena: Arena): Pick<Tape, "lookups"> {
    const seen = new Set<string>();
    return {
      lookups: lookups.map((lookup) => {
        const size = parameters.tables.find((t) => t.name === lookup.table)!.rows;
        const ids = arena.alloc(size);
        for (let id = 0; id < size; id++) memory.i32[ids / 4 + id] = id;
        const cols = 8;
        const grad = arena.alloc(size * cols);
        const count = seen.has(lookup.table) ? 0 : size;
        seen.add(lookup.table);
        const rows: Rows = { axis: "tokens", count, first: 0, capacity: size };
        return { ...lookup, ids, rows, column: 0, output: { rows, cols, value: 0, grad, claimed: true } };
      }),
    };
  }
});
