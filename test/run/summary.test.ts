/** Reading summaries: what is not defined, and damage. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { sealedJson } from "../../src/files/sealed.ts";
import { checkFinished, readSummary } from "../../src/run/summary.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const files = { model: "a", weights: "b", scores: "c", metrics: "d" };
const metrics = { auc: 0.75, gauc: null, logloss: 0.5 };
const speed = { valid_auc: 0.7, seconds: 2, loading_seconds: 0.5, samples_per_s: 100 };
const summary = {
  ...{ model: "dien", seed: 1, threads: 2, parameters: 10, best_epoch: 1, valid: metrics, test: metrics },
  weights_sha256: "00",
  engines: ["wasm"],
};

function store(epochs: readonly object[], more: object = {}): void {
  writeFileSync(join(folder, "summary.json"), sealedJson({ ...summary, ...more, epochs, files }));
}

it("a metric that is not defined is null in the file, and NaN here", async () => {
  store([{ losses: { target: 0.6 }, ...speed }]);
  expect(await readSummary(folder)).toMatchObject({ test: { auc: 0.75, gauc: Number.NaN }, engines: ["wasm"] });
});

it("has the engines by their names of today, and one that is no more", async () => {
  store([], { engines: ["simd", "relaxed", "native"] });
  expect(await readSummary(folder)).toMatchObject({ engines: ["wasm", "relaxed", "native"] });
});

it("has the metrics of known candidates where it was made with them: older runs were not", async () => {
  store([]);
  expect((await readSummary(folder))?.test).not.toHaveProperty("known");
  store([], { test: { ...metrics, known: { auc: null, samples: 0 } } });
  expect((await readSummary(folder))?.test.known).toEqual({ auc: Number.NaN, samples: 0 });
});

it("a damaged one is refused, and says where", async () => {
  store([{ losses: { target: "low" }, ...speed }]);
  await expect(readSummary(folder)).rejects.toThrow(/summary\.json is damaged: epochs\.0\.losses\.target/);
  store([], { engines: ["abacus"] });
  await expect(readSummary(folder)).rejects.toThrow(/summary\.json is damaged: engines\.0/);
});

it("vouches for the other files of the run", async () => {
  store([]);
  await checkFinished(folder, "scores", "c");
  await expect(checkFinished(folder, "scores", "b")).rejects.toThrow(
    /test\.safetensors is damaged: it is not the file/,
  );
  await checkFinished(join(folder, "not finished"), "scores", "b");
});
