/** Weights of samples: columns.weight of features.yaml, into the dataset. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SPLITS } from "../../../src/dataset/dataset.ts";
import { openDataset } from "../../../src/dataset/read.ts";
import { DatasetStream } from "../../../src/dataset/stream.ts";
import { resolveFeatures } from "../../../src/importers/events/features/features.ts";
import { prepareEvents } from "../../../src/importers/events/prepare.ts";
import { inspectDataset } from "../../../src/inspection/measure/inspect.ts";
import { readUnsealed } from "../../support/sealed.ts";
import { csv, folder, load, write } from "./support.ts";

const header = ["user", "item", "time", "label", "type", "w"];
const columns = { user: "user", item: "item", time: "time", label: "label", weight: "w" };
const fields = { user: [{ name: "weight", column: "w" }], item: [], context: [] };
const START = 1_700_000_000;

/** Impressions of weight 0.5, 1 and 1.5; views between them have none. */
const rows = Array.from({ length: 120 }, (_, i) => {
  const isView = i % 4 === 3;
  const label = isView ? "" : `${i % 2}`;
  return [
    `u${i % 7}`,
    `i${(i * 5) % 11}`,
    `${START + i}`,
    label,
    isView ? "view" : "buy",
    isView ? "NA" : `${0.5 + (i % 3) / 2}`,
  ];
});

async function prepared(name: string, given: object, log: readonly (readonly string[])[] = rows) {
  const out = join(folder, name);
  await prepareEvents({
    events: write(".csv", csv(header, log)),
    out,
    features: { columns, fields, missing: ["NA"], ...given },
  });
  const dataset = await openDataset(out);
  const stream = await DatasetStream.open(out, { portionBudget: 1e6 });
  const raw = Object.fromEntries(
    await Promise.all(SPLITS.map(async (split) => [split, await stream.targets(split)] as const)),
  );
  await stream.close();
  return { out, dataset, raw, manifest: readUnsealed(join(out, "dataset.json")) };
}

describe("weights of a log", () => {
  test("stand with their samples, 1 on average where a model reads them", async () => {
    const { out, dataset, raw, manifest } = await prepared("weights", {});
    for (const split of SPLITS) {
      const { weight: given = [] } = raw[split];
      const mean = [...given].reduce((sum, one) => sum + one, 0) / given.length;
      expect(manifest.meanWeight[split]).toBeCloseTo(mean, 12);
      expect([...dataset[split].weight!]).toEqual(
        [...given].map((one) => Math.fround(one / manifest.meanWeight[split])),
      );
      // The field of the same column says which row it was.
      const words = dataset[split].user[0];
      const byWord = new Map([...words].map((word, i) => [word, given[i]]));
      expect([...words].map((word) => byWord.get(word))).toEqual([...given]);
    }
    expect([...new Set(raw.train.weight)].sort()).toEqual([0.5, 1, 1.5]);
    expect((await inspectDataset(out)).warnings.filter(({ kind }) => kind === "duplicates")).toEqual([]);
  });

  test("of a target are its negative's too", async () => {
    const { label: _, ...rest } = columns;
    const { raw } = await prepared("targets", {
      columns: { ...rest, type: "type" },
      target: "buy",
      behaviours: { types: ["view"] },
    });
    for (const split of SPLITS) {
      const { weight = [], label } = raw[split];
      for (let i = 0; i < label.length; i += 2) expect(weight[i + 1]).toBe(weight[i]);
    }
    expect([...new Set(raw.train.weight)].sort()).toEqual([0.5, 1, 1.5]);
  });

  test("that differ make two samples of rows that are else the same", async () => {
    const twice = rows.map((row) => [...row.slice(0, 5), row[5] === "NA" ? "NA" : "7"]);
    const { manifest } = await prepared("twice", { fields: { user: [], item: [], context: [] } }, [...rows, ...twice]);
    expect(manifest.counts.train + manifest.counts.valid + manifest.counts.test).toBe(180);
    expect(manifest.dropped.duplicateEvents).toBe(30);
  });

  test("that are none make bad rows, of impressions alone", async () => {
    const bad = ["-1", "1e39", "NaN", "heavy", ""];
    const log = [
      ["u", "i", "1700000005", "", "view", ""],
      ...bad.map((weight) => ["u", "i", "1700000005", "1", "buy", weight]),
      ["u", "i", "1700000005", "1", "buy", "0"],
    ];
    const path = write(".csv", csv(header, log));
    const found = await load(path, { ...columns, label: { column: "label" }, fields: [] }, { skipBadRows: true });
    expect(found.rows).toBe(2);
    expect(found.examples).toEqual(
      bad.map((weight, i) => {
        const what = weight === "" ? "nothing" : JSON.stringify(weight);
        return `${path}: row ${i + 2}: column w: expected a weight, 0 or more, found ${what}`;
      }),
    );
  });

  test("may be missing of labelled rows of types that are no impressions", async () => {
    const log = rows.map(([user, item, time, label, type, w], i) =>
      i % 4 === 0 ? [user, item, time, "1", "view", "NA"] : [user, item, time, label, type, w],
    );
    const { manifest } = await prepared(
      "of types",
      { columns: { ...columns, type: "type" }, impressions: { types: ["buy"] } },
      log,
    );
    expect(manifest.counts.train + manifest.counts.valid + manifest.counts.test).toBe(60);
    expect(manifest.dropped.badRows).toBe(0);
  });

  test("of nothing leave nothing to learn from", async () => {
    const nothing = rows.map((row) => [...row.slice(0, 5), row[5] === "NA" ? "NA" : "0"]);
    await expect(prepared("nothing", {}, nothing)).rejects.toThrow("the samples of train weigh nothing");
    // A file has 32 bits for each.
    const hardly = rows.map((row) => [...row.slice(0, 5), row[5] === "NA" ? "NA" : "1e-50"]);
    await expect(prepared("hardly", {}, hardly)).rejects.toThrow("the samples of train weigh nothing");
    const clicks = rows.map((row) => [...row.slice(0, 5), row[3] === "1" ? "1" : "0"]);
    await expect(prepared("clicks", {}, clicks)).rejects.toThrow("all samples of train have the label 1");
  });

  test("need samples", () => {
    const { label: _, ...rest } = columns;
    const resolve = () => resolveFeatures({ columns: rest, fields }, { users: false, items: false }, "features.yaml");
    expect(resolve).toThrow("columns.weight: samples have weights where columns.label or target says which they are");
  });
});
