/**
 * Whatever happens to a file on disk, who reads it refuses it or gets what was written: bits turned, bytes gone or added,
 * holes of zeros, another digit, another file of its kind. `DIEN_MUTATIONS=5000 npx vitest run test/verification` makes
 * so many of each file.
 */
import { createHash } from "node:crypto";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadScorer, readCurve, readScores, resolveConfig, type TrainEvent, train, UserError } from "dien";
import { beforeAll, describe, expect, it } from "vitest";
import { SPLITS } from "../../dist/dataset/dataset.js";
import { filesOf } from "../../dist/dataset/layout.js";
import { readManifest } from "../../dist/dataset/manifest.js";
import { readWhole } from "../../dist/dataset/read.js";
import { DatasetStream } from "../../dist/dataset/stream.js";
import { stateTensors } from "../../dist/engine/state.js";
import { Workspace } from "../../dist/engine/workspace.js";
import { readStop, writeStop } from "../../dist/experiments/lab/trials.js";
import { MetricsLog } from "../../dist/run/metrics-log.js";
import { describeModel } from "../../dist/run/model-description.js";
import { readModelDescription, readModelOf } from "../../dist/run/model-folder.js";
import { readRunConfig, runFiles } from "../../dist/run/run-folder.js";
import { weightsSha256 } from "../../dist/run/sha256.js";
import { checkFinished, readSummary } from "../../dist/run/summary.js";
import { readCheckpoint, readProgress } from "../../dist/training/checkpoint.js";
import { Random } from "../../src/tensor/random.ts";
import { writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const asked = Number(process.env.DIEN_MUTATIONS ?? 0);
const TIMEOUT = 20_000 + 500 * asked;

const at = (name: string) => join(folder, name);
/** Two datasets, and of each a finished run and one that was begun. */
const [data, run, begun] = [at("data"), at("run"), at("begun")];
const [otherData, otherRun, otherBegun] = [at("other-data"), at("other-run"), at("other-begun")];

async function makeRun(from: string, out: string, copy: string, seed: number): Promise<void> {
  const model = { name: "dien", embedding: { size: 2 }, head: { layers: [3] } };
  const config = resolveConfig({ model, train: { epochs: 2, batch_size: 32, shards: 1, seed, curve_steps: 2 } });
  const onProgress = (event: TrainEvent) => {
    if (event.kind === "step" && event.epoch === 2) cpSync(out, copy, { recursive: true });
  };
  await train({ data: from, out, config, threads: 1, onProgress });
  rmSync(join(copy, "lock"), { force: true });
  await writeStop(copy, { reason: "early", validAuc: [0.5 + seed / 10] });
}

let model = "";
let workspace: Workspace;

beforeAll(async () => {
  await writeSmallDataset(data, { users: 12, samples: 90, lists: true });
  await writeSmallDataset(otherData, { users: 12, samples: 90, seed: 2, lists: true });
  await makeRun(data, run, begun, 1);
  await makeRun(otherData, otherRun, otherBegun, 2);
  const { schema, config, sha256 } = await readModelDescription(begun);
  model = sha256;
  workspace = new Workspace({ schema, config, training: true, engine: "wasm", threads: 1 });
});

/** All that anybody reads of a dataset. */
async function readDataset(path: string): Promise<unknown> {
  const stream = await DatasetStream.open(path, { portionBudget: 1 });
  try {
    for (const split of SPLITS) await stream.filePortions(split);
    const { vocabularies, catalogue, schema, dataset } = await describeModel(
      stream,
      resolveConfig({ model: { name: "din" } }),
    );
    const all = [await readWhole(stream), await stream.userKeys(), vocabularies, catalogue, schema, dataset];
    return createHash("sha256").update(JSON.stringify(all)).digest("hex");
  } finally {
    await stream.close();
  }
}

const requests = Array.from({ length: 8 }, (_, i) => ({
  ...{ user: `user ${i}`, candidate: `item ${3 * i + 1}`, context: { hour: "noon" } },
  history: Array.from({ length: 4 }, (_, j) => `item ${i + 2 * j + 1}`),
}));

/** The functions with which the product reads a file, each with all that comes of it. */
const readers = {
  score: async () => (await loadScorer(run)).score(requests),
  configure: async () => (await readModelOf(begun, await readRunConfig(begun))).config,
  resume: async () => {
    const progress = await readCheckpoint(begun, workspace, model);
    return [progress, weightsSha256(stateTensors(workspace))];
  },
  log: async () => (await MetricsLog.open(begun, (await readProgress(begun))!.log)).state,
  curve: () => readCurve(run),
  scores: () => readScores(run, 200),
  summary: async () => {
    await checkFinished(run, "model", (await readModelDescription(run)).sha256);
    return await readSummary(run);
  },
  stop: () => readStop(begun),
};

interface Artefact {
  readonly name: string;
  readonly path: string;
  /** Of the same kind. */
  readonly others: readonly string[];
  readonly read: () => Promise<unknown>;
  readonly mutations: number;
}

const [own, ownBegun] = [runFiles(run), runFiles(begun)];
const [theirs, theirsBegun] = [runFiles(otherRun), runFiles(otherBegun)];

const ofRuns: Artefact[] = [
  { name: "model.json", path: own.model, others: [theirs.model], read: readers.score },
  { name: "weights", path: own.weights, others: [theirs.weights, own.scores], read: readers.score },
  { name: "config.yaml", path: ownBegun.config, others: [theirsBegun.config], read: readers.configure },
  {
    name: "checkpoint",
    path: ownBegun.checkpoint,
    others: [theirsBegun.checkpoint, own.weights],
    read: readers.resume,
  },
  { name: "log of a begun run", path: ownBegun.metrics, others: [theirsBegun.metrics], read: readers.log },
  { name: "log of a finished run", path: own.metrics, others: [theirs.metrics], read: readers.curve },
  { name: "scores", path: own.scores, others: [theirs.scores, own.weights], read: readers.scores },
  { name: "summary.json", path: own.summary, others: [theirs.summary], read: readers.summary },
  { name: "stopped.json", path: join(begun, "stopped.json"), others: [], read: readers.stop },
].map((artefact) => ({ ...artefact, mutations: asked || 40 }));

type Mutation = (bytes: Buffer, random: Random) => Buffer;

const place = (bytes: Buffer, random: Random) => random.integer(bytes.length);
const cut = (bytes: Buffer, from: number, to: number, between: Uint8Array = Buffer.alloc(0)) =>
  Buffer.concat([bytes.subarray(0, from), between, bytes.subarray(to)]);

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  "a bit turned": (bytes, random) => {
    const changed = Buffer.from(bytes);
    changed[place(bytes, random)] ^= 1 << random.integer(8);
    return changed;
  },
  "another byte": (bytes, random) => {
    const changed = Buffer.from(bytes);
    changed[place(bytes, random)] = random.integer(256);
    return changed;
  },
  "another digit": (bytes, random) => {
    const digits = [...bytes.keys()].filter((i) => bytes[i] >= 0x30 && bytes[i] <= 0x39);
    if (digits.length === 0) return bytes;
    const changed = Buffer.from(bytes);
    changed[digits[random.integer(digits.length)]] = 0x30 + random.integer(10);
    return changed;
  },
  "cut off": (bytes, random) => bytes.subarray(0, place(bytes, random)),
  "bytes gone": (bytes, random) => {
    const from = place(bytes, random);
    return cut(bytes, from, from + 1 + random.integer(16));
  },
  "bytes added": (bytes, random) => {
    const from = place(bytes, random);
    const added = Buffer.from(Array.from({ length: 1 + random.integer(8) }, () => random.integer(256)));
    return cut(bytes, from, from, added);
  },
  "bytes twice": (bytes, random) => {
    const from = place(bytes, random);
    return cut(bytes, from, from, bytes.subarray(from, from + 1 + random.integer(64)));
  },
  "a hole of zeros": (bytes, random) => {
    const from = place(bytes, random);
    const to = Math.min(bytes.length, from + 1 + random.integer(512));
    return cut(bytes, from, to, Buffer.alloc(to - from));
  },
  "zeros behind": (bytes, random) => Buffer.concat([bytes, Buffer.alloc(1 + random.integer(16))]),
};

/** Counts what became of the mutations of a file. */
async function mutate({ name, path, others, read, mutations }: Artefact): Promise<void> {
  const original = readFileSync(path);
  const expected = await read();
  const random = new Random(createHash("sha256").update(name).digest().readUInt32LE());
  const kinds = Object.entries(MUTATIONS);
  const first = random.integer(kinds.length);
  const changed: [string, Buffer][] = others.map((other) => [`that of ${other}`, readFileSync(other)]);
  for (let i = 0; i < mutations; i++) {
    const [kind, mutation] = kinds[(first + i) % kinds.length];
    changed.push([kind, mutation(original, random)]);
  }
  const outcomes = { refused: 0, read: 0 };
  try {
    for (const [i, [kind, bytes]] of changed.entries()) {
      writeFileSync(path, bytes);
      const what = `${name}, ${i}: ${kind}`;
      try {
        expect(await read(), what).toEqual(expected);
        outcomes.read++;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        expect(error.code, `${what}: ${error.message}`).not.toMatch(/^system\./);
        expect(error.message, what).not.toContain("\n");
        outcomes.refused++;
      }
    }
  } finally {
    writeFileSync(path, original);
  }
  if (asked > 0) console.info(`${name}: ${outcomes.refused} refused, ${outcomes.read} without effect`);
  // Most are seen, or the test does not look.
  expect(outcomes.refused).toBeGreaterThan(outcomes.read);
}

describe("a run is read as it was written or refused", () => {
  it.each(ofRuns)("$name", { timeout: TIMEOUT }, mutate);
});

it("a dataset is read as it was written or refused", { timeout: 10 * TIMEOUT }, async () => {
  const files = filesOf(await readManifest(data)).map(({ name }) => name);
  for (const name of ["dataset.json", ...files]) {
    const kin = files.filter(
      (file) => file !== name && /^(train|valid|test)/.test(file) && /^(train|valid|test)/.test(name),
    );
    const others = [join(otherData, name), ...kin.map((file) => join(data, file))];
    const path = join(data, name);
    await mutate({ name, path, others, read: () => readDataset(data), mutations: asked || 4 });
  }
});
