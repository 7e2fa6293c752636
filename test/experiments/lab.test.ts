/** What a lab finds in the folders of its runs, and how it goes on after a kill. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runExperiment, UserError } from "dien";
import { beforeAll, describe, expect, it } from "vitest";
import { openDatasets } from "../../src/experiments/lab/datasets.ts";
import { writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";
import { finish, type Options, SETTINGS } from "./support.ts";

const folder = temporaryFolder();
const data = join(folder, "shop");

beforeAll(() => writeSmallDataset(data, { samples: 500 }));

/** figure3 trains a single run. */
const optionsOf = (out: string, more: Partial<Options> = {}): Options => ({
  ...{ data: [data], out: join(folder, out), seeds: 1, threads: 1, settings: SETTINGS },
  ...more,
});
const runOf = (out: string) => join(folder, out, "runs", "shop", "dien", "seed-1");
const hashOf = (out: string) => JSON.parse(readFileSync(join(runOf(out), "summary.json"), "utf8")).weights_sha256;

/** Why figure3 refuses to go on; it must not have trained anything. */
async function refusal(options: Options): Promise<string> {
  const trained: string[] = [];
  const onProgress: Options["onProgress"] = ({ name }) => trained.push(name);
  const error = await runExperiment({ name: "figure3", ...options, onProgress }).catch((error) => error);
  expect(error).toBeInstanceOf(UserError);
  expect(trained).toEqual([]);
  return error.message;
}

/** Stops figure3 in the first epoch of its run. */
async function begin(options: Options): Promise<void> {
  const controller = new AbortController();
  const onProgress = () => controller.abort();
  const outcome = await runExperiment({ name: "figure3", ...options, signal: controller.signal, onProgress });
  expect(outcome.interrupted).toBe(true);
}

it("names the parts of a report apart where names of datasets differ in signs alone", async () => {
  const named = ["a-b-2", "a b", "A.B", "a_b", "--"].map((name) => join(folder, "named", name));
  for (const at of named) await writeSmallDataset(at, { samples: 60, users: 8 });
  const datasets = await openDatasets(named);
  expect(datasets.map(({ slug }) => slug)).toEqual(["a-b-2", "a-b", "a-b-3", "a-b-4", "data"]);
  expect(datasets.map(({ name }) => name)).toEqual(["a-b-2", "a b", "A.B", "a_b", "--"]);
});

describe("runExperiment refuses", () => {
  it.each<[string, object, string]>([
    ["no seeds", { seeds: 0 }, "seeds: expected a whole number, 1 to 1000, found 0"],
    ["no datasets", { data: [] }, "data: expected a list of 1 or more, found []"],
    ["settings that are none", { settings: undefined }, "settings is missing: expected settings by dotted key"],
    ["an option that it does not have", { seed: 1 }, "unknown key 'seed'"],
  ])("%s", async (_, wrong, message) => {
    const refused = await refusal({ ...optionsOf("wrong"), ...wrong });
    expect(refused).toContain("runExperiment");
    expect(refused).toContain(message);
    expect(existsSync(join(folder, "wrong"))).toBe(false);
  });
});

it("a folder with things of others is refused, and left as it is", async () => {
  const out = join(folder, "foreign");
  mkdirSync(out);
  writeFileSync(join(out, "thesis.txt"), "years");
  expect(await refusal(optionsOf("foreign"))).toBe(`${out} exists and is not empty`);
  expect(readdirSync(out)).toEqual(["thesis.txt"]);
});

describe("a lab refuses, before anything is trained,", () => {
  it("a run that was begun on another dataset", async () => {
    await begin(optionsOf("begun"));
    const other = join(folder, "elsewhere", "shop");
    await writeSmallDataset(other, { samples: 500, seed: 9 });
    expect(await refusal(optionsOf("begun", { data: [other] }))).toMatch(/holds a run on another dataset/);
  });

  it("a folder with files but no run, though not what a kill left half-written", async () => {
    mkdirSync(runOf("odd"), { recursive: true });
    const id = "0123456789ab";
    writeFileSync(join(runOf("odd"), `config.yaml.tmp-${id}`), "half");
    writeFileSync(join(runOf("odd"), "lock"), JSON.stringify({ id, pid: 7, host: "elsewhere" }));
    await finish("figure3", optionsOf("odd"));
    rmSync(join(runOf("odd"), "config.yaml"));
    expect(await refusal(optionsOf("odd"))).toMatch(/seed-1 holds files but no run/);
  });

  it("a finished run whose scores are gone", async () => {
    await finish("figure3", optionsOf("no-scores"));
    rmSync(join(runOf("no-scores"), "scores"), { recursive: true });
    expect(await refusal(optionsOf("no-scores"))).toContain(join(runOf("no-scores"), "scores", "test.safetensors"));
  });
});

it("a checkpoint and a claim that a kill left in a finished run are dropped", async () => {
  await finish("figure3", optionsOf("left"));
  const files = readdirSync(runOf("left"));
  mkdirSync(join(runOf("left"), "checkpoint"));
  await finish("figure3", optionsOf("left"));
  expect(readdirSync(runOf("left"))).toEqual(files);
  writeFileSync(join(runOf("left"), "lock"), JSON.stringify({ id: "0123456789ab", pid: 7, host: "elsewhere" }));
  writeFileSync(join(runOf("left"), "summary.json.tmp-0123456789ab"), "half");
  await finish("figure3", optionsOf("left"));
  expect(readdirSync(runOf("left"))).toEqual(files);
});

it("a failure names the run", async () => {
  const settings = { ...SETTINGS, "train.learning_rate": 1e30 };
  await expect(finish("figure3", optionsOf("wild", { settings }))).rejects.toThrow(
    /^shop dien seed 1: the (loss|score) is not finite/,
  );
});

it("an experiment that was killed in the middle of a run ends as one that was not", async () => {
  const settings = { ...SETTINGS, "train.epochs": 3, "train.batch_size": 2 };
  await finish("figure3", optionsOf("unbroken", { settings }));
  const options = optionsOf("killed", { settings, checkpointSeconds: 0 });
  const script = `import { runExperiment } from "dien";
    await runExperiment({ name: "figure3", ...${JSON.stringify(options)} });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" });
  const state = join(runOf("killed"), "checkpoint", "state.safetensors");
  const until = async (happened: () => boolean) => {
    while (!happened() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await until(() => existsSync(state));
  const first = statSync(state).mtimeMs;
  await until(() => statSync(state).mtimeMs !== first);
  // It must not come to its end while a second process asks.
  child.kill("SIGSTOP");
  expect(child.exitCode).toBeNull();
  expect(JSON.parse(readFileSync(join(runOf("killed"), "lock"), "utf8"))).toMatchObject({ pid: child.pid });
  expect(await lockedMessage(options)).toMatch(`is being trained by process ${child.pid}`);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(existsSync(join(runOf("killed"), "summary.json"))).toBe(false);
  await finish("figure3", options);
  expect(hashOf("killed")).toBe(hashOf("unbroken"));
  expect(existsSync(join(runOf("killed"), "lock"))).toBe(false);
});

/** What a second process gets while the first trains. */
async function lockedMessage(options: Options): Promise<string> {
  const error = await runExperiment({ name: "figure3", ...options }).catch((error) => error);
  expect(error).toBeInstanceOf(UserError);
  return error.message;
}
