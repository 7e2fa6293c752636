/** What of a column is positive: the rule in SQL and in TypeScript, what features.yaml may say, and whole logs. */
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { withDuckDB } from "../../../src/database/open.ts";
import { resolveFeatures } from "../../../src/importers/events/features/features.ts";
import { prepareEvents } from "../../../src/importers/events/prepare.ts";
import {
  COMPARISONS,
  type Condition,
  isLabel,
  type LabelColumn,
  labelOf,
  meetsCondition,
} from "../../../src/importers/events/source/labels.ts";
import { readUnsealed } from "../../support/sealed.ts";
import { csv, folder, load, refusal, write } from "./support.ts";

const columns = { user: "user", item: "item", time: "time" };
const features = (label: unknown) =>
  resolveFeatures({ columns: { ...columns, label }, fields: {} }, { users: false, items: false }, "features.yaml");
const labelColumn = (label: unknown) => features(label).columns.label as LabelColumn;

/** Label of a text, or "bad": as docs/events.md says, with nothing of SQL. */
function expectedLabel({ positive, negative }: LabelColumn, text: string): number | null | "bad" {
  if (positive === undefined) {
    const word = text.toLowerCase();
    return ["1", "1.0", "true", "t"].includes(word)
      ? 1
      : ["0", "0.0", "-1", "-1.0", "false", "f"].includes(word)
        ? 0
        : "bad";
  }
  const bare = text.trim();
  if (bare === "") return null;
  if (meetsCondition(positive, text)) return 1;
  if (negative !== undefined) return meetsCondition(negative, text) ? 0 : "bad";
  if ("among" in positive) return 0;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(bare) && Number.isFinite(Number(bare)) ? 0 : "bad";
}

const word = fc.constantFrom(
  ..."Y yes YES no 1 1.0 01 4 4.0 4.5 +4 4e0 -1 0 NaN inf 1e999 5. .5 é É ß 'x' 0x4".split(" "),
);
const blank = fc.constantFrom("", "", " ", "\t", "\u00a0", "\ufeff\u2003");
const text = fc.oneof(
  fc.tuple(blank, fc.oneof(word, fc.double().map(String)), blank).map((parts) => parts.join("")),
  fc.string({ unit: fc.constantFrom(..."0145.+-eE Yy"), maxLength: 6 }),
);
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    compare: fc.constantFrom(...COMPARISONS),
    bound: fc.oneof(fc.constantFrom(4, 4.5, -1, 0, 0.1), fc.double({ noNaN: true, noDefaultInfinity: true })),
  }),
  fc.record({ among: fc.array(word, { minLength: 1, maxLength: 4 }) }),
);

test("SQL gives the label of every text", async () => {
  await withDuckDB(async (connection) => {
    const label = fc.record(
      { column: fc.constant("y"), positive: condition, negative: condition },
      { requiredKeys: ["column"] },
    );
    await fc.assert(
      fc.asyncProperty(label, fc.array(text, { minLength: 1, maxLength: 40 }), async (given, texts) => {
        const rows = texts.map((_, i) => `($${i + 1}::VARCHAR)`).join(", ");
        const sql = `SELECT ${labelOf(given, "t")}, ${isLabel(given, "t")} FROM (VALUES ${rows}) AS given(t)`;
        const found = (await connection.runAndReadAll(sql, texts)).getRowsJS();
        expect(found.map(([value, good]) => (good ? value : "bad"))).toEqual(
          texts.map((one) => expectedLabel(given, one)),
        );
      }),
      { numRuns: 150 },
    );
  });
});

describe("features.yaml", () => {
  test.each<[unknown, Omit<LabelColumn, "column">]>([
    [">= 4", { positive: { compare: ">=", bound: 4 } }],
    [" <-0.5 ", { positive: { compare: "<", bound: -0.5 } }],
    ["!= 0", { positive: { compare: "!=", bound: 0 } }],
    ["Y", { positive: { among: ["Y"] } }],
    [5, { positive: { among: ["5"] } }],
    [["Y", "yes", 1, true], { positive: { among: ["Y", "yes", "1", "true"] } }],
  ])("positive: %j", (positive, expected) => {
    expect(labelColumn({ column: "y", positive })).toEqual({ column: "y", ...expected });
  });

  test.each<[unknown, string]>([
    [
      { column: "y", negative: ["N"] },
      'columns.label.positive is missing: expected a comparison like ">= 4", or a list of values',
    ],
    [{ positive: "> 3" }, "columns.label.column is missing: expected the name of a column"],
    [{ column: "y", at_least: 4 }, "unknown key 'columns.label.at_least'"],
    ...[">= four", ">", "== 4", " ", [], [null], {}, null].map((positive): [unknown, string] => [
      { column: "y", positive },
      `columns.label.positive: expected a comparison like ">= 4", or a list of values`,
    ]),
    [{ column: "y", positive: ["Y", ""] }, "columns.label.positive.1: expected a comparison"],
    [{ column: "y", positive: "> 3", negative: [1, 4.5] }, "columns.label.negative: 4.5 is positive already"],
    [{ column: "y", positive: ["Yes"], negative: ["no", "YES"] }, "columns.label.negative: YES is positive already"],
    [5, "columns.label: expected keys and their values, found 5"],
    ["TODO", "columns.label.column: write the name of the column in the place of TODO"],
  ])("refuses %j", (label, message) => {
    expect(() => features(label)).toThrow(
      expect.objectContaining({ name: "UserError", message: expect.stringContaining(message) }),
    );
  });
});

describe("of a log", () => {
  const log = (cells: readonly (string | null)[]) =>
    write(
      ".csv",
      csv(
        ["user", "item", "time", "y"],
        cells.map((cell, i) => [`u${i}`, "i", `${1_500_000_000 + i}`, cell]),
      ),
    );
  const labelsOf = async (label: unknown, cells: readonly (string | null)[], missing: readonly string[] = []) => {
    const { table } = await load(log(cells), { ...columns, label: labelColumn(label), fields: [] }, { missing });
    return table.map((row) => row[3]);
  };

  test("what is empty, blank or missing is no impression", async () => {
    expect(await labelsOf("y", ["1", "", "-1", "NA", "0"], ["NA"])).toEqual([1, null, 0, null, 0]);
    expect(await labelsOf({ column: "y", positive: ["Y", "4"] }, ["y ", "N", " ", "4.0", "NA"], ["NA"])).toEqual([
      1,
      0,
      null,
      1,
      null,
    ]);
  });

  test.each<[unknown, string]>([
    ["y", 'expected 0, 1, true, false or nothing (of other values columns.label says which are positive), found "odd"'],
    [{ column: "y", positive: ">= 4" }, 'expected a number or nothing, found "odd"'],
    [
      { column: "y", positive: ["Y", 1], negative: ["N"] },
      'expected Y, 1 (positive), N (negative) or nothing, found "odd"',
    ],
  ])("under %j an unreadable one is a bad row", async (label, message) => {
    const path = log(["1", "odd"]);
    expect(await refusal(path, { ...columns, label: labelColumn(label), fields: [] })).toBe(
      `${path}: row 2: column y: ${message}`,
    );
  });

  test("ratings become a dataset", async () => {
    const rows = Array.from({ length: 120 }, (_, i) => [
      `u${i % 6}`,
      `i${(i * 7) % 11}`,
      `${1_500_000_000 + 60 * i}`,
      `${1 + (i % 5)}`,
    ]);
    const out = join(folder, "ratings");
    const { clickRate } = await prepareEvents({
      events: write(".csv", csv(["user", "item", "time", "rating"], rows)),
      out,
      features: { columns: { ...columns, label: { column: "rating", positive: ">= 4" } }, fields: {} },
    });
    expect(clickRate.train).toBeCloseTo(0.4, 1);
    expect(readUnsealed(join(out, "dataset.json"))).toMatchObject({ settings: { label: "rating: >= 4" } });
  });
});

test("texts for missing values reach users and items", async () => {
  const path = write(
    ".csv",
    csv(
      ["user", "item", "time"],
      [
        ["u", "i", "1700000005"],
        ["NA", "i", "1700000005"],
        ["u", "NA", "1700000005"],
      ],
    ),
  );
  const { table, skipped, examples } = await load(
    path,
    { ...columns, fields: [] },
    { missing: ["NA"], skipBadRows: true },
  );
  expect(table).toEqual([["u", "i", 1700000005000]]);
  expect(skipped).toBe(2);
  expect(examples).toEqual([
    `${path}: row 2: column user: expected a user, found "NA"`,
    `${path}: row 3: column item: expected an item, found "NA"`,
  ]);
});
