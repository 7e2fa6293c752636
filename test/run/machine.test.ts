/** The machine is not the model: what was trained on one machine is scored and resumed on any other. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { evaluateRun, loadScorer, resolveConfig, type TrainSummary, train } from "dien";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { chooseMachine, chooseTrainingMachine } from "../../src/engine/machine.ts";
import { engineSupported } from "../../src/kernels/load.ts";
import { MACHINE_KEYS } from "../../src/run/config.ts";
import { testRequests, writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const data = join(folder, "data");
const run = join(folder, "run");
const config = resolveConfig({ model: { name: "dien" }, train: { epochs: 2, batch_size: 32, learning_rate: 0.01 } });
/** Where nobody chooses. */
const OWN = engineSupported("native") ? "native" : "wasm";
let summary: TrainSummary;

async function finish(out: string, options: object = {}): Promise<TrainSummary> {
  const result = await train({ data, out, config, ...options });
  if (result.interrupted) throw new Error("nobody interrupted this run");
  return result;
}

beforeAll(async () => {
  await writeSmallDataset(data);
  summary = await finish(run);
});

describe("a saved run", () => {
  it("holds what decides the weights, and nothing of the machine", () => {
    const { train: stored } = parse(readFileSync(join(run, "config.yaml"), "utf8"));
    const { config: saved } = JSON.parse(readFileSync(join(run, "model", "model.json"), "utf8"));
    expect(saved.train).toEqual(stored);
    for (const key of MACHINE_KEYS) expect(stored).not.toHaveProperty(key);
    expect(stored).toMatchObject({ shards: 4, seed: 1, buffer_mb: 512 });
  });
});

describe("an engine", () => {
  it("may be another for scoring than for training", async () => {
    const requests = (await testRequests(data)).slice(0, 20);
    const plain = (await loadScorer(run)).score(requests);
    const reference = (await loadScorer(run, { engine: "reference" })).score(requests);
    expect(reference).not.toEqual(plain);
    reference.forEach((score, i) => {
      expect(score).toBeCloseTo(plain[i], 5);
    });
    const { auc } = await evaluateRun({ run, data, split: "test", engine: "reference", threads: 2 });
    expect(auc).toBeCloseTo(summary.test.auc, 3);
  });

  it("may be another for the rest of a run", async () => {
    const out = join(folder, "two-engines");
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    const first = await train({ data, out, config, engine: "reference", signal: controller.signal, onProgress });
    expect(first.interrupted).toBe(true);
    const { test, engines } = await finish(out, { resume: true });
    expect(test.auc).toBeCloseTo(summary.test.auc, 1);
    expect(engines).toEqual(["reference", OWN]);
    expect(summary.engines).toEqual([OWN]);
  });
});

it("no number of threads that is none", () => {
  for (const threads of [0, -1, 1.5])
    expect(() => chooseMachine({ threads })).toThrow(/threads: expected a whole number, 1 to 64/);
});

it("training takes no more threads than there are shards", () => {
  expect([1, 8, 9].map((threads) => chooseTrainingMachine({ threads }, 8).threads)).toEqual([1, 8, 8]);
});
