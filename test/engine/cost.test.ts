/** Costs against counts made by hand. */
import { describe, expect, it } from "vitest";
import { modelCost } from "../../src/engine/cost.ts";
import type { Schema } from "../../src/features/schema.ts";
import { resolveConfig } from "../../src/run/config.ts";

/** Item vectors have 4 columns, those of the user 2. */
const schema: Schema = {
  user: [{ name: "user", size: 5 }],
  item: [
    { name: "item", size: 7 },
    { name: "category", size: 3 },
  ],
  context: [],
  maxHistory: 9,
};
const HISTORY = 4;
const tables = (5 + 7 + 3) * 2;
const small = { embedding: { size: 2 }, head: { layers: [3] } };
const costOf = (model: object, history = HISTORY) =>
  modelCost(schema, resolveConfig({ model: { ...small, ...model } }), history);

/** A head of three units with a slope each, on `inputs` columns. */
const headNumbers = (inputs: number) => inputs * 3 + 3 + 3 + (3 + 1);
const headOperations = (inputs: number) => 2 * (inputs * 3 + 3);

describe("the cost of", () => {
  it("base: embeddings and the head on user, candidate and sum", () => {
    const inputs = 2 + 4 + 4;
    const dense = headNumbers(inputs);
    const score = headOperations(inputs);
    expect(costOf({ name: "base" })).toEqual({ parameters: tables + dense, dense, score, learn: 3 * score });
  });

  it("base with Dice: its running moments are not trained", () => {
    const head = { layers: [3], activation: "dice" };
    expect(costOf({ name: "base", head }).parameters).toBe(costOf({ name: "base" }).parameters);
  });

  const gruNumbers = 4 * 12 + 4 * 12 + 12;
  const gruOperations = 2 * (HISTORY * 4 * 12 + (HISTORY - 1) * 4 * 12);
  const dienInputs = 2 + 4 + 4 + 4 + 4;

  it("dien: two recurrences, attention at every step, the head", () => {
    const dense = 2 * gruNumbers + 4 * 4 + headNumbers(dienInputs);
    const score = 2 * gruOperations + 2 * HISTORY * 4 * 4 + headOperations(dienInputs);
    expect(costOf({ name: "dien" })).toEqual({ parameters: tables + dense, dense, score, learn: 3 * score });
  });

  it("dien whose auxiliary loss is a network: more to learn, not to score", () => {
    const auxiliary = { form: "mlp", layers: [5, 2] };
    const plain = costOf({ name: "dien" });
    const numbers = 8 * 5 + 5 + 5 * 2 + 2 + 2 + 1;
    // The state's part of the first layer once, the rest for the behaviour and for the negative.
    const operations = 2 * (HISTORY - 1) * (4 * 5 + 2 * (4 * 5 + 5 * 2 + 2));
    expect(costOf({ name: "dien", auxiliary })).toEqual({
      parameters: plain.parameters + numbers,
      dense: plain.dense + numbers,
      score: plain.score,
      learn: plain.learn + 3 * operations,
    });
    expect(costOf({ name: "dien", auxiliary: { ...auxiliary, weight: 0 } })).toEqual(plain);
  });

  it("dien without a history: the head alone works", () => {
    expect(costOf({ name: "dien" }, 0).score).toBe(headOperations(dienInputs));
  });

  it("tables that no memory holds", () => {
    const huge = { ...schema, user: [{ name: "user", size: 2 ** 40 }] };
    const { parameters, dense } = modelCost(huge, resolveConfig({ model: { name: "base", ...small } }), HISTORY);
    expect(parameters - dense).toBe((2 ** 40 + 7 + 3) * 2);
  });
});
