/** What is guessed of logs like those that people have, and the features.yaml that comes of it. */
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { parse } from "yaml";
import { RESERVED } from "../../../src/dataset/layout.ts";
import { resolveFeatures } from "../../../src/importers/events/features/features.ts";
import { type GuessOptions, guessFeatures } from "../../../src/importers/events/guess/guess.ts";
import { featuresText } from "../../../src/importers/events/guess/text.ts";
import { Random } from "../../../src/tensor/random.ts";
import { ZSTD } from "../../support/zstd.ts";
import { csv, folder, write } from "./support.ts";

const random = new Random(5);
/** A log of ninety users and fifty items with everything a guess is made of. */
const rows = Array.from({ length: 600 }, (_, i) => {
  const user = random.integer(90);
  const item = random.integer(50);
  return {
    row_id: `r${i}`,
    visitorId: `u${user}`,
    sku: `i${item}`,
    "Time Stamp": `2024-05-0${1 + random.integer(9)} 1${random.integer(10)}:30`,
    is_click: String(random.integer(2)),
    action: ["view", "cart"][random.integer(2)],
    gender: user % 2 ? "m" : "f",
    "Price, EUR": String((item * 7919) / 100),
    position: String(random.integer(5)),
    country: "de",
    note: "",
    title: `this is what item ${item} is called, at some length and with many words, the more the better ${i}`,
  };
});
const names = Object.keys(rows[0]) as (keyof (typeof rows)[0])[];
const log = () =>
  write(
    ".csv",
    csv(
      names,
      rows.map((row) => names.map((name) => row[name])),
    ),
  );

async function features(options: GuessOptions) {
  const guess = await guessFeatures(options);
  const value = parse(featuresText(guess));
  const tables = { users: options.users !== undefined, items: options.items !== undefined };
  return { guess, value, resolve: () => resolveFeatures(value, tables, "features.yaml") };
}

test("a label may only speak of clicks; what is not 0 and 1 is none", async () => {
  const rows = Array.from({ length: 40 }, (_, i) => `u${i % 7},i${i % 5},${1_700_000_000 + i},x${i},${i % 2}`);
  const guess = async (name: string) => {
    const path = write(".csv", `user,item,time,clicks_text,${name}\n${rows.join("\n")}\n`);
    return (await guessFeatures({ events: path })).columns.label?.column;
  };
  for (const name of ["shown_clicked", "adClick", "reco clk"]) expect(await guess(name)).toBe(name);
  for (const name of ["clickbait", "bought"]) expect(await guess(name)).toBeUndefined();
});

test("a log that ends within the sample has to end as its compression does", async () => {
  const rows = Array.from({ length: 40 }, (_, i) => `u${i % 7},i${i % 5},${1_700_000_000 + i}\n`).join("");
  const packed = gzipSync(`user,item,time\n${rows}`);
  const padded = write(".csv.gz", Buffer.concat([packed, Buffer.alloc(512)]));
  expect((await guessFeatures({ events: padded })).rows).toBe(40);
  for (const [path, format] of [
    [write(".csv.gz", packed.subarray(0, -9)), "gzip"],
    [write(".csv.zst", ZSTD.subarray(0, -9)), "zstd"],
    [write(".csv.zst", ZSTD.subarray(0, 30)), "zstd"],
  ]) {
    const refused = `${path} is cut off: its ${format} stream does not end`;
    await expect(guessFeatures({ events: path })).rejects.toThrow(refused);
  }
});

test("a log's columns are distinguished by names and values", async () => {
  const { guess, value, resolve } = await features({ events: log() });
  expect(value.columns).toEqual({
    user: "visitorId",
    item: "sku",
    time: "Time Stamp",
    label: "is_click",
    type: "action",
  });
  expect(value.fields).toEqual({
    user: [{ name: "user", column: "visitorId" }, "gender"],
    item: [{ name: "price_eur", column: "Price, EUR", kind: "number" }],
    context: [
      { name: "log_position", column: "position" },
      { name: "hour", kind: "hour" },
      { name: "weekday", kind: "weekday" },
    ],
  });
  expect(value.utc_offset).toBe("+00:00");
  expect(Object.fromEntries(guess.leftOut.map(({ column, why }) => [column, why]))).toEqual({
    row_id: "different in almost every row, as the id of a row is",
    country: "the same value in every row",
    note: "it is empty",
    title: "long texts",
  });
  expect(resolve().fields.item.map(({ name }) => name)).toEqual(["item", "price_eur"]);
});

test("the text explains itself: every section, what is left out, the values of types", async () => {
  const text = featuresText(await guessFeatures({ events: log() }));
  for (const section of [
    "columns:",
    "behaviours:",
    "# impressions:",
    "split:",
    "min_count:",
    "utc_offset:",
    "fields:",
  ]) {
    expect(text).toMatch(new RegExp(`^#.*\n(#.*\n)*${section}`, "m"));
  }
  expect(text).toMatch(/^ {2}# types: \[(view, cart|cart, view)\] /m);
  expect(text).toMatch(/^ {4}# - row_id +# different in almost every row/m);
  expect(text).toMatch(/^ {4}# - country +# the same value in every row/m);
});

test("tables of users and items have fields of their own", async () => {
  const users = write(
    ".csv",
    csv(
      ["uid", "age"],
      Array.from({ length: 90 }, (_, i) => [`u${i}`, String(i % 60)]),
    ),
  );
  const items = write(
    ".csv",
    csv(
      ["sku", "brand"],
      Array.from({ length: 50 }, (_, i) => [`i${i}`, `b${i % 7}`]),
    ),
  );
  const { value, resolve } = await features({ events: log(), users, items });
  expect(value.keys).toEqual({ user: "uid" });
  expect(value.fields.user).toEqual([
    { name: "user", column: "visitorId", from: "events" },
    { name: "age", kind: "number" },
    { name: "gender", from: "events" },
  ]);
  expect(value.fields.item).toEqual([
    "brand",
    { name: "price_eur", column: "Price, EUR", kind: "number", from: "events" },
  ]);
  expect(resolve().keys).toEqual({ user: "uid", item: "sku" });
});

describe("what cannot be guessed", () => {
  it("is a TODO that is refused until it is done", async () => {
    const { value, resolve } = await features({
      events: write(
        ".csv",
        csv(
          ["a", "b", "c"],
          [
            ["1", "x", "y"],
            ["2", "x", "z"],
          ],
        ),
      ),
    });
    expect(value.columns).toEqual({ user: "TODO", item: "TODO", time: "TODO" });
    expect(resolve).toThrow("features.yaml: columns.user: write the name of the column in the place of TODO");
  });

  it("is the key of a table without one", async () => {
    const users = write(
      ".csv",
      csv(
        ["uid", "age"],
        [
          ["u1", "1"],
          ["u1", "2"],
        ],
      ),
    );
    const { guess, value, resolve } = await features({ events: log(), users });
    expect(guess.keys.user).toBeNull();
    expect(value.keys).toEqual({ user: "TODO" });
    expect(resolve).toThrow("keys.user: write the name of the column in the place of TODO");
  });
});

it.each<[string, Record<string, string[]>, Record<string, string>]>([
  [
    "Amazon reviews",
    {
      reviewerID: ["A1", "A2"],
      asin: ["B1", "B2"],
      overall: ["5", "1"],
      reviewTime: ["01 2, 2014", "03 4, 2013"],
      unixReviewTime: ["1388620800", "1362355200", "1362355300"],
    },
    { user: "reviewerID", item: "asin", time: "unixReviewTime" },
  ],
  [
    "Taobao display ads",
    {
      user: ["581738", "449818"],
      time_stamp: ["1494137644", "1494638778", "1494650879"],
      adgroup_id: ["1", "3"],
      pid: ["430548_1007", "430549_1007"],
      nonclk: ["1", "0"],
      clk: ["0", "1"],
    },
    { user: "user", item: "adgroup_id", time: "time_stamp", label: "clk" },
  ],
  [
    "a log whose time has no name for it",
    { uid: ["1", "2"], item: ["1", "3"], when: ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"], label: ["0", "2"] },
    { user: "uid", item: "item", time: "when" },
  ],
])("knows %s", async (_, columns, expected) => {
  const header = Object.keys(columns);
  const lines = Array.from({ length: 12 }, (_, i) => header.map((name) => columns[name][i % columns[name].length]));
  const { guess } = await features({ events: write(".csv", csv(header, lines)) });
  expect(Object.fromEntries(Object.entries(guess.columns).map(([role, { column }]) => [role, column]))).toEqual(
    expected,
  );
});

test("reads NDJSON, several files, and no more than it needs", async () => {
  const lines = rows.map((row) => `${JSON.stringify({ ...row, tags: ["a"] })}\n`);
  write("-part.ndjson", lines.slice(0, 300).join(""));
  write("-part.ndjson", lines.slice(300).join(""));
  const { guess } = await features({ events: `${folder}/*-part.ndjson` });
  expect(guess.rows).toBe(600);
  expect(guess.columns.user?.column).toBe("visitorId");
  const many = Array.from({ length: 21_000 }, (_, i) => [String(i % 50), String(i % 30), String(1.7e9 + i)]);
  expect((await guessFeatures({ events: write(".csv", csv(["user", "item", "ts"], many)) })).rows).toBe(20_000);
});

test("any names and values give a text that is YAML and has the columns", async () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "B", "1", " ", "#", ":", "'", '"', "\n", "-", "é", "{", ",", "?", "!"),
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(text, { minLength: 1, maxLength: 5 }),
      fc.array(text, { minLength: 2, maxLength: 6 }),
      async (names, values) => {
        const header = ["user_id", "item_id", "time", ...names.filter((name) => !name.includes("\n"))];
        const lines = [...values, ...values, ...values].map((value, i) => [
          `u${i % 2}`,
          `i${i % 3}`,
          String(1.7e9 + i),
          ...header.slice(3).map(() => value),
        ]);
        const { guess, resolve } = await features({ events: write(".csv", csv(header, lines)) });
        const columns = Object.values(resolve().fields).flatMap((fields) => fields.map(({ column }) => column));
        for (const { column } of [...guess.fields.user, ...guess.fields.item, ...guess.fields.context])
          expect(columns).toContain(column);
        expect(guess.there).toEqual(header);
      },
    ),
    { numRuns: 20 },
  );
});

test("any name of a column comes through features.yaml, for a field and for what makes a row", async () => {
  const guess = await guessFeatures({ events: log() });
  const name = fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 8 }),
    fc.string({
      unit: fc.constantFrom(..."a1 #:'\"\\\n\r\t-?[]{}&*!|>%@`,~.\u0085\u2028\u007f\ufeff"),
      minLength: 1,
      maxLength: 8,
    }),
    fc.constantFrom(
      "null",
      "Null",
      "~",
      "true",
      "yes",
      "NO",
      "off",
      "y",
      "1e3",
      ".nan",
      ".inf",
      "0x1f",
      "1_000",
      "TODO",
    ),
    fc.constantFrom("2024-01-01", "---", "...", "? a", "- a", "a: b", "a #b", "<<", "=", "__proto__", "constructor"),
  );
  const plain = fc.constantFrom("null", "true", "yes", "no", "on", "y", "n", "off", "null_2", "e3", "price");
  fc.assert(
    fc.property(name, plain, (column, field) => {
      fc.pre(!/\p{Cs}/u.test(column) && !column.includes("\0"));
      const given = { name: field, column, kind: "category", from: "events", why: column } as const;
      const text = featuresText({
        ...guess,
        columns: { ...guess.columns, ...(column !== "TODO" && { user: { column, why: column } }) },
        types: [column],
        fields: {
          ...guess.fields,
          context: [given, { ...given, name: "other" }, { ...given, column: field, name: "third" }],
        },
      });
      const tables = { users: false, items: false };
      const { columns, fields } = resolveFeatures(parse(text), tables, "features.yaml");
      if (column !== "TODO") expect(columns.user).toEqual([column]);
      const [first, second, third] = fields.context;
      expect([first.name, first.column]).toEqual([field, column]);
      expect([second.name, second.column]).toEqual(["other", column]);
      expect([third.name, third.column]).toEqual(["third", field]);
    }),
    { numRuns: 200 },
  );
});

test("a log of many columns is looked at in time as they are many, and has a limit", async () => {
  const columns = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`);
  const header = ["user", "item", "time", ...columns(300)];
  const rows = Array.from({ length: 30 }, (_, i) => [`u${i % 5}`, `i${i % 7}`, String(1.7e9 + i), ...columns(300)]);
  const guess = await guessFeatures({ events: write(".csv", csv(header, rows)) });
  expect(guess.leftOut.filter(({ of }) => of === "context")).toHaveLength(300);
  const wide = write(".csv", csv(columns(20_000), [columns(20_000)]));
  await expect(guessFeatures({ events: wide })).rejects.toThrow(`${wide} has 20000 columns: expected at most 10000`);
  const keys = write(".ndjson", JSON.stringify(Object.fromEntries(columns(1001).map((name) => [name, 1]))));
  await expect(guessFeatures({ events: keys })).rejects.toThrow(`${keys} has 1001 columns: expected at most 1000`);
});

test("blank lines before the header, and semicolons, are read as preparing reads them", async () => {
  const texts = rows.map((row) => names.map((name) => row[name]));
  const { value } = await features({ events: write(".csv", `\n\n${csv(names, texts, ";")}`) });
  expect(value).toEqual((await features({ events: log() })).value);
});

test.each([
  [".csv", "user_id,item_id\nu1\nu2,i2,3\n", ": row 1: expected 2 columns, found 1"],
  [".csv", "user_id,item_id\n", " has no rows"],
  [".ndjson", '{"user_id"\n', " has no row that can be read"],
  [".parquet", "user_id", " is damaged: it is no whole Parquet file"],
])("a log of no row is refused: %s %j", async (ending, text, message) => {
  const events = write(ending, text);
  await expect(guessFeatures({ events })).rejects.toThrow(`${events}${message}`);
});

test("no field is called as what every dataset has", async () => {
  const taken = [...new Set(Object.values(RESERVED).flat())];
  const texts = Array.from({ length: 60 }, (_, i) => [
    `u${i % 9}`,
    `i${i % 8}`,
    `17000000${10 + i}`,
    `${i % 2}`,
    ...taken.map(() => `${i % 7}`),
  ]);
  const { guess, resolve } = await features({
    events: write(".csv", csv(["user_id", "item_id", "ts", "click", ...taken], texts)),
  });
  expect(guess.fields.context.map(({ name }) => name)).toEqual(taken.map((name) => `log_${name}`));
  resolve();
});
