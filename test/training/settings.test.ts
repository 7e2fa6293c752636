/**
 * Settings of `train` reach the weights: what clipping and L2 make of the moments of Adam, what decay makes of the
 * epochs, and when patience ends.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { resolveConfig, type TrainEvent, type TrainSummary, train } from "dien";
import { beforeAll, describe, expect, it } from "vitest";
import { readTensorFile } from "../../src/run/safetensors-file.ts";
import { writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";
import { relativeError } from "../support/workbench.ts";

const folder = temporaryFolder();
const data = join(folder, "data");
let runs = 0;

beforeAll(() => writeSmallDataset(data, { users: 30, samples: 300 }));

interface Run {
  readonly out: string;
  readonly summary: TrainSummary;
  readonly events: readonly TrainEvent[];
}

async function run(settings: object, dataset = data): Promise<Run> {
  const out = join(folder, `run${++runs}`);
  const events: TrainEvent[] = [];
  const config = resolveConfig({
    model: { name: "base", embedding: { size: 4 }, head: { layers: [8, 5] } },
    train: { batch_size: 64, learning_rate: 0.01, shards: 2, mask_unknown: 0, ...settings },
  });
  const summary = await train({ data: dataset, out, config, threads: 1, onProgress: (event) => events.push(event) });
  if (summary.interrupted) throw new Error("nobody interrupted this run");
  return { out, summary, events };
}

/** The objects of metrics.jsonl that have this key. */
const logged = ({ out }: Run, key: string): Record<string, unknown>[] =>
  readFileSync(join(out, "metrics.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .filter((line) => key in line);

describe("a single step", () => {
  const RATE = 0.01;
  const oneStep = (settings: object = {}) => run({ epochs: 1, batch_size: 1024, ...settings });

  /** Weights and first and second moments by name of the parameter. */
  async function state({ out }: Run) {
    const { tensors } = await readTensorFile(join(out, "checkpoint", "state.safetensors"));
    const names = [...tensors.keys()].filter((name) => !name.startsWith("adam."));
    const values = (name: string) => [...tensors.get(name)!.data];
    return new Map(
      names.map((name) => [name, { w: values(name), m: values(`adam.m.${name}`), v: values(`adam.v.${name}`) }]),
    );
  }

  let plain: Awaited<ReturnType<typeof state>>;
  beforeAll(async () => {
    plain = await state(await oneStep());
  });

  it("with clip_norm has the gradient brought to that norm, all of it by one factor", async () => {
    // After one step the first moment is a tenth of the gradient.
    const norm = Math.hypot(...[...plain.values()].flatMap(({ m }) => m.map((x) => x / 0.1)));
    for (const [limit, factor] of [
      [norm / 4, 1 / 4],
      [norm * 1.01, 1],
    ]) {
      const clipped = await state(await oneStep({ clip_norm: limit }));
      for (const [name, { m }] of plain) {
        const expected = m.map((x) => factor * x);
        const scale = Math.max(...expected.map(Math.abs));
        expect(
          relativeError(
            clipped.get(name)!.m.map((x) => x / scale),
            expected.map((x) => x / scale),
          ),
          name,
        ).toBeLessThan(1e-5);
      }
    }
  });

  it("with embedding_l2 pulls the rows that it read to zero, and nothing else", async () => {
    const penalised = await state(await oneStep({ embedding_l2: 0.5 }));
    let pulled = 0;
    for (const [name, { w, m, v }] of plain) {
      const expected = m.map((x, i) => {
        if (!name.startsWith("embedding.") || v[i] === 0) return x;
        const before = w[i] + (RATE * (x / 0.1)) / (Math.sqrt(v[i] / 0.001) + 1e-8);
        pulled++;
        return x + 0.1 * 0.5 * before;
      });
      const scale = Math.max(...expected.map(Math.abs));
      expect(
        relativeError(
          penalised.get(name)!.m.map((x) => x / scale),
          expected.map((x) => x / scale),
        ),
        name,
      ).toBeLessThan(1e-4);
    }
    expect(pulled).toBeGreaterThan(100);
  });
});

describe("learning_rate_decay", () => {
  it("is a factor on the rate after each epoch", async () => {
    const lines = logged(await run({ epochs: 4, patience: 4, learning_rate_decay: 0.5 }), "rate");
    expect(lines.map(({ epoch, rate }) => [epoch, rate])).toEqual([
      [1, 0.01],
      [2, 0.005],
      [3, 0.0025],
      [4, 0.00125],
    ]);
  });

  it("that leaves next to nothing of the rate keeps the weights of the first epoch", async () => {
    const settings = { epochs: 3, patience: 3 };
    const [first, ...later] = logged(await run({ ...settings, learning_rate_decay: 1e-30 }), "valid");
    for (const { valid } of later) expect(valid).toEqual(first.valid);
    const [kept, moved] = logged(await run(settings), "valid");
    expect(kept.valid).toEqual(first.valid);
    expect(moved.valid).not.toEqual(first.valid);
  });
});

describe("patience", () => {
  const notes = ({ events }: Run) => events.flatMap((event) => (event.kind === "note" ? [event.text] : []));

  it.each([1, 2, 3])("of %i: so many epochs after the best one there is an end", async (patience) => {
    // Weights that hardly move give the same AUC in every epoch, and an equal one is no better.
    const result = await run({ epochs: 9, patience, learning_rate: 1e-30 });
    expect(result.summary.epochs.length).toBe(1 + patience);
    expect(result.summary.best_epoch).toBe(1);
    expect(notes(result)).toEqual([expect.stringContaining(`after epoch ${1 + patience}`)]);
  });

  it("begins anew with each better epoch", async () => {
    const { summary } = await run({ epochs: 30, patience: 2 });
    const aucs = summary.epochs.map((epoch) => epoch.valid_auc);
    const best = aucs.indexOf(Math.max(...aucs)) + 1;
    expect(summary.best_epoch).toBe(best);
    expect(best).toBeGreaterThan(2);
    expect(aucs.length).toBe(best + 2);
    // Nowhere before were there two epochs in a row without a better one.
    for (let end = 3; end < aucs.length; end++) {
      expect(Math.max(...aucs.slice(end - 2, end))).toBeGreaterThan(Math.max(...aucs.slice(0, end - 2)));
    }
  });

  it("is no reason to end where epochs are over", async () => {
    const result = await run({ epochs: 3, patience: 3, learning_rate: 1e-30 });
    expect(result.summary.epochs.length).toBe(3);
    expect(notes(result)).toEqual([]);
  });
});

it("where validation samples are of one class, and have no AUC, the best epoch is that of the lowest logloss", async () => {
  const oneClass = join(folder, "one-class");
  await writeSmallDataset(oneClass, { users: 30, samples: 300, validLabel: 1 });
  const result = await run({ epochs: 6, patience: 6, learning_rate: 0.02 }, oneClass);
  const valid = logged(result, "valid").map((line) => line.valid as { auc: number | null; logloss: number });
  for (const { auc } of valid) expect(auc).toBeNull();
  const losses = valid.map(({ logloss }) => logloss);
  const best = losses.indexOf(Math.min(...losses)) + 1;
  expect(result.summary.best_epoch).toBe(best);
  expect([1, 6]).not.toContain(best);
});

it("mask_unknown trains the row of the unknown, which otherwise stays where it began", async () => {
  const rows = async (mask_unknown: number) => {
    const { tensors } = await readTensorFile(
      join((await run({ epochs: 1, mask_unknown })).out, "model", "weights.safetensors"),
    );
    return ["category", "user"].map((field) => [...tensors.get(`embedding.${field}`)!.data].slice(0, 4));
  };
  expect(await rows(0)).toEqual(Array(2).fill([0, 0, 0, 0]));
  for (const row of await rows(1)) expect(row.every((value) => value !== 0)).toBe(true);
});
