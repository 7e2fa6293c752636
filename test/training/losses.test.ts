/** The losses that training reports are those of its samples: computed from scores, or known beforehand. */
import { join } from "node:path";
import { evaluateScores, resolveConfig, scoreRun, type TrainSummary, train } from "dien";
import { beforeAll, describe, expect, it } from "vitest";
import { writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const data = join(folder, "data");
let runs = 0;

/** 300 samples for training. */
beforeAll(() => writeSmallDataset(data, { users: 30, samples: 300 }));

/** A run whose weights stay what they were at first. */
async function still(model: object, settings: object, dataset = data): Promise<{ out: string; summary: TrainSummary }> {
  const out = join(folder, `run${++runs}`);
  const config = resolveConfig({ model, train: { mask_unknown: 0, epochs: 1, learning_rate: 1e-30, ...settings } });
  const summary = await train({ data: dataset, out, config, threads: 1 });
  if (summary.interrupted) throw new Error("nobody interrupted this run");
  return { out, summary };
}

// Batches of one size, so that the mean of their means is that of the samples; shards of several sizes.
const equalBatches = { batch_size: 60, shards: 7 };

describe("the target loss of an epoch", () => {
  it.each(["base", "dien"])("is the logloss of scores of the training samples: %s", async (name) => {
    const { out, summary } = await still({ name }, equalBatches);
    const { logloss, samples } = evaluateScores(await scoreRun({ run: out, data, split: "train" }));
    expect(samples).toBe(300);
    expect(summary.epochs[0].losses.target).toBeCloseTo(logloss, 6);
  });

  it("is that of all samples, also where one is left over when they are scored 64 at a time", async () => {
    const odd = join(folder, "odd");
    await writeSmallDataset(odd, { users: 30, samples: 65 });
    const { out, summary } = await still({ name: "base" }, { batch_size: 65, shards: 7 }, odd);
    const scores = await scoreRun({ run: out, data: odd, split: "train" });
    expect(Math.min(...Array.from(scores.score))).toBeGreaterThan(0);
    expect(summary.epochs[0].losses.target).toBeCloseTo(evaluateScores(scores).logloss, 6);
  });

  it("is the mean over steps, of which the last may have fewer samples", async () => {
    // Embeddings that are all but zero make every score one half: each step's loss is ln 2, whatever its size.
    const model = { name: "dien", embedding: { size: 4, scale: 1e-12 } };
    const { summary } = await still(model, { batch_size: 70, shards: 3 });
    expect(summary.epochs[0].losses.target).toBeCloseTo(Math.LN2, 6);
  });
});

it("the auxiliary loss of states that are all but zero is 2 ln 2", async () => {
  const model = { name: "dien", embedding: { size: 4, scale: 1e-12 } };
  for (const settings of [equalBatches, { batch_size: 70, shards: 3 }]) {
    const { summary } = await still(model, settings);
    expect(summary.epochs[0].losses.auxiliary).toBeCloseTo(2 * Math.LN2, 6);
  }
});
