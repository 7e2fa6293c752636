/**
 * The same seed gives the same weights, to the bit: for any number of threads, and for a run that was stopped or killed
 * and went on. These tests use the package as a user does, for worker threads need the built files.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  evaluateScores,
  models,
  type RunConfig,
  resolveConfig,
  scoreRun,
  type TrainOptions,
  type TrainSummary,
  train,
} from "dien";
import { beforeAll, describe, expect, it } from "vitest";
import { engineSupported } from "../../src/kernels/load.ts";
import { writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const data = join(folder, "data");
let runs = 0;
const freshRun = () => join(folder, `run${++runs}`);

beforeAll(() => writeSmallDataset(data));

const configOf = (train: object = {}, model: object = { name: "dien" }): RunConfig =>
  resolveConfig({ model, train: { epochs: 2, batch_size: 32, learning_rate: 0.01, ...train } });

async function finish(out: string, config: RunConfig, how: Partial<TrainOptions> = {}): Promise<TrainSummary> {
  const summary = await train({ data, out, config, ...how });
  if (summary.interrupted) throw new Error("nobody interrupted this run");
  return summary;
}

/** Where pieces of the work, and so threads, do not matter. */
const SMALL = { embedding: { size: 4 }, head: { layers: [8] } };

/** Of the default run, on every machine and version of Node. */
const PINNED = "d63a66ffb46211e967f0cbe42b63d15e28c978ee9cb8248c608bb86c228fd7c0";

/** The defaults before there were batches of users: runs that were begun with them go on to the same weights. */
const SAMPLES = { batches: "samples", shards: 8 };
const PINNED_SAMPLES = "969fdaa83af536891682dec829f3abd68b2d1e625c30c01d87bd02bf40b3db18";

describe("threads and kernels", () => {
  it("dien: one, two and three threads give the weights of every other machine and version of Node", async () => {
    for (const threads of [1, 2, 3]) {
      expect((await finish(freshRun(), configOf(), { threads })).weights_sha256).toBe(PINNED);
    }
  });

  it("batches of samples: two threads give what they always gave", async () => {
    expect((await finish(freshRun(), configOf(SAMPLES), { threads: 2 })).weights_sha256).toBe(PINNED_SAMPLES);
  });

  it.runIf(engineSupported("native"))(
    "WebAssembly gives them too, where the native kernels are those that are chosen",
    async () => {
      expect((await finish(freshRun(), configOf(), { engine: "wasm" })).weights_sha256).toBe(PINNED);
    },
  );

  // Fewer threads than shards, and a number that does not divide them.
  const others = [...models.keys()].filter((name) => name !== "dien");
  const settings: [string, object, object][] = [
    ...others.map((name): [string, object, object] => [name, {}, { name }]),
    [
      "dien with Dice, clipped, with L2",
      { clip_norm: 0.1, embedding_l2: 1e-3 },
      { name: "dien", head: { activation: "dice" } },
    ],
    ["more shards than samples in the last batch", { batch_size: 599, shards: 16 }, { name: "dien" }],
  ];
  it.each(settings)("%s: one and three threads give the same weights", async (_, settings, model) => {
    const hashes = new Set<string>();
    for (const threads of [1, 3]) {
      const { weights_sha256 } = await finish(freshRun(), configOf({ epochs: 1, ...settings }, model), { threads });
      hashes.add(weights_sha256);
    }
    expect(hashes.size).toBe(1);
  });

  it("a learning curve is the same for any of them, and changes no weight", async () => {
    const model = { name: "dien", head: { activation: "dice" }, auxiliary: { form: "mlp" } };
    const { weights_sha256 } = await finish(freshRun(), configOf({ epochs: 1 }, model), { threads: 1 });
    const logs = new Set<string>();
    for (const threads of [1, 3]) {
      const out = freshRun();
      const summary = await finish(out, configOf({ epochs: 1, curve_steps: 7 }, model), { threads });
      expect(summary.weights_sha256).toBe(weights_sha256);
      logs.add(readFileSync(join(out, "metrics.jsonl"), "utf8"));
    }
    expect(logs.size).toBe(1);
  });

  it("without masks of rare values, too", async () => {
    const { weights_sha256 } = await finish(freshRun(), configOf({ ...SAMPLES, mask_unknown: 0 }), { threads: 1 });
    expect(weights_sha256).toBe("6cd6d72204889ca698c78790d3f1c82df941e986b4a2c27dec4af2b8e7f0c2e3");
  });

  it("another seed gives other weights", async () => {
    expect((await finish(freshRun(), configOf({ seed: 2 }), { threads: 1 })).weights_sha256).not.toBe(PINNED);
  });
});

describe("a dataset that is larger than its buffer", () => {
  const large = join(folder, "large");
  const config = (train: object = {}) =>
    configOf({ batch_size: 128, shards: 3, buffer_mb: 1, ...train }, { name: "dien", ...SMALL });
  const run = (config: RunConfig, out: string, threads = 2) => finish(out, config, { data: large, threads });

  let unbroken: TrainSummary;
  const out = freshRun();

  beforeAll(async () => {
    await writeSmallDataset(large, { users: 1600, samples: 16_000 });
    unbroken = await run(config(), out, 1);
  });

  it("is read in portions, to weights of their own", async () => {
    // In one portion the samples come in another order.
    const { weights_sha256, test } = await run(config({ buffer_mb: 64 }), freshRun());
    expect(weights_sha256).not.toBe(unbroken.weights_sha256);
    expect(Math.abs(test.auc - unbroken.test.auc)).toBeLessThan(0.03);
  });

  it("scores do not depend on the portions", async () => {
    const scored = await scoreRun({ run: out, data: large, split: "test" });
    expect(evaluateScores(scored).auc).toBe(unbroken.test.auc);
  });

  it("a run that was aborted in the middle of a portion ends as one that was not, with other threads too", async () => {
    const out = freshRun();
    const controller = new AbortController();
    const onProgress: TrainOptions["onProgress"] = ({ kind }) => kind === "step" && controller.abort();
    const begun = { data: large, out, config: config(), signal: controller.signal, onProgress };
    // An epoch has 125 steps: 118 read its first portion.
    expect(await train({ ...begun, threads: 3 })).toMatchObject({ interrupted: true, epoch: 1, step: 100 });
    const resumed = await finish(out, config(), { data: large, resume: true, threads: 2 });
    expect(resumed.weights_sha256).toBe(unbroken.weights_sha256);
  });
});

describe("going on", () => {
  // To a checkpoint a model is its tensors by name, so these differ in what it holds.
  it.each<[string, object, { curve_steps: number }?]>([
    ["wide-deep", { name: "wide-deep", ...SMALL }],
    ["dien", { name: "dien", ...SMALL }],
    [
      "dien with Dice and learning curves",
      { name: "dien", ...SMALL, head: { layers: [8], activation: "dice" } },
      { curve_steps: 30 },
    ],
  ])("a run of %s that was aborted ends as one that was not", async (_, model, settings) => {
    const config = configOf({ batch_size: 4, shards: 2, ...settings }, model);
    const whole = freshRun();
    const unbroken = await finish(whole, config, { threads: 1 });
    const out = freshRun();
    const controller = new AbortController();
    const onProgress: TrainOptions["onProgress"] = (event) =>
      event.kind === "step" && event.epoch === 2 && controller.abort();
    const interruption = await train({ data, out, config, threads: 2, signal: controller.signal, onProgress });
    expect(interruption).toMatchObject({ interrupted: true, epoch: 2, step: settings?.curve_steps ?? 100 });
    const resumed = await finish(out, config, { resume: true, threads: 1 });
    expect(resumed.weights_sha256).toBe(unbroken.weights_sha256);
    expect(resumed.test).toEqual(unbroken.test);
    expect(readFileSync(join(out, "metrics.jsonl"), "utf8")).toBe(readFileSync(join(whole, "metrics.jsonl"), "utf8"));
  });

  it("so does one that was killed between two checkpoints, and with other threads", async () => {
    const config = configOf({ batch_size: 4 });
    const unbroken = await finish(freshRun(), config, { threads: 1 });
    const out = freshRun();
    const script = `import { train } from "dien";
      await train(${JSON.stringify({ data, out, config, threads: 2, checkpointSeconds: 0 })});`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" });
    const state = join(out, "checkpoint", "state.safetensors");
    while (!existsSync(state) && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
    const first = statSync(state).mtimeMs;
    while (statSync(state).mtimeMs === first && child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(child.exitCode).toBeNull();
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(existsSync(join(out, "summary.json"))).toBe(false);
    const resumed = await finish(out, config, { resume: true, threads: 1 });
    expect(resumed.weights_sha256).toBe(unbroken.weights_sha256);
  });

  it("a finished run that is resumed reports the same again", async () => {
    const out = freshRun();
    const config = configOf({}, { name: "dien", ...SMALL });
    const first = await finish(out, config, { threads: 1 });
    expect(await finish(out, config, { resume: true, threads: 1 })).toEqual(first);
  });
});
