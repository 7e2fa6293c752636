/** The record says everything: a model computed from its record alone scores as the model does, and has its losses. */
import { describe, expect, it } from "vitest";
import type { Model } from "../../src/models/model.ts";
import { models } from "../../src/models/registry.ts";
import { Random } from "../../src/tensor/random.ts";
import { branchesOf } from "../support/branches.ts";
import { interpret, sized } from "../support/interpreted.ts";
import { ModelBench, wideSchema } from "../support/model-bench.ts";
import { relativeError } from "../support/workbench.ts";

const LENGTHS = [0, 3, 1, 4, 3];

/** A model with weights, running moments and a batch that are random. */
function randomBench(model: Model, config: object, training: boolean): ModelBench {
  const bench = new ModelBench(model, config, LENGTHS.length, { training, schema: wideSchema });
  bench.randomise(0.4, 5);
  const random = new Random(9);
  for (const { kind, value, cols } of bench.parameters.placed) {
    if (kind !== "statistic") continue;
    for (let j = 0; j < cols; j++) bench.memory.f32[value / 4 + j] = 0.2 + random.uniform();
  }
  bench.fill(LENGTHS, 11);
  return bench;
}

describe.each([...models.values()])("$name from its record", (model) => {
  it.each([
    ["in training", true],
    ["in scoring", false],
  ])("computes the same in every branch %s", (_, training) => {
    for (const branch of branchesOf(model)) {
      const bench = randomBench(model, sized(model, branch), training);
      bench.loss();
      const interpreter = interpret(bench);
      const { logits, tape, memory } = bench;
      const scores = memory.f32.subarray(logits.value / 4, logits.value / 4 + LENGTHS.length);
      const what = JSON.stringify(branch);
      expect(relativeError(scores, interpreter.valueOf(logits).flat()), what).toBeLessThan(1e-4);
      const losses = tape.losses.map(({ name }) => interpreter.losses.get(name)!);
      const values = tape.losses.map(({ value }) => value);
      expect(relativeError(values, losses), what).toBeLessThan(1e-4);
    }
  });
});
