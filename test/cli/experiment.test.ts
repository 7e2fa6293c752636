import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failure } from "../../src/errors/failure.ts";
import { experiments } from "../../src/experiments/list.ts";
import type { RunExperimentOptions, runExperiment } from "../../src/experiments/run.ts";
import { temporaryFolder } from "../support/source.ts";
import { dien } from "./harness.ts";

const folder = temporaryFolder();

const report = {
  name: "table2",
  title: "Table 2",
  lead: "beauty: DIEN leads.",
  blocks: [
    {
      kind: "table",
      name: "overview",
      caption: "Test AUC.",
      head: ["", "beauty"],
      rows: [["DIEN", { text: "0.8", strong: true }]],
    },
    { kind: "text", text: "Not for the terminal." },
  ],
  data: { runs: [{ variant: "dien", test_auc: 0.8 }] },
  commands: ["npx dien"],
} as const;

/** A job that notes what it was asked for. */
function jobs(outcome: object = { report, folder: "out/table2", seconds: 61 }) {
  const asked: RunExperimentOptions[] = [];
  const run = async (options: RunExperimentOptions) => {
    asked.push(options);
    return outcome;
  };
  return { asked, jobs: { runExperiment: run as unknown as typeof runExperiment } };
}

describe("experiment", () => {
  it("hands over datasets, seeds and settings, and prints answer, tables and where the rest is", async () => {
    const { asked, jobs: world } = jobs();
    const argv = [
      "experiment",
      "table2",
      "--data",
      "a",
      "--data",
      "b",
      "--seeds",
      "3",
      "--out",
      "out",
      "--threads",
      "1",
    ];
    const { code, stdout } = await dien([...argv, "--set", "train.epochs=2", "--set", "model.evolution=agru"], {
      jobs: world,
    });
    expect(code).toBe(0);
    expect(asked[0]).toMatchObject({ name: "table2", data: ["a", "b"], seeds: 3, out: "out", threads: 1 });
    expect(asked[0].settings).toEqual({ "train.epochs": 2, "model.evolution": "agru" });
    expect(stdout).toBe(
      "beauty: DIEN leads.\n\nTest AUC.\n      beauty\nDIEN     0.8\n\nout/table2/report.html has it all with figures, 1:01\n",
    );
  });

  it("takes several datasets after one flag, and everything from a file", async () => {
    const { asked, jobs: world } = jobs();
    await dien(["experiment", "table4", "--data", "a", "b", "--out", "o"], { jobs: world });
    const file = join(folder, "table4.yaml");
    writeFileSync(file, "data: [a, b]\nout: o\nseeds: 2\nset: [train.epochs=1]\n");
    await dien(["experiment", "table4", "--config", file], { jobs: world });
    expect(asked.map(({ data }) => data)).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
    expect(asked[0].seeds).toBe(5);
    expect(asked[1]).toMatchObject({ seeds: 2, settings: { "train.epochs": 1 } });
  });

  it("gives the report without its pictures as JSON", async () => {
    const { stdout } = await dien(["experiment", "table2", "--data", "a", "--out", "o", "--json"], {
      jobs: jobs().jobs,
    });
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      folder: "out/table2",
      seconds: 61,
      report: { lead: report.lead, data: report.data },
    });
    expect(document.report.blocks).toBeUndefined();
  });

  it("offers --user to figure3, --model and --trials to tune, and to no other", async () => {
    const { asked, jobs: world } = jobs();
    const rest = ["--data", "a", "--out", "o"];
    await dien(["experiment", "figure3", ...rest, "--user", "A1"], { jobs: world });
    await dien(["experiment", "tune", ...rest, "--model", "din", "--trials", "7"], { jobs: world });
    expect(asked[0]).toMatchObject({ user: "A1", seeds: 1 });
    const seeds = await dien(["experiment", "figure3", ...rest, "--seeds", "2"], { jobs: world });
    expect(seeds.stderr).toContain("unknown option '--seeds'");
    expect(asked[1]).toMatchObject({ model: "din", trials: 7 });
    await dien(["experiment", "tune", ...rest], { jobs: world });
    expect(asked[2]).toMatchObject({ model: "dien", trials: 20 });
    const { code, stderr } = await dien(["experiment", "table2", ...rest, "--user", "A1"], { jobs: world });
    expect(code).toBe(2);
    expect(stderr).toContain("unknown option '--user'");
  });

  it("reports how each run ended, what training noted, and how long those to come will take by those before", async () => {
    const event = (index: number, count: number, what: object) => ({ name: `run ${index}`, index, count, ...what });
    const note = { kind: "note", text: "no better validation AUC in 2 epochs" };
    const run = async ({ onProgress }: RunExperimentOptions) => {
      const happen = onProgress as (event: object) => void;
      happen(event(0, 4, { kind: "training", event: note }));
      happen(event(0, 4, { kind: "finished", summary: { test: { auc: 0.75 } }, seconds: 100 }));
      happen(event(1, 4, { kind: "stopped", stop: { reason: "early", validAuc: [0.6, 0.55] }, seconds: 20 }));
      happen(event(2, 4, { kind: "stopped", stop: { reason: "diverged", validAuc: [] }, seconds: 30 }));
      return { report, folder: "out/table2", seconds: 150 };
    };
    const world = { jobs: { runExperiment: run as unknown as typeof runExperiment } };
    const { stderr } = await dien(["experiment", "tune", "--data", "a", "--out", "o"], world);
    expect(stderr.trim().split("\n")).toEqual([
      "[1/4] run 0: no better validation AUC in 2 epochs",
      "[1/4] run 0: test AUC 0.7500, 1:40; about 5:00 left",
      "[2/4] run 1: stopped after epoch 2, validation AUC 0.6000, 20.0 s; about 2:00 left",
      "[3/4] run 2: diverged, 30.0 s; about 50.0 s left",
    ]);
  });

  it("an interrupted one says how to go on, with exit code 130", async () => {
    const { jobs: world } = jobs({ interrupted: true });
    const { code, stderr } = await dien(["experiment", "table2", "--data", "a", "--out", "o"], { jobs: world });
    expect(code).toBe(130);
    expect(stderr).toContain("the same command continues from here");
  });

  it("every experiment explains itself", async () => {
    const { stdout } = await dien(["experiment", "--help"]);
    for (const { name, description } of experiments.values()) {
      expect(stdout).toContain(name);
      const help = (await dien(["experiment", name, "--help"])).stdout.replace(/\s+/g, " ");
      expect(help).toContain(description);
    }
  });

  it.each<[string, string[], RegExp]>([
    ["no dataset", ["table2", "--out", "o"], /option '--data <folder...>' is missing/],
    ["no folder", ["table2", "--data", "a"], /option '--out <folder>' is missing/],
    [
      "no such key",
      ["table2", "--data", "a", "--out", "o", "--set", "train.epoch=1"],
      /unknown key 'train.epoch'; did you mean 'train.epochs'/,
    ],
    ["no such value", ["table2", "--data", "a", "--out", "o", "--set", "model.evolution=agruu"], /model.evolution: /],
    ["no such experiment", ["tabel2", "--data", "a", "--out", "o"], /unknown command 'tabel2'; did you mean 'table2'/],
    ["no seeds", ["table2", "--data", "a", "--out", "o", "--seeds", "0"], /1 to 1000/],
    [
      "no such model",
      ["tune", "--data", "a", "--out", "o", "--model", "dein"],
      /--model <name>.*expected one of base, .*, found "dein"/,
    ],
  ])("%s is wrong usage", async (_, argv, message) => {
    const { code, stderr } = await dien(["experiment", ...argv], { jobs: jobs().jobs });
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it("a mistake that the work finds is reported in one line", async () => {
    const run = async () => {
      throw failure("run.exists", { path: "a" });
    };
    const world = { jobs: { runExperiment: run as unknown as typeof runExperiment } };
    const { code, stderr } = await dien(["experiment", "table2", "--data", "a", "--out", "o"], world);
    expect([code, stderr]).toEqual([
      1,
      "error: a holds a run already; continue with --resume, or choose another --out\n",
    ]);
  });
});
