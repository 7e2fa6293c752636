import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Jobs } from "../../src/cli/jobs.ts";
import { droppedLines } from "../../src/cli/prepare/report.ts";
import type { PrepareEventsOptions } from "../../src/importers/events/options.ts";
import type { EventsSummary } from "../../src/importers/events/prepare.ts";
import { temporaryFolder } from "../support/source.ts";
import { dien } from "./harness.ts";

const folder = temporaryFolder();
const config = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const summary: EventsSummary = {
  protocol: "impressions",
  users: 1234,
  items: 56,
  behaviours: 7890,
  train: 800,
  valid: 100,
  test: 100,
  clickRate: { train: 0.25, valid: 0.2, test: 0.125 },
  validFrom: "2024-01-08T00:00:00.000Z",
  testFrom: "2024-01-09T00:00:00.000Z",
  dropped: { badRows: 2, duplicateEvents: 0 },
  warnings: ["events.csv: row 7: no time"],
  seconds: 3,
};

/** Runs `prepare events`; also returns what the job was asked for. */
async function prepare(...argv: string[]) {
  let asked: PrepareEventsOptions | undefined;
  const prepareEvents: Jobs["prepareEvents"] = async (options) => {
    asked = options;
    return summary;
  };
  return { ...(await dien(["prepare", "events", ...argv], { jobs: { prepareEvents } })), asked };
}

const features = "columns: {user: u, item: i, time: t}\nbehaviours: {max_history: 9}\nfields: {user: [u]}\n";

describe("prepare events", () => {
  test("hands over the sections of the file and its options, flags first", async () => {
    const path = config("features.yaml", `${features}events: a.csv\nout: there\nmemory: 512MB\nseed: 3\n`);
    const { code, asked } = await prepare("--config", path, "--events", "b.csv", "--skip-bad-rows");
    expect(code).toBe(0);
    expect(asked).toEqual({
      events: "b.csv",
      out: "there",
      memory: 2 ** 29,
      seed: 3,
      skipBadRows: true,
      featuresPath: path,
      features: {
        columns: { user: "u", item: "i", time: "t" },
        behaviours: { max_history: 9 },
        fields: { user: ["u"] },
      },
    });
  });

  test("behaviours are a section of the file, and a log as a flag", async () => {
    const path = config("both.yaml", features);
    const { asked } = await prepare("--config", path, "--events", "b.csv", "--out", "x", "--behaviours", "log.csv");
    expect(asked).toMatchObject({ behaviours: "log.csv", features: { behaviours: { max_history: 9 } } });
  });

  test("says what was made and what comes next", async () => {
    const path = config("tell.yaml", features);
    const { stdout, stderr } = await prepare("--config", path, "--events", "b.csv", "--out", "my data");
    expect(stderr).toBe("warning: events.csv: row 7: no time\n");
    expect(stdout).toBe(`users  items  behaviours
1,234     56       7,890
samples          clicked
train       800   25.0 %  before 2024-01-08T00:00:00.000Z
validation  100   20.0 %    from 2024-01-08T00:00:00.000Z
test        100   12.5 %    from 2024-01-09T00:00:00.000Z
bad rows: 2
dataset in my data, 3.0 s
next: dien inspect --data 'my data'; dien train --data 'my data' --out RUN
`);
    const json = await prepare("--config", path, "--events", "b.csv", "--out", "x", "--json");
    expect(JSON.parse(json.stdout)).toEqual(summary);
  });

  test.each([
    [["--events", "b.csv", "--out", "x"], /'--config <file>' is missing/],
    [
      ["--config", config("colum.yaml", "colums: {}\n"), "--events", "b", "--out", "x"],
      /unknown key 'colums'.*columns/,
    ],
    [["--events", "b", "--out", "x", "--memory", "2"], /a size like "512MB" or "2GB"/],
    [["--events", "b", "--out", "x", "--memory", "1MB"], /at least 128MB/],
  ])("refuses %j", async (argv, expected) => {
    const { code, stderr } = await prepare(...argv);
    expect(code).toBe(2);
    expect(stderr).toMatch(expected);
  });
});

test("prepare taobao takes types with commas between", async () => {
  let asked: unknown;
  const prepareTaobao: Jobs["prepareTaobao"] = async (options) => {
    asked = options;
    return summary;
  };
  const jobs = { prepareTaobao };
  const { code } = await dien(["prepare", "taobao", "--dir", "d", "--out", "o", "--types", "buy,pv"], { jobs });
  expect(code).toBe(0);
  expect(asked).toEqual({ dir: "d", out: "o", types: ["pv", "buy"], memory: 2 ** 31, seed: 0, skipBadRows: false });
  const wrong = await dien(["prepare", "taobao", "--dir", "d", "--out", "o", "--types", "buys"], { jobs });
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toMatch(/option '--types <types>': expected one of pv, cart, fav, buy, found "buys"/);
});

test("what is left out is explained, whatever the reason", () => {
  const pages = ["docs/events.md", "docs/data-format.md"].map((page) => readFileSync(page, "utf8"));
  const [, ...tables] = pages.join("\n").split(/^\|.*\| counted (?:in `dropped` )?as \|$/m);
  const rows = tables.flatMap((table) => table.slice(0, table.indexOf("\n\n")).split("\n"));
  const reasons = rows.flatMap((row) =>
    [...(row.split(" | ").at(-1) ?? "").matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  expect(reasons).toContain("returnsWithoutNegative");
  for (const reason of reasons)
    expect(droppedLines({ [reason]: 1234 })).toEqual([expect.stringMatching(/ \(.+\): 1,234$/)]);
});
