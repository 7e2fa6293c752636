/** How logs write times: the forms of public logs, formats, digits that are dates, and logs without times. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { withDuckDB } from "../../../src/database/open.ts";
import { readManifest } from "../../../src/dataset/manifest.ts";
import { readTime } from "../../../src/dataset/time-format.ts";
import { formatsThatRead } from "../../../src/dataset/time-guess.ts";
import { resolveFeatures } from "../../../src/importers/events/features/features.ts";
import { prepareEvents } from "../../../src/importers/events/prepare.ts";
import { loadTable } from "../../../src/importers/events/source/load.ts";
import type { TimeColumn } from "../../../src/importers/events/source/times.ts";
import { contents, folder as made } from "./cases.ts";
import { csv, load, refusal, write } from "./support.ts";

const columns = { user: "user", item: "item", time: "time", fields: [] };
const HEAD = ["user", "item", "time"];

/** A log with these times, as its time column is `time`. */
const timesOf = async (texts: readonly string[], time: TimeColumn = "time") => {
  const path = write(
    ".csv",
    csv(
      HEAD,
      texts.map((text, i) => [`u${i}`, "i", text]),
    ),
  );
  const { table, warnings } = await load(path, { ...columns, time });
  return { times: table.map((row) => row[2] as number), warnings };
};
const refusalOf = async (texts: readonly string[], time: TimeColumn = "time") => {
  const path = write(
    ".csv",
    csv(
      HEAD,
      texts.map((text, i) => [`u${i}`, "i", text]),
    ),
  );
  return (await refusal(path, { ...columns, time })).replace(path, "log.csv");
};

describe("the times of public logs", () => {
  it.each([
    ["BigQuery's and REES46's", "2019-11-01 00:00:00 UTC", Date.UTC(2019, 10, 1)],
    ["those of Postgres, DuckDB and Snowflake", "2024-07-28 22:48:08 +00:00", Date.UTC(2024, 6, 28, 22, 48, 8)],
    ["Tianchi's", "2014-12-06 02", Date.UTC(2014, 11, 6, 2)],
    ["those of spreadsheets", "2017/12/01 08:00:00", Date.UTC(2017, 11, 1, 8)],
    ["those with a blank behind", "2022-06-24 21:20:11 ", Date.UTC(2022, 5, 24, 21, 20, 11)],
    ["those with an exponent", "1.5e+09", 15e11],
    ["days in digits", "20171101", Date.UTC(2017, 10, 1)],
  ])("%s are read: %j", async (_, text, expected) => {
    expect(await timesOf([text, text])).toEqual({ times: [expected, expected], warnings: [] });
  });

  it.each([
    ["nanoseconds", "1627776000000000000", "nanoseconds"],
    ["MIND's", "11/11/2019 9:05:58 AM", '"%m/%d/%Y %I:%M:%S %p" or "%d/%m/%Y %I:%M:%S %p"'],
    ["a day and an hour in digits", "2014120602", '"%Y%m%d%H" or seconds'],
    ["Avazu's", "14102100", '"%y%m%d%H"'],
  ])("%s are told by their format: %j", async (_, text, formats) => {
    expect(await refusalOf([text])).toBe(
      `log.csv: row 1: column time: expected a time, found ${JSON.stringify(text)}; columns.time may need a format: ${formats}`,
    );
    for (const format of formats.split(" or ").map((one) => one.replaceAll('"', ""))) {
      expect((await timesOf([text], { column: "time", format })).times).toHaveLength(1);
    }
  });

  test("a number with an exponent that is not whole", async () => {
    expect(await refusalOf(["1.2345e+3"])).toContain("a number with an exponent must be whole, with 18 digits at most");
  });
});

describe("a format", () => {
  const american = { column: "time", format: "%m/%d/%Y %I:%M:%S %p" };
  it("reads its times alone, and says what it expected", async () => {
    const at = Date.UTC(2019, 10, 12, 18, 11, 30);
    expect((await timesOf(["11/12/2019 6:11:30 PM"], american)).times).toEqual([at]);
    expect(await refusalOf(["11/12/2019 6:11:30 PM", "2019-11-12"], american)).toBe(
      'log.csv: row 2: column time: expected a time of the format "%m/%d/%Y %I:%M:%S %p", found "2019-11-12"',
    );
  });

  it("is how requests may write times too", () => {
    const read = (value: string | number) => readTime(value, american.format, 60);
    expect(read("11/12/2019 6:11:30 PM")).toBe(Date.UTC(2019, 10, 12, 17, 11, 30));
    expect(read("2019-11-12T18:11:30Z")).toBe(Date.UTC(2019, 10, 12, 18, 11, 30));
    expect(read(1573582290)).toBe(1573582290_000);
    expect(readTime("0829", "%m%d", 0)).toBe(Date.UTC(2000, 7, 29));
    expect(readTime("11/12/2019", null, 0)).toBe(null);
  });

  it("may be guessed from texts", () => {
    expect(formatsThatRead(["01/02/2024 10:00", "13/02/2024 10:00"])).toEqual(["%d/%m/%Y %H:%M"]);
    expect(formatsThatRead(["01/02/2024", "02/01/2024"])).toEqual(["%d/%m/%Y", "%m/%d/%Y"]);
    expect(formatsThatRead(["2024-01-01"])).toEqual([]);
    expect(formatsThatRead([])).toEqual([]);
  });
});

describe("times that cannot be", () => {
  it("are an error where most are early numbers", async () => {
    expect(await refusalOf(["0829", "0830", "1111"])).toBe(
      'log.csv: column time: 3 of 3 times are before 1990, as "0829", read as 1970-01-01T00:13:49.000Z; columns.time needs a format, perhaps "%m%d" or seconds',
    );
    const { times, warnings } = await timesOf(["829", "830"], { column: "time", format: "seconds" });
    expect([times, warnings]).toEqual([[829_000, 830_000], []]);
  });

  it("are counted where they are few, in the future, or dates", async () => {
    const { warnings } = await timesOf(["2024-01-01 00:00Z", "0", "1700000000", "4000000000"]);
    expect(warnings.map((text) => text.replace(/^.*?: /, ""))).toEqual([
      "column time: 1 of 4 times are before 1990, the first 1970-01-01T00:00:00.000Z",
      "column time: 1 of 4 times are in the future, the last 2096-10-02T07:06:40.000Z",
    ]);
    expect((await timesOf(["1985-03-01", "1986-03-01"])).warnings).toHaveLength(1);
  });
});

describe("a log without times", () => {
  const rows = Array.from({ length: 60 }, (_, i) => [
    `u${i % 4}`,
    `i${(i * 7) % 11}`,
    String((i * i) % 3 === 0 ? 1 : 0),
  ]);
  const features = (time: unknown) => ({
    columns: { user: "user", item: "item", label: "label", time },
    fields: { user: [{ name: "user", column: "user" }] },
  });
  const prepare = async (name: string, events: string, time: unknown) => {
    const out = join(made, name);
    const summary = await prepareEvents({ events, out, memory: "1GB", features: features(time) });
    return { out, summary };
  };

  it("is in the order of its rows, file after file", async () => {
    const folder = join(made, "parts");
    mkdirSync(folder);
    const all = write(
      ".csv",
      csv(
        ["user", "item", "label", "time"],
        rows.map((row, i) => [...row, String(i)]),
      ),
    );
    const byNumber = await prepare("numbered", all, { column: "time", format: "milliseconds" });
    const parts = [rows.slice(0, 17), rows.slice(17, 18), rows.slice(18)];
    for (const [index, part] of parts.entries()) {
      writeFileSync(join(folder, `part-${index}.csv`), csv(["user", "item", "label"], part));
    }
    const { out, summary } = await prepare("by-row", join(folder, "*.csv"), "row");
    const files = (path: string) => ({ ...contents(path), manifest: "" });
    expect(files(out)).toEqual(files(byNumber.out));
    expect(summary).toMatchObject({ validFrom: "row 49", testFrom: "row 55" });
    expect(await readManifest(out)).toMatchObject({ clock: "row", timeFormat: null });
    expect(readFileSync(join(out, "dataset.json"), "utf8")).not.toContain("1970");
  });

  it("keeps the order of a file that threads read together", async () => {
    const count = 400_000;
    const path = write(".csv", `user,item\n${Array.from({ length: count }, (_, i) => `u,${i}\n`).join("")}`);
    await withDuckDB(async (connection) => {
      await connection.run("SET threads = 4");
      const columns = { user: "user", item: "item", time: { rows: true } as const, fields: [] };
      const options = { utcOffset: 0, missing: [], skipBadRows: false, workFolder: made };
      await loadTable(connection, "log", path, columns, options);
      const result = await connection.runAndReadAll(`SELECT count(*) FROM log WHERE "time" <> "item"::BIGINT`);
      expect(Number(result.getRowsJS()[0][0])).toBe(0);
    });
  });

  it.each([
    [{ behaviours: { window_days: 3 } }, "behaviours.window_days: the order of rows (columns.time: row) has no days"],
    [
      { split: { valid_from: "2024-01-01", test_from: "2024-01-02" } },
      "split: the order of rows (columns.time: row) has no times to split at: give shares",
    ],
    [
      { fields: { context: [{ name: "hour", kind: "hour" }] } },
      "fields.context: hour: the order of rows (columns.time: row) has no hours",
    ],
  ])("has no days or hours: %j", (beside, message) => {
    const resolve = () => resolveFeatures({ ...features("row"), ...beside }, { users: false, items: false }, "f.yaml");
    expect(resolve).toThrow(`f.yaml: ${message}`);
  });

  it("is none of a database", async () => {
    const source = "postgres://host/shop?table=log";
    expect(await refusal(source, { ...columns, time: { rows: true } })).toMatch(/rows of a database have no order/);
  });

  it("is one log", () => {
    const given = { behaviours: true, users: false, items: false };
    expect(() => resolveFeatures(features("row"), given, "f.yaml")).toThrow(
      "f.yaml: columns.time: two logs have no order in common",
    );
  });
});

test.each([
  [{ column: "t", format: "seconds" }, "t"],
  ["t", { column: "t", format: "seconds" }],
])("two logs have one way to write times: %j and %j", (time, ofBehaviours) => {
  const given = {
    columns: { user: "u", item: "i", time },
    fields: {},
    behaviours: { columns: { user: "u", item: "i", time: ofBehaviours } },
  };
  const resolve = (behaviours: boolean) => resolveFeatures(given, { behaviours, users: false, items: false }, "f.yaml");
  expect(() => resolve(true)).toThrow("f.yaml: behaviours.columns.time: both logs need one format of times");
  expect(resolve(false).timeFormat).toBe(typeof time === "string" ? null : "seconds");
});

test.each([
  [{ column: "t", format: "%d.%m" }, undefined],
  [{ column: "row" }, undefined],
  [{ column: "t", format: "%H:%M" }, "columns.time.format: a time needs a day (%d) and a month (%m or %b)"],
  [5, "columns.time: expected the name of a column, row, or { column, format }, found 5"],
  ["TODO", "columns.time: write the name of the column in the place of TODO"],
])("columns.time: %j", (time, message) => {
  const given = { columns: { user: "u", item: "i", time }, fields: {} };
  const resolve = () => resolveFeatures(given, { users: false, items: false }, "f.yaml");
  if (message === undefined) expect(resolve().columns.time).toEqual(time);
  else expect(resolve).toThrow(`f.yaml: ${message}`);
});
