/**
 * A run that goes on from another one's model: known values keep their rows to the bit, new ones have fresh rows, and two
 * days are worth more than the second alone.
 */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type RunConfig, resolveConfig, type TrainOptions, type TrainSummary, train } from "dien";
import { beforeAll, describe, expect, it } from "vitest";
import { readModelDescription } from "../../src/run/model-folder.ts";
import { readTensorFile } from "../../src/run/safetensors-file.ts";
import { type SmallDataset, writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const [monday, tuesday] = [join(folder, "monday"), join(folder, "tuesday")];
const source = join(folder, "run-monday");
let runs = 0;

/** The shops of two days have the same items, and each has users that the other has not. */
const shop = (days: SmallDataset) => ({ users: 40, samples: 1500, ...days });

const configOf = (settings: object = {}, model: object = {}): RunConfig =>
  resolveConfig({
    model: { name: "din", embedding: { size: 6 }, head: { layers: [16, 8], activation: "dice" }, ...model },
    train: { epochs: 1, batch_size: 32, learning_rate: 0.01, ...settings },
  });

async function finish(options: Partial<TrainOptions> = {}): Promise<TrainSummary & { out: string }> {
  const out = join(folder, `run${++runs}`);
  const summary = await train({ data: tuesday, out, config: configOf(), threads: 1, ...options });
  if (summary.interrupted) throw new Error("nobody interrupted this run");
  return { ...summary, out: options.out ?? out };
}

const weightsOf = async (run: string) => (await readTensorFile(join(run, "model", "weights.safetensors"))).tensors;

beforeAll(async () => {
  await writeSmallDataset(monday, shop({ seed: 1 }));
  await writeSmallDataset(tuesday, shop({ seed: 2, users: 55, samples: 400 }));
  await finish({ data: monday, out: source, config: configOf({ epochs: 3 }) });
});

describe("train({from})", () => {
  it("takes over rows by value and all other weights, to the bit", async () => {
    // Steps that are too small to move a weight leave those that the run begins with.
    const still = configOf({ learning_rate: 1e-30 });
    const { out, from } = await finish({ config: still, from: source });
    const [then, now] = [await weightsOf(source), await weightsOf(out)];
    const fresh = await weightsOf((await finish({ config: still })).out);
    const [{ vocabularies: before }, { vocabularies }] = [
      await readModelDescription(source),
      await readModelDescription(out),
    ];
    for (const [name, { data }] of now) {
      if (!name.startsWith("embedding.")) {
        // What Dice averages begins anew with the data.
        if (!/mean|variance/.test(name)) expect(data, name).toEqual(then.get(name)!.data);
        continue;
      }
      const field = name.replace("embedding.", "");
      vocabularies[field].forEach((value, id) => {
        const place = before[field].indexOf(value);
        const [rows, row] = place < 0 ? [fresh, id] : [then, place];
        expect(data.subarray(6 * id, 6 * id + 6)).toEqual(rows.get(name)!.data.subarray(6 * row, 6 * row + 6));
      });
    }
    const user = from?.fields.find(({ name }) => name === "user");
    expect(user).toEqual({ name: "user", known: 40, new: 15, gone: 0 });
    expect(from?.fields.map(({ name }) => name)).toEqual(["user", "item", "category", "hour"]);
  });

  it("is worth more than the new day alone", async () => {
    const [alone, both] = [await finish(), await finish({ from: source })];
    expect(both.test.auc).toBeGreaterThan(alone.test.auc + 0.05);
    expect(both.from?.weights_sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it("ends the same where it was stopped, before its first checkpoint too", async () => {
    const config = configOf({ epochs: 2, batch_size: 2 });
    const unbroken = await finish({ config, from: source });
    const out = join(folder, "stopped");
    const controller = new AbortController();
    const onProgress: TrainOptions["onProgress"] = ({ kind }) => kind === "step" && controller.abort();
    const stopped = await train({ data: tuesday, out, config, from: source, signal: controller.signal, onProgress });
    expect(stopped).toMatchObject({ interrupted: true, epoch: 1, step: 100 });
    expect((await finish({ out, config, resume: true })).weights_sha256).toBe(unbroken.weights_sha256);
    for (const name of ["checkpoint", "summary.json", "metrics.jsonl", "scores"]) {
      rmSync(join(out, name), { recursive: true, force: true });
    }
    expect(existsSync(join(out, "model", "model.json"))).toBe(true);
    const again = await finish({ out, config, resume: true });
    expect(again).toMatchObject({ weights_sha256: unbroken.weights_sha256, from: unbroken.from });
  });
});

describe("refuses, and writes nothing", () => {
  const refused = async (options: Partial<TrainOptions>, message: RegExp) => {
    const out = join(folder, "refused");
    await expect(finish({ from: source, out, ...options })).rejects.toThrow(message);
    expect(existsSync(join(out, "config.yaml"))).toBe(false);
  };

  it("another model, and a run that has not finished or is none", async () => {
    await refused(
      { config: configOf({}, { embedding: { size: 8 } }) },
      /has a model with model.embedding.size 6, and 8 is asked for/,
    );
    await refused({ from: join(folder, "nowhere") }, /holds no trained model/);
    const out = join(folder, "unfinished");
    await train({ data: tuesday, out, config: configOf(), signal: AbortSignal.abort() });
    await refused({ from: out }, /holds no finished model: the run has not finished/);
  });
});
