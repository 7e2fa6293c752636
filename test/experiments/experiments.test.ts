/** Every experiment from datasets to report, on data small enough to train in seconds; the search is in tune.test.ts. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { runExperiment } from "dien";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { experiments } from "../../src/experiments/list.ts";
import { writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";
import { finish, type Options, readRows, SETTINGS } from "./support.ts";

const folder = temporaryFolder();
const data = [join(folder, "first"), join(folder, "second")];

beforeAll(async () => {
  for (const [seed, at] of data.entries()) await writeSmallDataset(at, { samples: 500, seed: seed + 1 });
});

const optionsOf = (out: string, more: Partial<Options> = {}): Options => ({
  ...{ data, out: join(folder, out), seeds: 2, threads: 1, settings: SETTINGS },
  ...more,
});

describe("table2", () => {
  it("trains every model on every dataset with every seed, and reports what their summaries say", async () => {
    const options = optionsOf("table2");
    const outcome = await finish("table2", options);
    const runs = readRows(outcome, "runs");
    expect(runs).toHaveLength(6 * 2 * 2);
    for (const { dataset, variant, seed, test_auc } of runs) {
      const path = join(options.out, "runs", String(dataset), String(variant), `seed-${seed}`, "summary.json");
      expect(JSON.parse(readFileSync(path, "utf8")).test.auc).toBe(test_auc);
    }
    for (const { dataset, variant, auc_mean } of readRows(outcome, "summary")) {
      const own = runs.filter((run) => run.dataset === dataset && run.variant === variant);
      expect(auc_mean).toBeCloseTo(own.reduce((sum, run) => sum + Number(run.test_auc), 0) / 2, 12);
    }
    // Every pair twice, with opposite signs.
    const differences = readRows(outcome, "differences");
    expect(differences).toHaveLength(2 * 6 * 5);
    for (const { dataset, variant, other, difference, p } of differences) {
      const opposite = differences.find((d) => d.dataset === dataset && d.variant === other && d.other === variant)!;
      expect(opposite.difference).toBeCloseTo(-Number(difference), 12);
      expect(opposite.p).toBeCloseTo(Number(p), 12);
    }
    const html = readFileSync(join(outcome.folder, "report.html"), "utf8");
    for (const text of ["Wide &amp; Deep", "0.7435", "difference to the best other", "<svg"])
      expect(html).toContain(text);
    expect(readFileSync(join(outcome.folder, "commands.sh"), "utf8")).toContain("--set train.learning_rate=0.01");
  });

  it("goes on after a stop, trains nothing twice, and ends as if there had been no stop", async () => {
    const controller = new AbortController();
    const finished: string[] = [];
    const options = optionsOf("stopped", { seeds: 1, data: [data[0]] });
    const stopped = await runExperiment({
      name: "table2",
      ...options,
      signal: controller.signal,
      onProgress: (event) => {
        if (event.kind === "finished") finished.push(event.name);
        else if (finished.length === 3) controller.abort();
      },
    });
    expect(stopped.interrupted).toBe(true);
    expect(existsSync(join(options.out, "table2"))).toBe(false);
    const summary = join(options.out, "runs", "first", "base", "seed-1", "summary.json");
    const before = statSync(summary).mtimeMs;
    const again: string[] = [];
    const outcome = await finish("table2", {
      ...options,
      onProgress: (event) => {
        if (event.kind === "finished") again.push(event.name);
      },
    });
    expect(statSync(summary).mtimeMs).toBe(before);
    expect(finished).toHaveLength(3);
    expect(again).toHaveLength(3);
    for (const { variant, weights_sha256 } of readRows(outcome, "runs")) {
      const unbroken = join(folder, "table2", "runs", "first", String(variant), "seed-1", "summary.json");
      expect(JSON.parse(readFileSync(unbroken, "utf8")).weights_sha256).toBe(weights_sha256);
    }
  });

  it("keeps only what a finished run needs", () => {
    const run = join(folder, "table2", "runs", "first", "dien", "seed-1");
    expect(readdirSync(run).sort()).toEqual(["config.yaml", "metrics.jsonl", "model", "scores", "summary.json"]);
  });

  it("refuses a folder of runs with another configuration, of another dataset, or with settings no model has", async () => {
    const options = optionsOf("table2");
    await expect(finish("table2", { ...options, settings: { ...SETTINGS, "train.epochs": 1 } })).rejects.toThrow(
      /first.base.seed-1 holds a run with another 'train.epochs'/,
    );
    await writeSmallDataset(join(folder, "elsewhere", "first"), { samples: 500, seed: 9 });
    await expect(finish("table2", { ...options, data: [join(folder, "elsewhere", "first")] })).rejects.toThrow(
      /holds a run on another dataset/,
    );
    await expect(finish("table2", { ...options, settings: { "model.nothing": 1 } })).rejects.toThrow(
      /has the key 'model.nothing'/,
    );
    await expect(finish("table2", { ...options, settings: { ...SETTINGS, "train.seed": 7 } })).rejects.toThrow(
      /train.seed cannot be set for an experiment/,
    );
    await expect(finish("table2", { ...options, data: [data[0], data[0]] })).rejects.toThrow(/both called first/);
    await expect(finish("table9", options)).rejects.toThrow(/unknown experiment "table9": expected one of table2/);
  });
});

describe("table3", () => {
  const { "model.head.layers": _, ...settings } = SETTINGS;
  const configOf = (options: Options, variant: string) =>
    parse(readFileSync(join(options.out, "runs", "first", variant, "seed-1", "config.yaml"), "utf8"));
  const quick = { ...settings, "train.epochs": 1 };

  it("trains every model in the industrial shape beside other runs, and says where data are no impressions", async () => {
    const options = optionsOf("table3", { data: [data[0]], seeds: 1, settings: quick });
    const outcome = await finish("table3", options);
    const runs = readRows(outcome, "runs");
    expect(runs).toHaveLength(7);
    for (const { variant } of runs) {
      const { model, train } = configOf(options, String(variant));
      expect(model.head.layers).toEqual([600, 400, 300, 200, 80]);
      expect(train.max_history).toBe(50);
    }
    expect(configOf(options, "deep-augru").model.auxiliary.weight).toBe(0);
    const { blocks } = outcome.report;
    const text = blocks.map((block) => (block.kind === "text" ? block.text : "")).join("\n");
    expect(text).toContain("first has none: under its protocol, test, negatives are sampled");
    const overview = blocks.find((block) => block.kind === "table" && block.name === "overview");
    if (overview?.kind !== "table") throw new Error("there is no overview");
    expect(overview.head).toEqual(["", "first", "paper: industrial"]);
    const paper = overview.rows.map((row) => row.at(-1));
    expect(paper).toEqual(["0.6350", "0.6362", "0.6353", "0.6428", "0.6457", "0.6493", "0.6541"]);
  });

  it("has the shape that is set instead", async () => {
    const own = { ...quick, "model.head.layers": [8], "train.max_history": 3 };
    const options = optionsOf("table3-set", { data: [data[0]], seeds: 1, settings: own });
    const outcome = await finish("table3", options);
    expect(configOf(options, "deep-din")).toMatchObject({
      model: { head: { layers: [8] } },
      train: { max_history: 3 },
    });
    const commands = readFileSync(join(outcome.folder, "commands.sh"), "utf8");
    expect(commands.match(/train\.max_history=3/g)).toHaveLength(8);
    expect(commands).not.toContain("600");
  });
});

it("table4 shares table2's runs and compares the choices with DIEN", async () => {
  const trained: string[] = [];
  const outcome = await finish("table4", {
    ...optionsOf("table2", { data: [data[0]], seeds: 1 }),
    onProgress: (event) => {
      if (event.kind === "finished") trained.push(event.name);
    },
  });
  expect(trained).not.toContain("first dien seed 1");
  const summary = readRows(outcome, "summary");
  expect(summary.map(({ variant }) => variant)).toEqual(
    expect.arrayContaining(["augru", "as-released", "uniform", "weight-0.5"]),
  );
  const choices = outcome.report.blocks.find((block) => block.kind === "table" && block.name === "choices");
  if (choices?.kind !== "table") throw new Error("there is no table of choices");
  const released = choices.rows.find(([label]) => label === "AUGRU of the released code")!;
  expect(released.at(-1)).toMatch(/^[+-]\d\.\d{4} \(p /);
});

it("figure2 has the losses that the runs logged, the auxiliary one with its weight", async () => {
  const settings = { ...SETTINGS, "model.auxiliary.weight": 0.5 };
  const options = optionsOf("figure2", { data: [data[0]], seeds: 2, settings });
  const outcome = await finish("figure2", options);
  const rows = readRows(outcome, "curves");
  const log = readFileSync(join(options.out, "runs", "first", "dien-curve-1", "seed-1", "metrics.jsonl"), "utf8");
  const logged = log
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .filter(({ step }) => step !== undefined);
  // Ten steps an epoch, so a point a step, over both epochs.
  expect(logged).toHaveLength(20);
  for (const [i, { losses, valid }] of logged.entries()) {
    const of = (part: string) => rows.find((row) => row.seed === 1 && row.step === i + 1 && row.part === part);
    expect(of("training")).toMatchObject({
      ...losses,
      whole: losses.target + 0.5 * losses.auxiliary,
    });
    expect(of("validation")).toMatchObject({ whole: valid.losses.target + 0.5 * valid.losses.auxiliary });
  }
  expect(outcome.report.lead).toMatch(/whole loss falls from/);
});

describe("figure3", () => {
  // Some users of this one have two interests.
  const contrasting = join(folder, "contrasting");
  beforeAll(() => writeSmallDataset(contrasting, { samples: 500, seed: 6 }));

  it("finds an example with a contrast, and shows its states and attention", async () => {
    const outcome = await finish("figure3", optionsOf("figure3", { data: [contrasting], seeds: 1 }));
    const rows = readRows(outcome, "states");
    const series = [...new Set(rows.map(({ candidate }) => candidate))];
    expect(series.length).toBeGreaterThanOrEqual(3);
    for (const name of series) {
      const own = rows.filter(({ candidate }) => candidate === name);
      expect(own.reduce((sum, { attention }) => sum + Number(attention), 0)).toBeCloseTo(1, 5);
    }
    const uniform = rows.filter(({ candidate }) => candidate === "none: uniform attention");
    expect(uniform).not.toHaveLength(0);
    for (const { attention } of uniform) expect(attention).toBeCloseTo(1 / uniform.length, 6);
  });

  it("looks at the user that is named, and says so where there is none", async () => {
    const options = optionsOf("figure3", { data: [contrasting], seeds: 1 });
    const rows = readRows(await finish("figure3", options), "states");
    const [{ user }] = rows;
    expect(readRows(await finish("figure3", { ...options, user: String(user) }), "states")).toEqual(rows);
    await expect(finish("figure3", { ...options, user: "nobody" })).rejects.toThrow('contrasting has no user "nobody"');
  });
});

it("every experiment that is listed can be loaded", async () => {
  for (const experiment of experiments.values()) expect(await experiment.load()).toBeTypeOf("function");
});
