/** A model that was saved and loaded is the model that was trained: its metrics are those of the training, exactly. */
import { join } from "node:path";
import {
  evaluateRun,
  evaluateScores,
  loadScorer,
  openDataset,
  type PredictRequest,
  resolveConfig,
  type Samples,
  train,
} from "dien";
import { beforeAll, expect, it } from "vitest";
import { testRequests, writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";
import { type Variant, variants } from "../support/variants.ts";

const folder = temporaryFolder();
const data = join(folder, "data");

let requests: PredictRequest[];
let test: Samples;

beforeAll(async () => {
  await writeSmallDataset(data);
  requests = await testRequests(data);
  ({ test } = await openDataset(data));
});

const forms: Variant[] = [
  ["dien, released augru", { name: "dien", augru: { form: "released" } }],
  ["dien, mlp attention", { name: "dien", attention: { form: "mlp" } }],
  ["dien, uniform attention", { name: "dien", attention: { form: "uniform" } }],
  ["dien, mlp auxiliary", { name: "dien", auxiliary: { form: "mlp" } }],
  ["dien with Dice", { name: "dien", head: { activation: "dice" } }],
];

it.each([...variants, ...forms])("%s", async (name, model) => {
  const run = join(folder, name);
  const config = resolveConfig({ model, train: { epochs: 1, batch_size: 32, learning_rate: 0.01 } });
  const summary = await train({ data, out: run, config, threads: 1 });
  if (summary.interrupted) throw new Error("nobody interrupted this run");
  expect(await evaluateRun({ run, data, split: "test", threads: 1 })).toMatchObject(summary.test);
  const score = (await loadScorer(run)).score(requests);
  // The logloss moves with the last bit of every score.
  const { known: _, ...expected } = summary.test;
  expect(evaluateScores({ label: test.label, score, group: test.sequence })).toMatchObject(expected);
});
