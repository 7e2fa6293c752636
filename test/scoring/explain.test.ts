/** Looking inside a trained model: the tensors are those of the paper's equations, in the order of time. */
import { join } from "node:path";
import { loadExplainer, loadScorer, type Overrides, resolveConfig, train, UserError } from "dien";
import { beforeAll, describe, expect, it } from "vitest";
import { writeSmallDataset } from "../support/dataset.ts";
import { dienInFloat64 } from "../support/dien-float64.ts";
import { temporaryFolder } from "../support/source.ts";
import { relativeError } from "../support/workbench.ts";

const folder = temporaryFolder();
const data = join(folder, "data");
const run = join(folder, "dien");

async function trainInto(out: string, model: object): Promise<void> {
  const config = resolveConfig({ model, train: { batch_size: 32, learning_rate: 0.01 } });
  await train({ data, out, config, threads: 1 });
}

beforeAll(async () => {
  await writeSmallDataset(data);
  await trainInto(run, { name: "dien", embedding: { size: 4 }, head: { layers: [8, 5] } });
});

const items = (...numbers: number[]) => numbers.map((number) => `item ${number}`);
const request = (history: string[]) => ({
  user: "user 3",
  candidate: "item 7",
  history,
  context: { hour: "noon" },
});
const someHistory = items(13, 2, 31, 7, 5);
const uniform: Overrides = { attention: { form: "uniform" } };

describe("an explanation", () => {
  it("has attention, states and score of the equations in float64", async () => {
    const found = (await loadExplainer(run)).explain(request(someHistory));
    const sample = { user: "user 3", hour: "noon", candidate: "item 7", history: someHistory };
    const { score, attention, states } = await dienInFloat64(run, sample);
    expect(found.states).toHaveLength(5);
    expect(relativeError(found.attention, attention)).toBeLessThan(1e-5);
    expect(relativeError(found.states.flat(), states.flat())).toBeLessThan(1e-5);
    expect(relativeError([found.score], [score])).toBeLessThan(1e-5);
    // It is worth looking at: attention is not alike for all, and the state moves.
    expect(Math.max(...attention) - Math.min(...attention)).toBeGreaterThan(1e-3);
  });

  it("has the score of scoring, to the bit, one request after another", async () => {
    const requests = [someHistory, [], items(9), items(4, 4, 4)].map(request);
    const scores = (await loadScorer(run)).score(requests);
    const explainer = await loadExplainer(run);
    expect(requests.map((each) => explainer.explain(each).score)).toEqual(scores);
  });

  it("is of the latest behaviours that the model was trained for", async () => {
    const long = items(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    const explainer = await loadExplainer(run);
    const found = explainer.explain(request(long));
    expect(found.attention).toHaveLength(8);
    expect(found).toEqual(explainer.explain(request(long.slice(-8))));
  });

  it("of an empty history is empty", async () => {
    expect((await loadExplainer(run)).explain(request([]))).toMatchObject({ attention: [], states: [] });
  });

  it("attends to all alike with uniform attention, and the states differ by that", async () => {
    const plain = (await loadExplainer(run)).explain(request(someHistory));
    const even = (await loadExplainer(run, uniform)).explain(request(someHistory));
    for (const weight of even.attention) expect(weight).toBeCloseTo(1 / 5, 6);
    expect(relativeError(even.states.flat(), plain.states.flat())).toBeGreaterThan(1e-3);
    expect(even.score).not.toBe(plain.score);
  });

  it.each([
    { name: "gru-attention" },
    { name: "dien", evolution: "aigru", attention: { form: "mlp" } },
    { name: "dien", evolution: "agru" },
  ])("adds up to 1 in attention: %j", async (model) => {
    const out = join(folder, JSON.stringify(model).replace(/\W+/g, "-"));
    await trainInto(out, model);
    const { attention, states } = (await loadExplainer(out)).explain(request(someHistory));
    expect(attention.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 6);
    expect(states.map(({ length }) => length)).toEqual(new Array(5).fill(36));
  });
});

describe("mistakes", () => {
  const fails = async (out: string, message: RegExp, overrides?: Overrides) => {
    const error = await loadExplainer(out, overrides).catch((e) => e);
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(message);
  };

  it.each([
    [{ name: "base" }, /model base, as it is configured, has no attention to look at/],
    [{ name: "din" }, /model din, as it is configured, has no states to look at/],
    [{ name: "dien", evolution: "gru" }, /model dien, as it is configured, has no attention to look at/],
  ])("a model without: %j", async (model, message) => {
    const out = join(folder, `without-${JSON.stringify(model).replace(/\W+/g, "-")}`);
    await trainInto(out, model);
    await fails(out, message);
  });

  it("overrides that need other parameters, or that the model does not know", async () => {
    await fails(run, /does not fit: expected tensor attention\.\S+.*found none/, { attention: { form: "mlp" } });
    await fails(run, /does not fit: expected tensor/, { embedding: { size: 5 } });
    await fails(run, /unknown key 'model\.attention\.from'/, { attention: { from: "uniform" } });
    await fails(folder, /holds no trained model/);
  });
});
