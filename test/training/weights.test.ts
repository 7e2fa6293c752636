/** Weights of samples in training and evaluation: equal ones change no bit, others count, for any number of threads. */
import { join } from "node:path";
import { evaluateRun, evaluateScores, resolveConfig, scoreRun, type TrainSummary, train } from "dien";
import { describe, expect, it } from "vitest";
import { type SmallDataset, writeSmallDataset } from "../support/dataset.ts";
import { readUnsealed } from "../support/sealed.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
let made = 0;

async function dataset(weightOf?: SmallDataset["weightOf"]): Promise<string> {
  const data = join(folder, `data${++made}`);
  await writeSmallDataset(data, weightOf && { weightOf });
  return data;
}

async function trained(data: string, threads = 2, settings: object = {}): Promise<TrainSummary & { run: string }> {
  const run = join(folder, `run${++made}`);
  const config = resolveConfig({
    model: { name: "dien" },
    train: { epochs: 1, batch_size: 64, learning_rate: 0.01, ...settings },
  });
  const summary = await train({ data, out: run, config, threads });
  if (summary.interrupted) throw new Error("nobody interrupted this run");
  return { ...summary, run };
}

const uneven = (label: number, i: number) => (label === 1 ? 3 : [0, 1, 0.25][i % 3]);

describe("weights", () => {
  it("that are all the same are none", async () => {
    const data = await dataset(() => 0.3);
    expect(readUnsealed(join(data, "dataset.json")).meanWeight.train).toBeCloseTo(0.3, 6);
    const [plain, equal] = [
      await trained(await dataset(), 1, { curve_steps: 4 }),
      await trained(data, 1, { curve_steps: 4 }),
    ];
    expect(equal.weights_sha256).toBe(plain.weights_sha256);
    expect(equal.epochs.map(({ losses }) => losses)).toEqual(plain.epochs.map(({ losses }) => losses));
    for (const key of ["auc", "gauc", "logloss"] as const) expect(equal.test[key]).toBeCloseTo(plain.test[key], 12);
  });

  it("count in the loss and in the metrics, and threads change no bit", async () => {
    const data = await dataset(uneven);
    const [one, three] = [await trained(data, 1), await trained(data, 3)];
    expect(one.weights_sha256).toBe(three.weights_sha256);
    const { label, score, group, weight } = await scoreRun({ run: one.run, data, split: "test" });
    expect([...weight!].slice(0, 6)).toEqual([...label].slice(0, 6).map((y, i) => uneven(y, i)));
    const weighted = evaluateScores({ label, score, group, weight });
    const { auc, gauc, logloss } = one.test;
    expect({ auc, gauc, logloss }).toEqual({ auc: weighted.auc, gauc: weighted.gauc, logloss: weighted.logloss });
    expect(weighted.logloss).not.toBeCloseTo(evaluateScores({ label, score, group }).logloss, 3);
    const evaluation = await evaluateRun({ run: one.run, data, split: "test", against: three.run, calibration: true });
    expect(evaluation).toMatchObject({ ece: weighted.ece, against: { difference: 0 } });
    // Positives weigh 3, others 0.4 on average: what the model promises follows the weights, not the counts.
    const mean = score.reduce((sum, p) => sum + p, 0) / score.length;
    const plain = await trained(await dataset());
    const promised = await scoreRun({ run: plain.run, data, split: "test" });
    expect(mean).toBeGreaterThan(promised.score.reduce((sum, p) => sum + p, 0) / score.length + 0.1);
  });
});
