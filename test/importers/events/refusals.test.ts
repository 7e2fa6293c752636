import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { UserError } from "../../../src/errors/failure.ts";
import { prepareEvents } from "../../../src/importers/events/prepare.ts";
import { csv, folder, START } from "./cases.ts";

describe("events that make no dataset are refused, and nothing remains", () => {
  const columns = { user: "user", item: "item", time: "time", label: "label" };
  const rows = [1, 2, 3, 4, 5, 6].map((i) => ["u", `i${i}`, START + i, i % 2]);
  test("nor where DuckDB would take OUT apart, which is named", async () => {
    const events = join(folder, "apart.csv");
    writeFileSync(events, csv(["user", "item", "time", "label"], rows));
    const out = join(folder, "what?");
    await expect(prepareEvents({ features: { columns, fields: {} }, events, out })).rejects.toThrow(
      `cannot use ${out}: its path has a question mark`,
    );
    expect(readdirSync(folder).filter((name) => name.startsWith("what"))).toEqual([]);
  });

  test.each<[string, object, (string | number)[][], RegExp]>([
    [
      "one class",
      { columns, split: { valid_from: START + 4, test_from: START + 6 }, fields: {} },
      rows.map(([u, i, t]) => [u, i, t, 1]),
      /all samples of train have the label 1.*split\.valid.*columns\.label/,
    ],
    [
      "an empty split",
      { columns, split: { valid_from: START + 90, test_from: START + 99 }, fields: {} },
      rows,
      /no sample falls into valid; .*split\.valid_from/,
    ],
    [
      "no impression",
      { columns: { ...columns, type: "user" }, impressions: { types: ["u"] }, fields: {} },
      rows.map(([u, i, t]) => [u, i, t, ""]),
      /no row of the events is an impression: see columns\.label and impressions\.types/,
    ],
    [
      "users of two behaviours",
      { columns: { user: "user", item: "item", time: "time" }, fields: {} },
      rows.slice(0, 2),
      /no sample falls into train; users need three behaviours/,
    ],
    [
      "an unknown key",
      { columns, colums: 1, fields: {} },
      rows,
      /^features\.yaml: unknown key 'colums'; did you mean 'columns'\?$/,
    ],
    [
      "a field twice",
      { columns, fields: { user: ["a"], context: ["a"] } },
      rows,
      /fields\.context: a: the name is taken/,
    ],
    [
      "a field called as a column of samples",
      { columns, fields: { context: ["position"] } },
      rows,
      /fields\.context: position: the name is taken/,
    ],
    [
      "hours of an item",
      { columns, fields: { item: [{ name: "hour", kind: "hour" }] } },
      rows,
      /fields\.item: hour: hour is a kind of context fields/,
    ],
    [
      "a table that is not given",
      { columns, fields: { user: [{ name: "age", from: "users" }] } },
      rows,
      /fields\.user: age: it comes from the table of users, which is not given/,
    ],
    [
      "a type of impressions that no row has",
      { columns: { ...columns, type: "item" }, impressions: { types: ["i1", "i10"] }, fields: {} },
      rows,
      /^impressions\.types: no row has the type i10; there are i1, i2, i3, i4, i5, \.\.\.; did you mean 'i1'\?$/,
    ],
    [
      "types of behaviours that no row has",
      { columns: { ...columns, type: "user" }, behaviours: { types: ["view", "u", "buy"] }, fields: {} },
      rows,
      /^behaviours\.types: no row has the type view or buy; there are u$/,
    ],
    [
      "types without a column",
      { columns, behaviours: { types: ["buy"] }, fields: {} },
      rows,
      /behaviours\.types: there are no types without columns\.type/,
    ],
    [
      "a split that is no time",
      { columns, split: { valid_from: "soon", test_from: 9 }, fields: {} },
      rows,
      /split\.valid_from: expected a time, found "soon"/,
    ],
    [
      "a split in the wrong order",
      { columns, split: { valid_from: "2020-01-02", test_from: "2020-01-01" }, fields: {} },
      rows,
      /split: valid_from must be before test_from/,
    ],
    ["a column that is not there", { columns, fields: { context: ["page"] } }, rows, /page/],
    ["a bad row", { columns, fields: {} }, [...rows, ["u", "i", "tomorrow", 1]], /row 7.*time.*tomorrow/],
  ])("%s", async (name, features, cells, expected) => {
    const home = join(folder, name.replaceAll(" ", "-"));
    mkdirSync(home);
    writeFileSync(join(home, "events.csv"), csv(["user", "item", "time", "label"], cells));
    const options = {
      features,
      featuresPath: "features.yaml",
      events: join(home, "events.csv"),
      out: join(home, "out"),
    };
    const error = await prepareEvents(options).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(expected);
    expect(readdirSync(home)).toEqual(["events.csv"]);
  });

  test("an option that is none", async () => {
    const options = { features: {}, events: "e.csv", out: join(folder, "never"), memory: 5 };
    await expect(prepareEvents(options)).rejects.toThrow(/^prepareEvents: memory: /);
  });
});
