/** The search for settings: its winner, and that neither stops nor failures change or end it. */

import { appendFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ExperimentOutcome, resolveConfig, runExperiment } from "dien";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { failure } from "../../dist/errors/failure.js";
import { sealedJson } from "../../src/files/sealed.ts";
import { writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";
import { finish, type Options, readRows, SETTINGS } from "./support.ts";

type LabEvent = Parameters<NonNullable<Options["onProgress"]>>[0];

const folder = temporaryFolder();
const data = join(folder, "shop");
const TRIALS = 8;
const { "model.embedding.size": _, ...settings } = { ...SETTINGS, "train.epochs": 3 };

const optionsOf = (out: string, more: Partial<Options> = {}): Options => ({
  ...{ data: [data], out: join(folder, out), seeds: 3, threads: 1, settings },
  ...{ model: "base", trials: TRIALS },
  ...more,
});

/** Of the build that the experiment runs on, so that it is an error of the same class. */
const diverged = failure("run.diverged", { loss: "loss", epoch: 2, step: 1, rate: 0.002 });

let unbroken: ExperimentOutcome;
const events: LabEvent[] = [];

beforeAll(async () => {
  await writeSmallDataset(data, { samples: 500, seed: 2 });
  unbroken = await finish("tune", optionsOf("unbroken", { onProgress: (event) => events.push(event) }));
});

const winnerOf = ({ folder }: ExperimentOutcome) => readFileSync(join(folder, "best-shop.yaml"), "utf8");
const runOf = (out: string, variant: string, seed: number) =>
  join(folder, out, "runs", "shop", variant, `seed-${seed}`);
const validAuc = (out: string, variant: string, seed: number): number =>
  JSON.parse(readFileSync(join(runOf(out, variant, seed), "summary.json"), "utf8")).valid.auc;

/** The variants of the finalists' table, first row first. */
function finalists({ report }: ExperimentOutcome): string[] {
  const table = report.blocks.find((block) => block.kind === "table")!;
  return table.rows.map(([cell]) => {
    const { text } = cell as { text: string };
    return text === "defaults" ? "base" : `tune-base-${text.replace("trial ", "").padStart(2, "0")}`;
  });
}

/** The folder of a search that has trained what `unbroken` has, but for some runs. */
function begun(out: string, without: readonly { readonly variant: string; readonly seed: number }[]): string {
  cpSync(join(folder, "unbroken", "runs"), join(folder, out, "runs"), { recursive: true });
  for (const { variant, seed } of without) rmSync(runOf(out, variant, seed), { recursive: true });
  return out;
}

/** The last trials of a search, which the median rule may stop. */
const LAST = [5, 6, 7].map((trial) => ({ variant: `tune-base-0${trial}`, seed: 1 }));

/** The same trials, finalists and winner as without any stop. */
function expectUnbroken(outcome: ExperimentOutcome): void {
  expect(readRows(outcome, "trials")).toEqual(readRows(unbroken, "trials"));
  expect(finalists(outcome)).toEqual(finalists(unbroken));
  expect(winnerOf(outcome)).toBe(winnerOf(unbroken));
}

describe("the winner", () => {
  it("is the best of the finalists by the seeds that did not choose them, and the defaults are among these", () => {
    const names = finalists(unbroken);
    expect(names).toHaveLength(4);
    expect(names).toContain("base");
    const means = names.map((name) => (validAuc("unbroken", name, 2) + validAuc("unbroken", name, 3)) / 2);
    expect(means).toEqual([...means].sort((a, b) => b - a));
    const table = unbroken.report.blocks.find((block) => block.kind === "table")!;
    expect(table.caption).toContain("by the mean validation AUC of seeds 2 to 3");
    expect(table.rows.map(([, auc]) => String(auc).slice(0, 6))).toEqual(means.map((mean) => mean.toFixed(4)));
  });

  it("is written as a configuration: that of the table's first row", () => {
    const [first] = finalists(unbroken);
    const winner = resolveConfig(parse(winnerOf(unbroken)));
    const run = resolveConfig(parse(readFileSync(join(runOf("unbroken", first, 1), "config.yaml"), "utf8")));
    expect(winner.model).toEqual(run.model);
    expect(winner.train).toEqual(run.train);
  });

  it("is judged by seed 1 where there is no other", async () => {
    const outcome = await finish("tune", optionsOf("unbroken", { seeds: 1 }));
    const aucs = finalists(outcome).map((name) => validAuc("unbroken", name, 1));
    expect(aucs).toEqual([...aucs].sort((a, b) => b - a));
    expect(outcome.report.blocks.find((block) => block.kind === "table")!.caption).toContain(
      "seed 1, which also chose",
    );
    await finish("tune", optionsOf("unbroken"));
  });
});

describe("trials", () => {
  it("are stopped after their second epoch at the earliest, and reported", () => {
    const rows = readRows(unbroken, "trials");
    expect(rows).toHaveLength(TRIALS);
    const stopped = rows.filter((row) => row.stopped === "early");
    expect(stopped.length).toBeGreaterThan(0);
    for (const { epochs } of stopped) expect(epochs).toBe(2);
    expect(events.filter(({ kind }) => kind === "stopped")).toHaveLength(stopped.length);
    // At its end there is nothing left to save.
    for (const row of rows.filter((row) => row.epochs === 3)) expect(row.stopped).toBeNull();
  });

  it("count as far as this call trains them, finalists after them", async () => {
    const ends = (all: readonly LabEvent[]) => all.filter(({ kind }) => kind !== "training");
    const run = ends(events);
    expect(run.map(({ index }) => index)).toEqual(run.map((_, i) => i));
    for (const { count } of run) expect(count).toBe(TRIALS + 4 * 2);
    const more: LabEvent[] = [];
    await finish("tune", optionsOf("unbroken", { trials: TRIALS + 1, onProgress: (event) => more.push(event) }));
    expect(ends(more)[0]).toMatchObject({ name: `shop tune-base-0${TRIALS} seed 1`, index: 0 });
    expect(ends(more).at(-1)).toMatchObject({ index: ends(more).length - 1, count: ends(more).length });
    await finish("tune", optionsOf("unbroken"));
  });

  it("are not trained again when the search is repeated, stopped ones included", async () => {
    const trained: string[] = [];
    const again = await finish("tune", optionsOf("unbroken", { onProgress: ({ name }) => trained.push(name) }));
    expect(trained).toEqual([]);
    expectUnbroken(again);
  });
});

describe("a search", () => {
  it("that was stopped inside a trial ends as one that was not", async () => {
    const controller = new AbortController();
    const onProgress = ({ index, ...what }: LabEvent) => {
      if (index === 1 && what.kind === "training" && what.event.kind === "step") controller.abort();
    };
    const options = optionsOf(begun("stopped", LAST), { signal: controller.signal, onProgress });
    const stopped = await runExperiment({ name: "tune", ...options });
    expect(stopped.interrupted).toBe(true);
    expectUnbroken(await finish("tune", optionsOf("stopped")));
  });

  it("that was killed between an epoch's log line and its checkpoint, with another line half-written, ends likewise", async () => {
    const killedAt = new Set<string>();
    const onProgress = ({ name, ...what }: LabEvent) => {
      if (what.kind !== "training" || what.event.kind !== "epoch") return;
      const place = `${name}, epoch ${what.event.epoch}`;
      if (killedAt.has(place)) return;
      killedAt.add(place);
      appendFileSync(join(runOf("killed", name.split(" ")[1], 1), "metrics.jsonl"), '{"epoch":');
      throw new Error("killed");
    };
    const again = LAST.slice(1);
    begun("killed", again);
    let outcome: ExperimentOutcome | undefined;
    while (!outcome) {
      outcome = await finish("tune", optionsOf("killed", { onProgress })).catch((error) => {
        expect(error.message).toBe("killed");
        return undefined;
      });
    }
    expect(killedAt.size).toBeGreaterThanOrEqual(2 * again.length);
    expectUnbroken(outcome);
  });

  it("goes on where the settings of a trial make it fail, and never chooses that one", async () => {
    const best = finalists(unbroken).find((name) => name !== "base")!;
    const reported: unknown[] = [];
    /** Fails a trial that would be a finalist, in its second epoch. */
    const onProgress = ({ name, ...what }: LabEvent) => {
      if (what.kind === "stopped" && what.stop.reason !== "early") reported.push(name, what.stop.reason);
      if (name !== `shop ${best} seed 1` || what.kind !== "training" || what.event.kind !== "step") return;
      if (what.event.epoch === 2) throw diverged;
    };
    begun("failing", [{ variant: best, seed: 1 }]);
    const outcome = await finish("tune", optionsOf("failing", { seeds: 1, onProgress }));
    expect(reported).toEqual([`shop ${best} seed 1`, "diverged"]);
    const rows = readRows(outcome, "trials");
    const row = rows[Number(best.slice(-2))];
    expect(row).toMatchObject({ valid_auc: null, stopped: "diverged", epochs: 1 });
    expect(finalists(outcome)).not.toContain(best);
    const figure = outcome.report.blocks.find((block) => block.kind === "figure")!;
    expect(figure.caption).toContain(`Not shown: trial ${Number(best.slice(-2))} (diverged).`);
    expect(readdirSync(runOf("failing", best, 1))).not.toContain("checkpoint");
    const again: string[] = [];
    const options = optionsOf("failing", { seeds: 1, onProgress: ({ name }) => again.push(name) });
    const repeated = await finish("tune", options);
    expect(again).toEqual([]);
    expect(readRows(repeated, "trials")).toEqual(rows);
  });

  it("leaves a finalist out that fails with another seed", async () => {
    const best = finalists(unbroken).find((name) => name !== "base")!;
    const onProgress = ({ name, ...what }: LabEvent) => {
      if (name === `shop ${best} seed 2` && what.kind === "training") throw diverged;
    };
    const out = begun("finalist", [{ variant: best, seed: 2 }]);
    const outcome = await finish("tune", optionsOf(out, { onProgress }));
    expect(finalists(outcome)).toEqual(finalists(unbroken).filter((name) => name !== best));
    expect(outcome.report.blocks.find((block) => block.kind === "table")!.caption).toContain(
      `trial ${Number(best.slice(-2))} failed with one of these and is omitted`,
    );
  });

  it("notes a trial that does not fit into memory, which has no run to note it in", async () => {
    const long = join(folder, "long");
    await writeSmallDataset(long, { samples: 100, maxHistory: 13 });
    // The default embedding size, 18, takes 3.5 GiB of addresses, few of which are used; the 24 of trial 2 take 4.4.
    const sizes = { "train.batch_size": 65_536, "train.shards": 1, "model.head.layers": [800, 4] };
    const large = { ...sizes, "train.batches": "samples" };
    const wide = { ...settings, ...large, "train.epochs": 1 };
    const options = optionsOf("large", { data: [long], model: "dien", seeds: 1, trials: 3, settings: wide });
    for (const _ of ["at first", "repeated"]) {
      const rows = readRows(await finish("tune", options), "trials");
      expect(rows.map(({ stopped }) => stopped)).toEqual([null, null, "too large"]);
      expect(rows[2]).toMatchObject({ "model.embedding.size": 24, valid_auc: null, epochs: 0 });
    }
  });
});

describe("mistakes", () => {
  it("defaults that fail end the search, which names them", async () => {
    const wild = { ...settings, "train.learning_rate": 1e30 };
    await expect(finish("tune", optionsOf("wild", { settings: wild }))).rejects.toThrow(
      /^shop base seed 1: the (loss|score) is not finite/,
    );
  });

  it("nothing left to search", async () => {
    const all = { "train.learning_rate": 0.01, "model.embedding.size": 4, "train.embedding_l2": 0 };
    await expect(finish("tune", optionsOf("fixed", { settings: { ...settings, ...all } }))).rejects.toThrow(
      /nothing to search: every key of base .* has a value already/,
    );
  });

  it("a damaged note of a stopped trial", async () => {
    const runs = join(folder, "unbroken", "runs", "shop");
    const notes = readdirSync(runs).map((name) => join(runs, name, "seed-1", "stopped.json"));
    const note = notes.find(existsSync)!;
    writeFileSync(
      note,
      readFileSync(note, "utf8").replace(/\d(?=[,\]])/, (digit) => `${(Number(digit) + 1) % 10}`),
    );
    await expect(finish("tune", optionsOf("unbroken"))).rejects.toThrow(
      /stopped.json is damaged: its contents do not fit/,
    );
    writeFileSync(note, sealedJson({ valid_auc: "none", reason: "early" }));
    await expect(finish("tune", optionsOf("unbroken"))).rejects.toThrow(/stopped.json is damaged: valid_auc/);
  });
});
