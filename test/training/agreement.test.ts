/** The files of a run belong together: none is taken for another run's, nor for another state's of the same run. */
import { copyFileSync, cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  evaluateRun,
  loadScorer,
  type RunConfig,
  readCurve,
  resolveConfig,
  type TrainEvent,
  train,
  UserError,
} from "dien";
import { beforeAll, expect, it } from "vitest";
import { sealedYaml } from "../../src/files/sealed.ts";
import { runFiles } from "../../src/run/run-folder.ts";
import { writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const data = join(folder, "data");
const [run, begun, other, otherBegun] = ["run", "begun", "other", "other-begun"].map((name) => join(folder, name));

const configOf = (seed: number): RunConfig =>
  resolveConfig({
    model: { name: "base", embedding: { size: 4 }, head: { layers: [8] } },
    train: { epochs: 3, batch_size: 32, seed, patience: 9 },
  });

/** Trains a run, and keeps a copy of it as it was after its second epoch. */
async function trainRun(out: string, copy: string, seed: number): Promise<void> {
  const onProgress = (event: TrainEvent) => {
    if (event.kind === "step" && event.epoch === 3 && event.step <= 20) cpSync(out, copy, { recursive: true });
  };
  await train({ data, out, config: configOf(seed), threads: 1, onProgress });
}

beforeAll(async () => {
  await writeSmallDataset(data);
  await trainRun(run, begun, 1);
  await trainRun(other, otherBegun, 2);
});

function copyOf(path: string): string {
  const copy = join(folder, "copy");
  cpSync(path, copy, { recursive: true });
  return copy;
}

async function refused(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).message;
}

const resume = (out: string) => train({ data, out, config: configOf(1), threads: 1, resume: true });

it("a run goes on from its own files", async () => {
  const copy = copyOf(begun);
  await resume(copy);
  for (const file of ["metrics", "weights", "scores"] as const) {
    expect(readFileSync(runFiles(copy)[file]), file).toEqual(readFileSync(runFiles(run)[file]));
  }
});

it.each(["model", "config", "checkpoint"] as const)("not with the %s of another run", async (file) => {
  const copy = copyOf(begun);
  copyFileSync(runFiles(otherBegun)[file], runFiles(copy)[file]);
  expect(await refused(resume(copy))).toMatch(
    file === "checkpoint"
      ? /is not of .*model\.json$/
      : /config\.yaml is damaged: it has another 'train\.seed' than .*model/,
  );
});

it("not with another configuration, though it is sealed", async () => {
  const copy = copyOf(begun);
  const text = readFileSync(runFiles(copy).config, "utf8").replace(/# sha256.*\n/, "");
  writeFileSync(runFiles(copy).config, sealedYaml(text.replace("learning_rate: 0.002", "learning_rate: 0.003")));
  expect(await refused(resume(copy))).toMatch(/config\.yaml is damaged: it has another 'train\.learning_rate' than/);
});

it("not with another log", async () => {
  const copy = copyOf(begun);
  const text = readFileSync(runFiles(copy).metrics, "utf8");
  writeFileSync(runFiles(copy).metrics, text.replace('"epoch":1', '"epoch":2'));
  expect(await refused(resume(copy))).toMatch(/metrics\.jsonl is damaged: its lines are not those that were logged/);
  writeFileSync(runFiles(copy).metrics, text.slice(0, 100));
  expect(await refused(resume(copy))).toMatch(/metrics\.jsonl is damaged: expected \d+ bytes of log, found 100$/);
});

it("a finished run is scored with its own model, of the epoch that its summary names", async () => {
  const copy = copyOf(run);
  copyFileSync(runFiles(other).weights, runFiles(copy).weights);
  expect(await refused(loadScorer(copy))).toMatch(/weights\.safetensors is damaged: it is not of .*model\.json$/);
  expect(await refused(evaluateRun({ run: copy, data, split: "test" }))).toMatch(/weights\.safetensors is damaged/);
  copyFileSync(runFiles(other).model, runFiles(copy).model);
  expect(await refused(loadScorer(copy))).toMatch(/weights\.safetensors is damaged: it is not the file that .*summary/);
});

it("a finished run's curve is that of its log", async () => {
  const copy = copyOf(run);
  const text = readFileSync(runFiles(copy).metrics, "utf8");
  writeFileSync(runFiles(copy).metrics, text.replace(/"target":0\.\d/, '"target":0.0'));
  expect(await refused(readCurve(copy))).toMatch(
    /metrics\.jsonl is damaged: it is not the file that .*summary\.json is/,
  );
});
