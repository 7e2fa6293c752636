/** A run whose numbers are no longer finite ends at once, and says which, where and what to change. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { resolveConfig, train } from "dien";
import { beforeAll, expect, it } from "vitest";
import { writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const data = join(folder, "data");
let runs = 0;

beforeAll(() => writeSmallDataset(data, { users: 30, samples: 300 }));

// A rate that takes every weight beyond what a product can hold, in one step.
const beyond = { epochs: 2, learning_rate: 1e38 };

it.each([
  ["the loss of the step after", { ...beyond, batch_size: 64 }, "the loss is not finite at epoch 1, step 2"],
  [
    "a loss of the learning curve",
    { ...beyond, batch_size: 64, curve_steps: 1 },
    "the valid loss is not finite at epoch 1, step 1",
  ],
  ["a score after the epoch's only step", { ...beyond, batch_size: 300 }, "the score is not finite at epoch 1, step 1"],
])("%s", async (_, settings, message) => {
  const out = join(folder, `run${++runs}`);
  const config = resolveConfig({ model: { name: "base" }, train: settings });
  const failure = train({ data, out, config });
  await expect(failure).rejects.toThrow(message);
  await expect(failure).rejects.toThrow(/learning_rate.*clip_norm/);
  await expect(failure).rejects.toMatchObject({ code: "run.diverged" });
  // No model of such weights is kept.
  expect(existsSync(join(out, "model", "weights.safetensors"))).toBe(false);
  expect(existsSync(join(out, "summary.json"))).toBe(false);
});
