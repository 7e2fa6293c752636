/** Checkpoints within an epoch: one after each chunk of steps where enough time has passed since the last. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { resolveConfig, type TrainEvent, train } from "dien";
import { beforeAll, expect, it } from "vitest";
import { readProgress } from "../../src/training/checkpoint.ts";
import { writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const data = join(folder, "data");
/** An epoch has 300 steps, and a chunk 100. */
const config = resolveConfig({
  model: { name: "base", embedding: { size: 4 }, head: { layers: [8, 5] } },
  train: { epochs: 1, batch_size: 2, shards: 2 },
});

beforeAll(() => writeSmallDataset(data, { samples: 600 }));

/** The step of the checkpoint that is there when the third chunk of the epoch has been made. */
async function stepAfterTwoChunks(checkpointSeconds: number): Promise<number | undefined> {
  const out = join(folder, `run${checkpointSeconds}`);
  const seen = `${out}-seen`;
  const onProgress = (event: TrainEvent) => {
    if (event.kind === "step" && event.step === 300) cpSync(out, seen, { recursive: true });
  };
  await train({ data, out, config, checkpointSeconds, onProgress });
  return (await readProgress(seen))?.step;
}

it("an interval of 0 seconds saves each chunk", async () => {
  expect(await stepAfterTwoChunks(0)).toBe(200);
});

it("an interval that has not passed saves nothing before the end of the epoch", async () => {
  expect(await stepAfterTwoChunks(3600)).toBeUndefined();
});
