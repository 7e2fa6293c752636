/** Training, evaluation and prediction as a user of the package meets them. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  calibrationOf,
  compareAuc,
  evaluateRun,
  evaluateScores,
  loadScorer,
  openDataset,
  type RunConfig,
  readScores,
  resolveConfig,
  scoreRun,
  type TrainEvent,
  type TrainSummary,
  train,
  UserError,
} from "dien";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { sealedJson } from "../../src/files/sealed.ts";
import { models } from "../../src/models/registry.ts";
import { encode } from "../../src/run/safetensors.ts";
import { readTensorFile } from "../../src/run/safetensors-file.ts";
import { writeScores } from "../../src/run/scores.ts";
import { readSummary } from "../../src/run/summary.ts";
import { writeTensors } from "../../src/run/tensor-document.ts";
import { testRequests, writeSmallDataset } from "../support/dataset.ts";
import { readUnsealed } from "../support/sealed.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const data = join(folder, "data");
const run = join(folder, "run");
const events: TrainEvent[] = [];
let summary: TrainSummary;

const configOf = (train: object = {}, model: object = { name: "dien" }) =>
  resolveConfig({ model, train: { epochs: 4, batch_size: 32, learning_rate: 0.01, ...train } });

beforeAll(async () => {
  await writeSmallDataset(data, { samples: 2000 });
  const result = await train({ data, out: run, config: configOf(), onProgress: (event) => events.push(event) });
  if (result.interrupted) throw new Error("nobody interrupted this run");
  summary = result;
});

describe("a run", () => {
  it("learns", () => {
    expect(summary.test.auc).toBeGreaterThan(0.8);
    expect(summary.epochs.at(-1)!.losses.target).toBeLessThan(summary.epochs[0].losses.target);
  });

  it("takes the epoch that is best on validation", () => {
    const aucs = summary.epochs.map((epoch) => epoch.valid_auc);
    expect(summary.valid.auc).toBe(Math.max(...aucs));
    expect(aucs[summary.best_epoch - 1]).toBe(summary.valid.auc);
  });

  it("leaves the files that it promises, and no others", async () => {
    expect(readdirSync(run).sort()).toEqual([
      "checkpoint",
      "config.yaml",
      "metrics.jsonl",
      "model",
      "scores",
      "summary.json",
    ]);
    expect(readdirSync(join(run, "model")).sort()).toEqual(["model.json", "weights.safetensors"]);
    expect(readdirSync(join(run, "checkpoint"))).toEqual(["state.safetensors"]);
    expect(readdirSync(join(run, "scores"))).toEqual(["test.safetensors"]);
    expect(await readSummary(run)).toEqual(summary);
    expect(resolveConfig(parse(readFileSync(join(run, "config.yaml"), "utf8")))).toEqual(configOf());
  });

  it("reports every chunk and every epoch", () => {
    const epochs = events.filter((event) => event.kind === "epoch");
    expect(epochs.map(({ epoch }) => epoch)).toEqual(summary.epochs.map((_, i) => i + 1));
    const last = events.filter((event) => event.kind === "step").at(-1)!;
    expect(last.step).toBe(last.steps);
    expect(last.seconds_left).toBe(0);
  });

  it("keeps the moments of Dice as they are in the data", async () => {
    const out = join(folder, "dice");
    const config = configOf({}, { name: "base", head: { activation: "dice" } });
    const result = await train({ data, out, config, threads: 1 });
    expect(result.interrupted ? 0 : result.test.auc).toBeGreaterThan(0.75);
    const { tensors } = await readTensorFile(join(out, "model", "weights.safetensors"));
    const means = [...tensors.get("mlp.0.mean")!.data];
    expect(Math.max(...means.map(Math.abs))).toBeGreaterThan(0.01);
    for (const variance of tensors.get("mlp.0.variance")!.data) expect(variance).toBeGreaterThan(1e-6);
  });
});

describe("evaluate and predict", () => {
  it("evaluating a run gives what training reported, with any number of threads", async () => {
    for (const threads of [1, 3]) {
      const metrics = await evaluateRun({ run, data, split: "test", threads });
      expect(metrics).toMatchObject({ ...summary.test, samples: 200 });
    }
    expect(await evaluateRun({ run, data, split: "valid" })).toMatchObject(summary.valid);
  });

  it("a run compares with another on the samples of both, and reports its calibration", async () => {
    const other = join(folder, "other-run");
    await train({
      data,
      out: other,
      config: configOf({ epochs: 1, learning_rate: 0.001 }, { name: "base" }),
      threads: 1,
    });
    const reported: number[][] = [];
    const evaluation = await evaluateRun({
      ...{ run, data, split: "test", against: other, calibration: true },
      onProgress: (done, total) => reported.push([done, total]),
    });
    expect(evaluation).toMatchObject(summary.test);
    // As often as the clock has it: both runs count as one way of 400 samples.
    expect(reported.map(([, total]) => total)).toEqual(reported.map(() => 400));
    expect(reported).toEqual(reported.toSorted(([a], [b]) => a - b));
    const otherScores = await scoreRun({ run: other, data, split: "test", threads: 1 });
    const { label, group, score } = await scoreRun({ run, data, split: "test", threads: 1 });
    const { auc } = evaluateScores(otherScores);
    expect(evaluation.against).toEqual({
      ...{ run: other, auc, relaimpr: (summary.test.auc - 0.5) / (auc - 0.5) - 1 },
      ...compareAuc({ label, group, a: [score], b: [otherScores.score] }),
    });
    expect(evaluation.against!.p).toBeLessThan(0.05);
    const { bins, ece, ratio } = calibrationOf(label, score);
    expect(evaluation).toMatchObject({ ece, calibration: bins, calibration_ratio: ratio });
    const itself = await evaluateRun({ run, data, split: "test", against: run, threads: 1 });
    expect(itself.against).toMatchObject({ difference: 0, p: 1, relaimpr: 0 });
  });

  it("scores of raw requests are those of the dataset's samples, to the bit", async () => {
    const { itemFields, test } = await openDataset(data);
    const requests = await testRequests(data);
    const scorer = await loadScorer(run);
    const scores = scorer.score(requests);
    expect(requests.slice(0, 20).map((request) => scorer.score([request])[0])).toEqual(scores.slice(0, 20));
    expect([...(await readScores(run, test.count))]).toEqual(scores);
    // The logloss moves with the last bit of every score.
    const known = [...test.item].map((row) => Number(itemFields[0][row] > 0));
    expect(evaluateScores({ label: test.label, score: scores, group: test.sequence, known })).toMatchObject(
      summary.test,
    );
  });

  it("unknown values and empty histories have a score, unknown fields are refused", async () => {
    const scorer = await loadScorer(run);
    const [score] = scorer.score([{ user: "nobody", candidate: "nothing", history: ["nor this"] }]);
    expect(score).toBeGreaterThan(0);
    expect(score).toBeLessThan(1);
    expect(scorer.score([{ user: "user 1", candidate: "item 3", history: [] }])[0]).toBeGreaterThan(0);
    expect(() => scorer.score([{ user: { age: 7 }, candidate: "item 3", history: [] }])).toThrow(
      /unknown user field "age".*user/,
    );
  });
});

describe("a configuration", () => {
  it("that is resolved resolves to itself, of every model", () => {
    for (const name of models.keys()) {
      const config = resolveConfig({ model: { name }, train: { max_history: 3 } });
      expect(JSON.stringify(resolveConfig(config)), name).toBe(JSON.stringify(config));
    }
  });

  it("that lacks keys gets their defaults", async () => {
    const out = join(folder, "defaults");
    const config = { model: { name: "base" }, train: { epochs: 1 } };
    await train({ data, out, config: config as object as RunConfig });
    expect(parse(readFileSync(join(out, "config.yaml"), "utf8"))).toEqual(resolveConfig(config));
  });
});

describe("mistakes", () => {
  const fails = async (promise: Promise<unknown>, message: RegExp) => {
    const error = await promise.then(
      () => undefined,
      (e) => e,
    );
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("\n");
  };

  it("a configuration without what has no default, or with what a run does not have", async () => {
    const unresolved = (config: object) => train({ data, out: join(folder, "y"), config: config as RunConfig });
    await fails(unresolved({}), /configuration/);
    await fails(unresolved({ model: { name: "dien" }, train: { shards: 0 } }), /train\.shards: .*found 0/);
    expect(existsSync(join(folder, "y"))).toBe(false);
  });

  it("a folder that is no dataset", () =>
    fails(train({ data: folder, out: join(folder, "x"), config: configOf() }), /is no dataset/));

  it("a log that lost lines which the checkpoint knows of", async () => {
    const out = join(folder, "short-log");
    await train({ data, out, config: configOf({ epochs: 1 }), threads: 1 });
    writeFileSync(join(out, "metrics.jsonl"), "");
    await fails(train({ data, out, config: configOf(), resume: true }), /metrics\.jsonl is damaged/);
  });

  it("what a killed run had written aside is removed, and is no reason to refuse the folder", async () => {
    const out = join(folder, "killed-early");
    mkdirSync(out);
    const id = "0123456789ab";
    writeFileSync(join(out, "lock"), JSON.stringify({ id, pid: 7, host: "elsewhere" }));
    writeFileSync(join(out, `config.yaml.tmp-${id}`), "half");
    await train({ data, out, config: configOf({ epochs: 1 }), threads: 1 });
    writeFileSync(join(out, "lock"), JSON.stringify({ id, pid: 7, host: "elsewhere" }));
    writeFileSync(join(out, "checkpoint", `state.safetensors.tmp-${id}`), "half");
    await train({ data, out, config: configOf(), resume: true, threads: 1 });
    expect(readdirSync(out).filter((name) => /tmp|lock/.test(name))).toEqual([]);
    expect(readdirSync(join(out, "checkpoint"))).toEqual(["state.safetensors"]);
  });

  it("a folder that holds a run, or anything else, which stays as it is", async () => {
    const foreign = join(folder, "foreign");
    mkdirSync(foreign);
    for (const name of ["config.yaml.tmp-1234", "lock"]) writeFileSync(join(foreign, name), "mine");
    const changed = statSync(foreign).mtimeMs;
    await fails(train({ data, out: foreign, config: configOf() }), /holds files but no run/);
    expect(readdirSync(foreign).sort()).toEqual(["config.yaml.tmp-1234", "lock"]);
    expect(statSync(foreign).mtimeMs).toBe(changed);
    await fails(train({ data, out: run, config: configOf() }), /holds a run already$/);
    await fails(train({ data, out: data, config: configOf() }), /holds files but no run/);
  });

  it("resuming what is no run", () =>
    fails(train({ data, out: join(folder, "none"), config: configOf(), resume: true }), /holds no run/));

  it("a loss or a score that is not finite; there is no model and no summary then", async () => {
    for (const [what, batch_size] of [
      ["loss", 32],
      ["score", 2000],
    ] as const) {
      const out = join(folder, `wild-${what}`);
      const config = configOf({ learning_rate: 1e30, batch_size });
      const failure = train({ data, out, config });
      await fails(failure, new RegExp(`the ${what} is not finite at epoch 1, step .*learning_rate.*`));
      await expect(failure).rejects.toMatchObject({ code: "run.diverged" });
      expect(existsSync(join(out, "summary.json"))).toBe(false);
      expect(existsSync(join(out, "model", "weights.safetensors"))).toBe(false);
    }
  });

  it("a damaged checkpoint, and one of another dataset", async () => {
    const out = join(folder, "damaged");
    await train({ data, out, config: configOf({ epochs: 1 }), threads: 1 });
    const state = join(out, "checkpoint", "state.safetensors");
    const whole = readFileSync(state);
    const other = join(folder, "other");
    await writeSmallDataset(other, { samples: 2000, seed: 2 });
    await fails(train({ data: other, out, config: configOf(), resume: true }), /holds a run on another dataset/);
    const flipped = Buffer.from(whole);
    flipped[whole.length - 7] ^= 1;
    writeFileSync(state, flipped);
    await fails(train({ data, out, config: configOf(), resume: true }), /is damaged: tensor .* has another checksum/);
    // One digit of the progress.
    writeFileSync(state, Buffer.from(whole.toString("latin1").replace('\\"epoch\\":2', '\\"epoch\\":3'), "latin1"));
    const header = /is damaged: its header does not fit its sha256: it was changed or damaged/;
    await fails(train({ data, out, config: configOf(), resume: true }), header);
    writeFileSync(state, whole.subarray(0, whole.length / 2));
    await fails(train({ data, out, config: configOf(), resume: true }), /state\.safetensors/);
    writeFileSync(state, "nonsense");
    await fails(train({ data, out, config: configOf(), resume: true }), /state\.safetensors/);
    await writeTensors(state, new Map(), { format: "dien-checkpoint", version: 3 });
    const version = /by another version: expected dien-checkpoint 4, found version 3/;
    await fails(train({ data, out, config: configOf(), resume: true }), version);
    // Earlier ones had no checksum of the header.
    writeFileSync(state, Buffer.concat(encode(new Map(), { dien: '{"format":"dien-checkpoint","version":3}' })));
    await fails(train({ data, out, config: configOf(), resume: true }), version);
    copyFileSync(join(out, "model", "weights.safetensors"), state);
    await fails(train({ data, out, config: configOf(), resume: true }), /is damaged: it is no checkpoint of version/);
  });

  it("scores of a run that has not finished, of other samples, or damaged", async () => {
    await fails(readScores(folder, 200), /holds no scores: the run has not finished/);
    await fails(readScores(run, 199), /does not fit: expected tensor score, F32 \[199\], found F32 \[200\]/);
    const out = join(folder, "damaged-scores");
    mkdirSync(join(out, "scores"), { recursive: true });
    const damaged = readFileSync(join(run, "scores", "test.safetensors"));
    damaged[damaged.length - 1] ^= 1;
    writeFileSync(join(out, "scores", "test.safetensors"), damaged);
    await fails(readScores(out, 200), /is damaged: tensor score has another checksum/);
    await writeScores(out, new Float32Array(200), 1);
    expect(await readScores(out, 200)).toEqual(new Float32Array(200));
    copyFileSync(join(run, "summary.json"), join(out, "summary.json"));
    await fails(readScores(out, 200), /scores.* is damaged: it is not the file that .*summary\.json is about/);
  });

  it("evaluating on data of another schema, and a run without a model", async () => {
    const other = join(folder, "other-schema");
    await writeSmallDataset(other, { users: 10, samples: 100 });
    await fails(evaluateRun({ run, data: other, split: "test" }), /does not fit/);
    // The same sizes, other values behind the ids.
    const shuffled = join(folder, "shuffled");
    await writeSmallDataset(shuffled, { samples: 2000, seed: 9 });
    await fails(evaluateRun({ run, data: shuffled, split: "test" }), /does not fit/);
    await fails(loadScorer(folder), /holds no trained model/);
    await fails(evaluateRun({ run, data, split: "test", against: folder }), /holds no trained model/);
  });

  it("a model description whose ids lie outside the tables", async () => {
    const out = join(folder, "odd-ids");
    await train({ data, out, config: configOf({ epochs: 1 }), threads: 1 });
    const path = join(out, "model", "model.json");
    const whole = readUnsealed(path);
    const refuses = async (change: (model: typeof whole) => void, message: RegExp) => {
      const model = structuredClone(whole);
      change(model);
      writeFileSync(path, sealedJson(model));
      await fails(loadScorer(out), message);
    };
    await refuses(
      (model) => model.catalogue.ids[0].fill(2 ** 30),
      /damaged: item has \d+ ids, and an item with id 1073741824/,
    );
    await refuses((model) => model.catalogue.ids.pop(), /damaged: 2 item fields, 1 of ids/);
    await refuses((model) => model.catalogue.ids[1].pop(), /damaged: \d+ items, \d+ ids of category/);
    await refuses((model) => model.vocabularies.hour.pop(), /damaged: field hour has 4 ids, and 3 values/);
    await refuses((model) => delete model.vocabularies.category, /damaged: field category has \d+ ids, and undefined/);
    await refuses((model) => delete model.transforms.hour, /damaged: field hour has no transform/);
    await refuses((model) => {
      model.transforms.hour = { kind: "year" };
    }, /damaged: transforms\.hour\.kind/);
    await refuses((model) => {
      model.version = 1;
    }, /by another version: expected dien-model 4, found version 1/);
    await refuses((model) => delete model.vocabularies, /damaged: vocabularies/);
  });

  it("unknown models, keys and values", () => {
    const wrong = (input: object, message: RegExp) => expect(() => resolveConfig(input)).toThrow(message);
    wrong({}, /names no model/);
    wrong({ model: { name: "dein" } }, /unknown model 'dein', expected one of base, .*, dien/);
    wrong({ model: { name: "dien", evolutoin: "gru" } }, /unknown key 'model.evolutoin'/);
    wrong({ model: { name: "dien" }, train: { batch_size: 0 } }, /train.batch_size/);
    wrong({ model: { name: "dien" }, train: { threads: 2 } }, /unknown key 'train.threads'/);
  });

  it("a run that wasm32 cannot address is refused with what to lower", async () => {
    const config = configOf({ batch_size: 65_536, shards: 1 }, { name: "dien", embedding: { size: 4096 } });
    const out = join(folder, "huge");
    const failure = train({ data, out, config });
    await fails(failure, /needs [\d.]+ GiB .*lower model.embedding.size/);
    await expect(failure).rejects.toMatchObject({ code: "run.too-large" });
    expect(existsSync(out)).toBe(false);
  });
});
