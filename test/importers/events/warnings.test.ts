import { join } from "node:path";
import { expect, test } from "vitest";
import type { PrepareEventsOptions } from "../../../src/importers/events/options.ts";
import { prepareEvents } from "../../../src/importers/events/prepare.ts";
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
  expect((await prepare({})).warnings).toEqual([]);
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
