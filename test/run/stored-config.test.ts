/** The configuration of a run as its folder holds it. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { sealedYaml } from "../../src/files/sealed.ts";
import { resolveStoredConfig } from "../../src/run/config.ts";
import { readRunConfig } from "../../src/run/run-folder.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();

it.each([
  ["broken YAML", "model: [", /^Flow sequence/],
  ["an unknown model", "model: {name: dein}", /^unknown model 'dein'/],
  [
    "a value that cannot be",
    "model: {name: din}\ntrain: {epochs: 0}",
    /^configuration: train\.epochs: expected .* found 0$/,
  ],
  ["something else", "[]", /names no model/],
])("a file with %s is damaged, and named", async (name, text, problem) => {
  const run = join(folder, name);
  mkdirSync(run);
  const path = join(run, "config.yaml");
  writeFileSync(path, sealedYaml(`${text}\n`));
  await expect(readRunConfig(run)).rejects.toMatchObject({
    code: "file.damaged",
    exitCode: 1,
    values: { path, problem: expect.stringMatching(problem) },
  });
});

it("is named in any other file too", () => {
  expect(() => resolveStoredConfig({ model: { name: "din", depth: 3 } }, "model.json")).toThrow(
    /^model\.json is damaged: configuration: unknown key 'model\.depth'/,
  );
});

it("written before there were batches of users, is one of samples", () => {
  const settingsOf = (train: object) => resolveStoredConfig({ model: { name: "din" }, train }, "model.json").train;
  expect(settingsOf({ shards: 8 })).toMatchObject({ batches: "samples", shards: 8 });
  expect(settingsOf({ shards: 8, batches: "users" })).toMatchObject({ batches: "users", shards: 8 });
});
