/** A worker that throws ends the run with its error; without that the main thread would wait for it for ever. */
import { join } from "node:path";
import { resolveConfig } from "dien";
import { expect, it, onTestFinished } from "vitest";
// Worker threads need built files.
import { WorkerPool } from "../../dist/engine/worker-pool.js";
import { DatasetStream } from "../../src/dataset/stream.ts";
import { writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";

it("a worker that throws makes this task and each later one fail", { timeout: 15_000 }, async () => {
  const data = join(temporaryFolder(), "data");
  await writeSmallDataset(data);
  const dataset = await DatasetStream.open(data, { portionBudget: 2 ** 20 });
  onTestFinished(() => dataset.close());
  const loaded = { sequences: await dataset.allSequences(), samples: await dataset.allSamples("valid") };
  const config = resolveConfig({ model: { name: "base" } });
  const options = { schema: dataset.schema, config, training: false, engine: "wasm", threads: 1 } as const;
  const pool = new WorkerPool(options, dataset);
  onTestFinished(() => pool.close());

  const damaged = { ...loaded, samples: { ...loaded.samples, context: [] } };
  const scores = new Float32Array(new SharedArrayBuffer(4 * loaded.samples.count));
  await expect(pool.score(damaged, scores)).rejects.toThrow(TypeError);
  await expect(pool.score(loaded, scores)).rejects.toThrow(TypeError);
});
