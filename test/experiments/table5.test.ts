/** Table 5 from data to report, on a shop of a few users. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { prepareSynthetic, runExperiment } from "dien";
import { beforeAll, expect, it } from "vitest";
import { writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";
import { finish, type Options, readRows, SETTINGS } from "./support.ts";

const folder = temporaryFolder();
const data = join(folder, "shop");
const options = (out: string): Options => ({
  ...{ data: [data], out: join(folder, out), seeds: 1, threads: 1, population: 300, days: 3 },
  settings: { ...SETTINGS, "train.epochs": 1 },
});

beforeAll(() => prepareSynthetic({ users: 150, items: 96, out: data }));

it("reports what each model earned, beside the paper, and the same when it is done again", async () => {
  const outcome = await finish("table5", options("table5"));
  const arms = readRows(outcome, "arms");
  expect(arms.map(({ arm }) => arm)).toEqual(["base", "din", "dien", "oracle"]);
  for (const { clicks, impressions, revenue, ctr, ppc, ecpm } of arms) {
    expect(ctr).toBeCloseTo(Number(clicks) / Number(impressions), 12);
    expect(ppc).toBeCloseTo(Number(revenue) / Number(clicks), 12);
    expect(ecpm).toBeCloseTo((1000 * Number(revenue)) / Number(impressions), 9);
  }
  const gains = readRows(outcome, "gains");
  expect(gains).toHaveLength(9);
  for (const { arm, metric, value, low, high, p, adjusted } of gains) {
    const of = (name: string) => Number(arms.find((row) => row.arm === name)![String(metric)]);
    expect(value).toBeCloseTo(of(String(arm)) / of("base") - 1, 12);
    expect([Number(low) < Number(value), Number(value) < Number(high)]).toEqual([true, true]);
    expect(adjusted).toBeGreaterThanOrEqual(Number(p));
  }
  const html = readFileSync(join(outcome.folder, "report.html"), "utf8");
  for (const text of ["+20.70 %", "-2.00 %", "the truth (oracle)", "By test AUC the order is", "<svg"])
    expect(html).toContain(text);
  expect(readFileSync(join(outcome.folder, "commands.sh"), "utf8")).toContain("--population 300 --days 3");
  const again = await finish("table5", options("table5"));
  expect(again.report).toEqual(outcome.report);
});

it("makes its own shop where no data are given, and refuses data of anybody else", async () => {
  const ending = new AbortController();
  const steps: string[] = [];
  const outcome = await runExperiment({
    ...{ ...options("own"), data: [], name: "table5", signal: ending.signal },
    onProgress: (event) => {
      if (event.kind === "step") steps.push(event.name);
      ending.abort();
    },
  });
  expect(outcome).toEqual({ interrupted: true });
  expect(steps).toEqual(["shop"]);
  expect(existsSync(join(folder, "own", "runs"))).toBe(false);
  const foreign = join(folder, "foreign");
  await writeSmallDataset(foreign, { samples: 100, seed: 1 });
  await expect(finish("table5", { ...options("refused"), data: [foreign] })).rejects.toThrow(
    /foreign: expected a dataset of the synthetic shop/,
  );
  await expect(finish("table2", { ...options("refused"), data: [] })).rejects.toThrow("data: expected");
});
