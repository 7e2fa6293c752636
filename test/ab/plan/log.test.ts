/** What a plan reads of logs, and what it writes. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { spanAfter } from "../../../src/ab/plan/baseline.ts";
import { readBaseline } from "../../../src/ab/plan/log.ts";
import { writePlan } from "../../../src/ab/plan/page.ts";
import { planExperiment } from "../../../src/ab/plan/plan.ts";
import { prepareSynthetic } from "../../../src/importers/synthetic/prepare.ts";
import { temporaryFolder } from "../../support/source.ts";
import { people, recordsOf, reportOf, writeRecords } from "../analysis/records.ts";

const folder = temporaryFolder();
const aim = { lift: 0.05, power: 0.8, alpha: 0.05, arms: 2, share: 1, days: 2 };

/** Writes a table; every row a line. */
function table(name: string, ...lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  return path;
}

describe("a log of impressions", () => {
  const path = table(
    "log.csv",
    "user,time,click,revenue",
    "a,2024-01-01 10:00:00,1,0.5",
    "a,2024-01-01 10:05:00,0,0",
    "b,2024-01-02 09:00:00,0,0",
    "a,2024-01-02 11:00:00,0,0",
    "b,2024-01-02 20:00:00,1,1.5",
    "c,2024-01-02 23:00:00,0,0",
  );

  it("becomes the sums of users within the first days, counted from the first moment", async () => {
    const { spans } = await readBaseline(path);
    expect(spans.map(({ days, users }) => [days, users])).toEqual([
      [1, 2],
      [2, 3],
    ]);
    const { levels } = spans[1];
    expect(levels.ctr?.value).toBeCloseTo(2 / 6, 12);
    expect(levels.ppc?.value).toBe(1);
    expect(levels.ecpm?.value).toBeCloseTo(2000 / 6, 9);
    // Clicks 1, 1, 0 of impressions 3, 2, 1: parts 0, 1/3, -1/3 of a mean of 2 impressions.
    expect(levels.ctr!.noise * levels.ctr!.value ** 2).toBeCloseTo((2 * (1 / 3 / 2) ** 2) / 2, 12);
  });

  it("is extended at the rate of its users", async () => {
    const baseline = await readBaseline(path);
    expect(spanAfter(baseline, 6)).toMatchObject({ users: 9, levels: baseline.spans[1].levels });
    expect(spanAfter(baseline, 1).users).toBe(2);
  });

  it("says the same by users, where it is said of how many days it is", async () => {
    const users = table(
      "users.ndjson",
      ...['"a","impressions":3', '"b","impressions":2', '"c","impressions":1'].map(
        (row, i) => `{"user":${row},"clicks":${i < 2 ? 1 : 0}}`,
      ),
    );
    await expect(readBaseline(users)).rejects.toThrow("of how many days is it?");
    const [span] = (await readBaseline(users, 2)).spans;
    const [, whole] = (await readBaseline(path)).spans;
    expect(span.levels.ctr).toEqual(whole.levels.ctr);
    expect(Object.keys(span.levels)).toEqual(["ctr", "clicks_per_user"]);
  });

  it("makes a page with a curve of power for each metric", async () => {
    const baseline = await readBaseline(path);
    const out = join(folder, "plan");
    await writePlan(out, planExperiment(baseline, aim), baseline, "dien ab plan");
    const page = readFileSync(join(out, "report.html"), "utf8");
    for (const name of ["CTR", "clicks per user", "PPC", "eCPM", "revenue per user"])
      expect(page).toContain(`>${name}<`);
    expect(existsSync(join(out, "figures", "power.svg"))).toBe(true);
  });
});

it("records have the rates that a report finds: what shares an id is one impression", async () => {
  const rows = recordsOf(people(100));
  const exposures = rows.exposures.flatMap((row) => ["x", "y"].map((item) => ({ ...row, item })));
  const outcomes = rows.outcomes.map((row) => ({ ...row, attributed: true }));
  const path = writeRecords(folder, "scored", { exposures, outcomes });
  const { arms } = await reportOf(path);
  const [clicks, impressions] = [arms[0].clicks + arms[1].clicks, arms[0].impressions + arms[1].impressions];
  const { spans } = await readBaseline(path);
  expect(impressions).toBe(2000);
  expect(spans[spans.length - 1].levels.ctr?.value).toBe(clicks / impressions);
});

it.each([
  ["no-user.csv", ["id,click", "1,0"], "it has no column user; its columns are id,click"],
  ["no-clicks.csv", ["user,click", "a,0"], "it has no clicks"],
  ["more-clicks.csv", ["user,impressions,clicks", "a,1,2", "b,1,1"], "1 of 2 rows lack a value"],
  ["no-value.csv", ["user,click", "a,1", "b,"], "1 of 2 rows lack a value"],
  ["log.txt", ["user,click"], "expected a dataset, a folder of records, or a file that ends in"],
])("%s is refused", async (name, lines, problem) => {
  await expect(readBaseline(table(name, ...lines), 1)).rejects.toThrow(`${join(folder, name)}: ${problem}`);
});

it("what is not there is refused", async () => {
  await expect(readBaseline(folder)).rejects.toThrow(`${folder} holds no files exposures-*.ndjson`);
  await expect(readBaseline(join(folder, "nowhere"))).rejects.toThrow("no such file or folder");
});

it("a day without clicks has no power, and is no answer", async () => {
  const path = table(
    "late.csv",
    "user,time,click",
    "a,2024-01-01,0",
    "b,2024-01-02,1",
    "c,2024-01-02,0",
    "d,2024-01-03,1",
  );
  const baseline = await readBaseline(path);
  const plan = planExperiment(baseline, { ...aim, lift: 5 });
  expect(plan.metrics[0].readings[0].days).toBeGreaterThan(1);
  await writePlan(join(folder, "late"), plan, baseline, "dien ab plan");
});

it("a log of many days answers with fewer", async () => {
  const rows = Array.from({ length: 4000 }, (_, i) => `u${i},10,${(i % 3) + (i % 2)}`);
  const baseline = await readBaseline(table("long.csv", "user,impressions,clicks", ...rows), 40);
  const { metrics } = planExperiment(baseline, { ...aim, lift: 0.5 });
  expect(metrics[0].readings[0]).toMatchObject({ users: 100, days: 1 });
});

describe("a dataset", () => {
  it("has the impressions of all its splits", async () => {
    const data = join(folder, "shop");
    await prepareSynthetic({ out: data, users: 200, seed: 1 });
    const { spans, source } = await readBaseline(data);
    const { counts } = JSON.parse(readFileSync(join(data, "dataset.json"), "utf8"));
    const last = spans[spans.length - 1];
    expect(source).toBe(`the dataset ${data}`);
    expect(last.users).toBeLessThanOrEqual(counts.users);
    expect(last.levels.ctr?.value).toBeGreaterThan(0.02);
    expect(Object.keys(last.levels)).toEqual(["ctr", "clicks_per_user"]);
    expect(last.clustering).toBeGreaterThan(0.5);
  });
});
