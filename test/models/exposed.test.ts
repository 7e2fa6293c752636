/** What each model exposes on its tape, and that it is what it is called. */
import { expect, it } from "vitest";
import { models } from "../../src/models/registry.ts";
import { ModelBench } from "../support/model-bench.ts";

const LENGTHS = [3, 0, 5, 1];

it.each<[string, object, string[]]>([
  ["base", {}, []],
  ["wide-deep", {}, []],
  ["pnn", {}, []],
  ["din", {}, ["attention"]],
  ["gru-attention", {}, ["attention", "states"]],
  ["dien", {}, ["attention", "interests", "states"]],
  ["dien", { evolution: "aigru" }, ["attention", "interests", "states"]],
  ["dien", { evolution: "gru" }, ["interests", "states"]],
])("%s %j exposes %j", (name, config, names) => {
  const bench = new ModelBench(models.get(name)!, config, LENGTHS.length, { training: false, exposing: true });
  const { tape, batch, memory } = bench;
  expect([...tape.exposed.keys()].sort()).toEqual(names);
  for (const [tensor, { rows, cols }] of tape.exposed) {
    expect(rows).toBe(batch.packed.tokens);
    expect(cols).toBe(tensor === "attention" ? 1 : 36);
  }
  const attention = tape.exposed.get("attention");
  if (!attention) return;
  bench.randomise(0.3, 5);
  bench.fill(LENGTHS, 6);
  bench.scores();
  const { offsets, lengths, order } = batch.packed;
  LENGTHS.forEach((length, sample) => {
    const row = order.indexOf(sample);
    expect(lengths[row]).toBe(length);
    const weights = Array.from({ length }, (_, t) => memory.f32[attention.value / 4 + offsets[t] + row]);
    if (length > 0) expect(weights.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 6);
  });
});
