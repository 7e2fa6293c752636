/** The machine is not the model: what was trained on one machine is scored and resumed on any other. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { evaluateRun, loadExplainer, loadScorer, resolveConfig, type TrainSummary, train, UserError } from "dien";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { parse, stringify } from "yaml";
import { chooseMachine, chooseTrainingMachine } from "../../src/engine/machine.ts";
import { testRequests, writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const data = join(folder, "data");
const run = join(folder, "run");
const config = resolveConfig({ model: { name: "dien" }, train: { epochs: 2, batch_size: 32, learning_rate: 0.01 } });
const MACHINE = { engine: "relaxed", threads: 64, checkpoint_seconds: 5 };
let summary: TrainSummary;

async function finish(out: string, options: object = {}): Promise<TrainSummary> {
  const result = await train({ data, out, config, ...options });
  if (result.interrupted) throw new Error("nobody interrupted this run");
  return result;
}

/** A copy of the run as builds wrote it whose configuration held the machine's keys. */
function asEarlierBuild(name: string): string {
  const out = join(folder, name);
  cpSync(run, out, { recursive: true });
  const [yaml, json] = [join(out, "config.yaml"), join(out, "model", "model.json")];
  const stored = parse(readFileSync(yaml, "utf8"));
  writeFileSync(yaml, stringify({ ...stored, train: { ...stored.train, ...MACHINE } }));
  const model = JSON.parse(readFileSync(json, "utf8"));
  writeFileSync(json, JSON.stringify({ ...model, config: { ...config, train: { ...config.train, ...MACHINE } } }));
  return out;
}

beforeAll(async () => {
  await writeSmallDataset(data);
  summary = await finish(run);
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a saved run", () => {
  it("holds what decides the weights, and nothing of the machine", () => {
    const { train: stored } = parse(readFileSync(join(run, "config.yaml"), "utf8"));
    const { config: saved } = JSON.parse(readFileSync(join(run, "model", "model.json"), "utf8"));
    expect(saved.train).toEqual(stored);
    for (const key of Object.keys(MACHINE)) expect(stored).not.toHaveProperty(key);
    expect(stored).toMatchObject({ shards: 8, seed: 1, buffer_mb: 512 });
  });

  it("of an earlier build, trained with relaxed SIMD, is scored where there is none", async () => {
    const earlier = asEarlierBuild("earlier");
    vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
    const requests = await testRequests(data);
    const scores = (await loadScorer(run)).score(requests);
    expect((await loadScorer(earlier)).score(requests)).toEqual(scores);
    expect((await loadExplainer(earlier)).explain(requests[0]).score).toBe(scores[0]);
    expect(await evaluateRun({ run: earlier, data, split: "test", threads: 1 })).toMatchObject(summary.test);
  });

  it("of an earlier build goes on", async () => {
    const earlier = asEarlierBuild("resumed");
    expect((await finish(earlier, { resume: true })).weights_sha256).toBe(summary.weights_sha256);
  });
});

describe("an engine", () => {
  it("is refused where this version of Node does not have it", async () => {
    vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
    const refused = loadScorer(run, { engine: "relaxed" });
    await expect(refused).rejects.toThrow(UserError);
    await expect(refused).rejects.toThrow(/no relaxed SIMD$/);
  });

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
    expect(engines).toEqual(["reference", "simd"]);
    expect(summary.engines).toEqual(["simd"]);
  });
});

it("no number of threads that is none", () => {
  for (const threads of [0, -1, 1.5])
    expect(() => chooseMachine({ threads })).toThrow(/threads: expected a whole number, 1 to 256/);
});

it("training takes no more threads than there are shards", () => {
  expect([1, 8, 9].map((threads) => chooseTrainingMachine({ threads }, 8).threads)).toEqual([1, 8, 8]);
});
