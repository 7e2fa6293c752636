import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { countDominant } from "../../../src/dataset/dominant.ts";
import type { PrepareEventsOptions } from "../../../src/importers/events/options.ts";
import { prepareEvents } from "../../../src/importers/events/prepare.ts";
import { inspectDataset } from "../../../src/inspection/measure/inspect.ts";
import { csv, folder, write } from "./support.ts";

const features = {
  columns: { user: "user", item: "item", time: "time", label: "click" },
  fields: { user: ["age"], item: ["item"] },
};

function log(label: (i: number) => string): string {
  const rows = Array.from({ length: 60 }, (_, i) => [`u${i % 6}`, `i${i % 4}`, String(1_700_000_000 + i), label(i)]);
  return write(".csv", csv(["user", "item", "time", "click"], rows));
}

function prepare(options: Partial<PrepareEventsOptions>) {
  const users = write(".csv", csv(["user", "age"], [["u0", "30"]]));
  const out = join(folder, "dataset");
  return prepareEvents({
    features,
    featuresPath: "features.yaml",
    events: log((i) => String(i % 2)),
    users,
    out,
    ...options,
  });
}

test("a table that has nobody of the log is reported, with examples of keys", async () => {
  const strangers = write(".csv", csv(["user", "age"], [["U-0", "30"]]));
  expect((await prepare({ users: strangers })).warnings).toEqual([
    'no user of the log is in the table of users: keys there are like "U-0", in the log like "u0"',
  ]);
});

test("a table that lacks many users of the log is reported, one that lacks few is not", async () => {
  const some = (count: number) =>
    prepare({
      users: write(
        ".csv",
        csv(
          ["user", "age"],
          Array.from({ length: count }, (_, i) => [`u${i}`, "30"]),
        ),
      ),
    });
  expect((await some(2)).warnings).toEqual([
    "the table of users lacks 4 of the 6 users of the log: the fields that it has are unknown of them",
  ]);
  expect((await some(6)).warnings).toEqual([]);
});

test("rows that were left out are reported where what is left makes no dataset", async () => {
  const events = log((i) => (i % 2 === 0 ? "yes" : "no"));
  await expect(prepare({ events, skipBadRows: true })).rejects.toThrow(
    /60 of 60 rows are unusable, the first is .*row 1: column click/,
  );
  const some = log((i) => (i < 50 ? "yes" : "1"));
  await expect(prepare({ events: some, skipBadRows: true })).rejects.toThrow(
    /the label 1.*; 50 bad rows were left out before, the first: .*row 1: column click: expected 0, 1/,
  );
});

describe("a user who is nobody", () => {
  /** Behaviours of one user called NA, beside 60 of others. */
  const nobody = (count: number) => {
    const rows = Array.from({ length: count + 60 }, (_, i) => [
      i < count ? "NA" : `u${i % 15}`,
      `i${i % 7}`,
      `${1_700_000_000 + i}`,
    ]);
    return write(".csv", csv(["user", "item", "time"], rows));
  };
  const { label: _, ...columns } = features.columns;
  const unlabelled = { columns, fields: { user: [], item: ["item"] } };
  const warningOf = (count: number) =>
    `user "NA" has ${count} of ${count + 60} behaviours (${((100 * count) / (count + 60)).toFixed(1)} %): if that is nobody, features.yaml can say so (missing, anonymous)`;

  test("is warned of in prepare and in inspect", async () => {
    const out = join(folder, "nobody");
    const { warnings } = await prepareEvents({ events: nobody(488), out, features: unlabelled });
    expect(warnings).toEqual([warningOf(488)]);
    const found = (await inspectDataset(out)).warnings.filter(({ kind }) => kind === "dominant-user");
    expect(found).toEqual([{ level: "warning", kind: "dominant-user", message: warningOf(488) }]);
  });

  test("is not, where the log says that NA is missing", async () => {
    const given = { events: nobody(488), out: join(folder, "missing"), features: { ...unlabelled, missing: ["NA"] } };
    const { warnings, dropped } = await prepareEvents({ ...given, skipBadRows: true });
    expect(warnings).not.toContain(warningOf(488));
    expect(dropped.badRows).toBe(488);
  });

  test.each<[string, number[], number, number]>([
    ["one far ahead", [488, 2, 2, 1], 500, 1],
    ["two far ahead", [4000, 3500, 60, 50], 9000, 2],
    ["few users, all large", [500, 300, 200], 1000, 0],
    ["the first of a small log", [50, 4, 3], 60, 0],
    ["shares as of Zipf's law", [1900, 960, 640, 480, 390], 10_000, 0],
    ["a robot below a tenth", [900, 5, 4], 10_000, 0],
    ["nobody at all", [], 0, 0],
  ])("%s", (_, behaviours, total, expected) => {
    expect(countDominant(behaviours, total)).toBe(expected);
  });
});
