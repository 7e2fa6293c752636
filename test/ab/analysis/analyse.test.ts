/** From files to a report: golden values, every format, people's own tables, damaged files. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { AbReport } from "../../../src/ab/analysis/result.ts";
import { experimentSchema } from "../../../src/ab/experiment/schema.ts";
import { withDuckDB } from "../../../src/database/open.ts";
import { temporaryFolder } from "../../support/source.ts";
import { DAY, iso, people, type Row, recordsOf, reportOf, START, writeRecords } from "./records.ts";

const folder = temporaryFolder();
const good = writeRecords(folder, "good", recordsOf(people(200)));
const own = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

/** What is found beside the users of these small tables being few. */
const besides = ({ findings }: AbReport) => findings.filter(({ check }) => check !== "few-users");

/** Values of users with these sums: two in `n` have one each, the others none. */
function valuesOf(n: number, sum: number, sumSquares: number): number[] {
  const having = 2 * Math.ceil(sum ** 2 / sumSquares / 2 + 1);
  const mean = sum / having;
  const reach = Math.sqrt(sumSquares / having - mean ** 2);
  return Array.from({ length: n }, (_, user) => (user < having ? mean + (user % 2 === 0 ? reach : -reach) : 0));
}

/**
 * Sums and results of GrowthBook's gbstats (test_tests of its own suite: TwoSidedTTest and SequentialTwoSidedTTest with
 * relative differences), as revenue of users.
 */
const GBSTATS = {
  base: { n: 3407, sum: 1396.87, sumSquares: 52377.9767 },
  dien: { n: 3461, sum: 2422.7, sumSquares: 134698.29 },
};
function gbstats(base = GBSTATS.base): string {
  const exposures: Row[] = [];
  const outcomes: Row[] = [];
  for (const [arm, { n, sum, sumSquares }] of Object.entries({ base, dien: GBSTATS.dien })) {
    for (const [index, value] of valuesOf(n, sum, sumSquares).entries()) {
      const user = `${arm}${index}`;
      exposures.push({ id: user, user, arm, time: iso(START + index) });
      if (value !== 0)
        outcomes.push({ id: user, user, impression: user, type: "click", time: iso(START + index), value });
    }
  }
  return writeRecords(folder, `gbstats-${base.n}`, { exposures, outcomes });
}

it("says what GrowthBook's gbstats says of the same sums, from end to end", async () => {
  const path = gbstats();
  const { effects } = await reportOf(path, { metric: "revenue_per_user" });
  expect(effects[0]).toMatchObject({ arm: "dien", metric: "revenue_per_user", theta: 0 });
  const { lift, low, high, p } = effects[0];
  for (const [found, expected] of [
    [lift, 0.70732],
    [low, -0.03526],
    [high, 1.44989],
    [p, 0.06191],
  ]) {
    expect(found).toBeCloseTo(expected, 5);
  }
  const shorter = gbstats({ ...GBSTATS.base, n: 3000 });
  const sequential = await reportOf(shorter, { metric: "revenue_per_user", reading: "sequential", tuning: 1000 });
  const [one] = sequential.effects;
  for (const [found, expected] of [
    [one.lift, 0.50336],
    [one.low, -0.55844],
    [one.high, 1.56516],
  ]) {
    expect(found).toBeCloseTo(expected, 5);
  }
});

it("is the same report of NDJSON, CSV and Parquet, of one file or several, packed or not", async () => {
  const expected = await reportOf(good, { segments: ["country"] });
  expect(expected.verdict.decision).toBe("wait");
  expect(besides(expected)).toEqual([]);
  const copies = join(folder, "copies");
  const [csv, parquet] = ["csv.gz", "parquet"].map((ending) => (name: string) => `${copies}-${name}.${ending}`);
  await withDuckDB(async (connection) => {
    for (const name of ["exposures", "outcomes"]) {
      const from = `read_json('${good}/${name}-*.ndjson')`;
      const fields = name === "exposures" ? "EXCLUDE (fields), fields.country AS country" : "";
      await connection.run(`COPY (SELECT * ${fields} FROM ${from}) TO '${csv(name)}' (FORMAT csv, COMPRESSION gzip)`);
      const part = (n: number) =>
        `COPY (SELECT * FROM ${from} WHERE hash(id) % 2 = ${n}) TO '${copies}-${n}-${name}.parquet'`;
      await connection.run(part(0));
      await connection.run(part(1));
    }
  });
  const bare = ({ rows: _, ...rest }: typeof expected) => rest;
  const folders = writeRecords(folder, "csv", {});
  for (const name of ["exposures", "outcomes"]) copyFileSync(csv(name), join(folders, `${name}.csv.gz`));
  expect(bare(await reportOf(folders, { segments: ["country"] }))).toEqual(bare(expected));
  const ofCsv = await reportOf("", { exposures: csv("exposures"), outcomes: csv("outcomes"), segments: ["country"] });
  expect(bare(ofCsv)).toEqual(bare(expected));
  const parts = { exposures: `${copies}-?-exposures.parquet`, outcomes: `${copies}-?-outcomes.parquet` };
  const ofParquet = await reportOf("", { ...parts, segments: ["country"] });
  expect(bare(ofParquet)).toEqual(bare(expected));
  expect(ofParquet.rows.exposures).toEqual({ files: 2, read: 4000, bad: 0 });
  expect(parquet("x")).toMatch(/parquet$/);
});

it("puts outcomes that name no impression down to the latest one of their user before them", async () => {
  const lines = [
    "user,variant,ts",
    "a,old,2026-11-01 10:00:00",
    "a,old,2026-11-03 10:00:00",
    "b,new,2026-11-01 10:00:00",
  ];
  const exposures = own("seen.csv", `${lines.join("\n")}\n`);
  const clicks = [
    ...["user,ts,what,price", "a,2026-11-01 10:00:00,click,2", "a,2026-11-03 12:00:00,click,3"],
    ...["b,2026-11-01 09:00:00,click,1", "b,2026-11-02 11:00:00,click,1", "c,2026-11-02 11:00:00,click,1"],
  ];
  const outcomes = own("clicks.csv", `${clicks.join("\n")}\n`);
  const names = new Map([
    ["arm", "variant"],
    ["time", "ts"],
    ["type", "what"],
    ["value", "price"],
  ]);
  const { arms, counts, attribution, byDay, upToDay, control } = await reportOf("", {
    exposures,
    outcomes,
    names,
    control: "old",
  });
  expect([attribution, control]).toEqual(["user", "old"]);
  expect(arms).toMatchObject([
    { arm: "old", users: 1, impressions: 2, clicks: 2, revenue: 5, metrics: { ctr: 1, ppc: 2.5, ecpm: 2500 } },
    { arm: "new", users: 1, impressions: 1, clicks: 0 },
  ]);
  expect(counts.outcomes).toMatchObject({ counted: 2, early: 1, late: 1, foreign: 1, lost: 0 });
  expect(byDay.map(({ day }) => day)).toEqual(["2026-11-01"]);
  // An arm without visitors on a day has what it had before.
  expect(upToDay.map(({ day, users }) => [day, users])).toEqual([
    ["2026-11-01", 2],
    ["2026-11-03", 2],
  ]);
});

it("takes out what users did before: the interval is narrower, and the means of arms stay", async () => {
  const before = ["user,clicks,impressions,revenue"];
  for (const { user, clicks } of people(200))
    before.push(`${user},${2 * clicks},20,${clicks}`, `${user},${clicks},10,0`);
  const path = own("before.csv", `${before.join("\n")}\nsomebody,5,5,5\n`);
  const [plain, adjusted] = [await reportOf(good), await reportOf(good, { before: path })];
  expect(adjusted.usersBefore).toBe(400);
  expect(adjusted.arms).toEqual(plain.arms);
  const width = ({ effects }: typeof plain) => effects[0].high - effects[0].low;
  expect(adjusted.effects[0].theta).toBeGreaterThan(0.5);
  expect(width(adjusted)).toBeLessThan(0.1 * width(plain));
  // The last day's sums are those of all days, what was before included.
  expect(adjusted.upToDay.at(-1)?.lift).toBeCloseTo(adjusted.effects[0].lift, 10);
});

it("takes arms, weights, window and end from ab.yaml", async () => {
  const arms = [
    { name: "dien", weight: 1 },
    { name: "base", weight: 3 },
    { name: "din", weight: 0 },
  ];
  const text = { name: "autumn", arms, window_hours: 1 / 120, end: "2026-12-01" };
  const report = await reportOf(good, { definition: experimentSchema.parse(text) });
  expect(report).toMatchObject({ control: "dien", experiment: "autumn", windowHours: 1 / 120 });
  expect(report.counts.outcomes).toMatchObject({ counted: 0, late: 234 });
  const checks = report.findings.map(({ check, level }) => `${level} ${check}`);
  expect(checks).toEqual([
    "grave sample-ratio",
    "grave few-users",
    "grave few-users",
    "warning unfinished",
    "note late-outcomes",
  ]);
  expect(report.verdict.sentence).toMatch(/^do not decide: the arms have not the users/);
});

it("finds segments in the fields of users, each user in the one of the first impression", async () => {
  const { segments } = await reportOf(good, { segments: ["country"] });
  expect(segments.map(({ value, users }) => [value, users])).toEqual([
    ["CN", 208],
    ["DE", 192],
  ]);
  for (const { adjustedP, p } of segments) expect(adjustedP).toBeGreaterThanOrEqual(p);
  const absent = reportOf(good, { segments: ["age"] });
  await expect(absent).rejects.toThrow("no impression has the field age; fields are country");
});

it("tells a segment that one arm alone has, and takes no later field for that of the first impression", async () => {
  const { exposures, outcomes } = recordsOf(people(200));
  const fieldsOf = ({ id }: Row) => (id === "d7-0" ? {} : id === "d8-0" ? { country: "MT" } : { country: "CN" });
  const path = writeRecords(folder, "one-sided", {
    exposures: exposures.map((row) => ({ ...row, fields: fieldsOf(row) })),
    outcomes,
  });
  const { segments } = await reportOf(path, { segments: ["country"] });
  expect(segments.map(({ value, users, lift }) => [value, users, Number.isNaN(lift)])).toEqual([
    ["CN", 398, false],
    ["MT", 1, true],
    [null, 1, true],
  ]);
});

it("counts each impression without an id, which no outcome can name", async () => {
  const { exposures, outcomes } = recordsOf(people(200));
  const path = writeRecords(folder, "no-ids", {
    exposures: [...exposures, ...exposures.slice(0, 5).map((row) => ({ ...row, id: null }))],
    outcomes: [...outcomes, { ...outcomes[0], id: "no", impression: null }],
  });
  const { counts } = await reportOf(path);
  expect(counts).toMatchObject({ impressions: 4005, repeated: 0, outcomes: { counted: outcomes.length, lost: 1 } });
});

it("reads the folders of several servers by a pattern, without what a Parquet file has taken the place of", async () => {
  const { exposures, outcomes } = recordsOf(people(200));
  for (const part of [0, 1]) {
    const half = (rows: readonly Row[]) => rows.filter((_, index) => index % 2 === part);
    const path = writeRecords(folder, `server-${part}`, { exposures: half(exposures), outcomes: half(outcomes) });
    await withDuckDB(async (connection) => {
      const file = `${path}/exposures-00000001`;
      if (part === 0) await connection.run(`COPY (FROM '${file}.ndjson') TO '${file}.parquet'`);
    });
  }
  const pattern = (kind: string) => join(folder, "server-*", `${kind}-*`);
  const { rows, counts, arms } = await reportOf("", { exposures: pattern("exposures"), outcomes: pattern("outcomes") });
  expect(rows.exposures).toEqual({ files: 2, read: 4000, bad: 0 });
  expect(counts).toMatchObject({ repeated: 0, outcomes: { repeated: 0 } });
  expect(arms).toEqual((await reportOf(good)).arms);
});

it("wants the weights of all arms, where it is given any", async () => {
  const few = reportOf(good, { weights: new Map([["base", 1]]) });
  await expect(few).rejects.toThrow("expected a weight above 0 of every arm, found none of dien");
});

it("counts torn lines and bad rows, and goes on", async () => {
  const { exposures, outcomes } = recordsOf(people(200));
  const path = writeRecords(folder, "torn", { exposures, outcomes: [...outcomes, { ...outcomes[0], value: "much" }] });
  const file = join(path, "exposures-00000001.ndjson");
  writeFileSync(file, `${readFileSync(file, "utf8")}{"id": "x", "user"`);
  const report = await reportOf(path);
  const { rows, arms } = report;
  const findings = besides(report);
  expect(findings.map(({ level, check }) => [level, check])).toEqual([
    ["warning", "rows"],
    ["warning", "rows"],
  ]);
  expect(findings[0].message).toMatch(
    /^1 row of exposures cannot be used, of 4,001: .*row 4001: expected a JSON object/,
  );
  expect(findings[1].message).toMatch(/column value: expected a number, found "much"$/);
  expect(rows.exposures).toEqual({ files: 1, read: 4001, bad: 1 });
  expect(arms).toEqual((await reportOf(good)).arms);
});

it("says of impressions with propensities below 1 that a bandit may have chosen", async () => {
  const { exposures, outcomes } = recordsOf(people(100));
  const path = writeRecords(folder, "bandit", {
    exposures: exposures.map((row) => ({ ...row, propensity: 0.3 })),
    outcomes,
  });
  expect((await reportOf(path)).verdict.sentence).toMatch(/^do not decide: .*bandit/);
  const definition = experimentSchema.parse({ name: "autumn", arms: [{ name: "base" }, { name: "dien" }] });
  expect((await reportOf(path, { definition })).verdict.decision).toBe("wait");
});

const rowsOf = (name: string, text: string) => own(name, `${text}\n`);
it.each<[string, () => Promise<unknown>, RegExp]>([
  ["a folder without records", () => reportOf(folder), /holds no files exposures-\*\.ndjson, \.csv or \.parquet/],
  ["no such file", () => reportOf(join(folder, "none.csv")), /cannot read .*none\.csv: no such file or folder/],
  [
    "a table without arms",
    () => reportOf(rowsOf("armless.csv", "user,time\na,2026-11-01")),
    /armless\.csv.*arm.*user, time/s,
  ],
  [
    "a Parquet file that is none",
    () => reportOf(own("torn.parquet", "PAR1 and no more")),
    /torn\.parquet.*no whole Parquet file/,
  ],
  ["a gzip file that is cut off", () => reportOf(own("cut.csv.gz", "\x1f\x8b")), /cut\.csv\.gz/],
  [
    "one arm",
    () => reportOf(rowsOf("one.csv", "user,arm,time\na,x,2026-11-01\nb,x,2026-11-01"), { outcomes: good }),
    /expected two arms or more, at most 100, found x/,
  ],
  [
    "an arm that is none",
    () => reportOf(good, { control: "bas" }),
    /there is no arm bas, arms are base, dien; did you mean 'base'\?/,
  ],
  ["a weight of an arm that is none", () => reportOf(good, { weights: new Map([["x", 1]]) }), /there is no arm x/],
  ["another experiment", () => reportOf(good, { name: "winter" }), /expected the experiment winter, found autumn/],
  [
    "a column that is not there",
    () => reportOf(good, { names: new Map([["value", "price"]]) }),
    /no file has the column price for value/,
  ],
  [
    "outcomes of nobody",
    () => reportOf(good, { outcomes: rowsOf("bare.csv", `type,time\nclick,${iso(START + DAY)}`) }),
    /expected a column impression or user, found neither/,
  ],
])("%s is refused with a line that says so", async (_, work, message) => {
  await expect(work()).rejects.toThrow(message);
});

it("of several experiments wants to know which one", async () => {
  const { exposures, outcomes } = recordsOf(people(100));
  const spring = exposures.map((row) => ({ ...row, id: `s-${row.id}`, experiment: "spring" }));
  const path = writeRecords(folder, "several", { exposures: [...exposures, ...spring], outcomes });
  await expect(reportOf(path)).rejects.toThrow("expected one experiment, found autumn, spring");
  const report = await reportOf(path, { name: "autumn" });
  expect(besides(report)).toMatchObject([
    { check: "other-rows", message: "2,000 rows of other experiments are left out" },
  ]);
  expect(report.arms[0].impressions).toBe(1000);
});

it("without outcomes yet there is nothing to decide", async () => {
  const { exposures } = recordsOf(people(100));
  const path = writeRecords(folder, "silent", { exposures, outcomes: [] });
  const { verdict } = await reportOf(path);
  expect(verdict.sentence).toMatch(/^do not decide: 0 users of base clicked, .*types are: none/);
});
