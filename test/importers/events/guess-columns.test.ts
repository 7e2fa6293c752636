/** What single columns are taken for: codes and numbers, outcomes, row numbers, lists, keys of tables. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { parse } from "yaml";
import { withDuckDB } from "../../../src/database/open.ts";
import { quote } from "../../../src/database/sql.ts";
import { type GuessOptions, guessFeatures } from "../../../src/importers/events/guess/guess.ts";
import { FieldNames } from "../../../src/importers/events/guess/names.ts";
import { featuresText } from "../../../src/importers/events/guess/text.ts";
import { SHARED } from "../../../src/importers/events/guess/unlabelled.ts";
import { prepareEvents } from "../../../src/importers/events/prepare.ts";
import { inspectDataset } from "../../../src/inspection/measure/inspect.ts";
import { csv, folder, write } from "./support.ts";

const ROWS = 400;
type Value = (i: number) => string;

/** A log of forty users and fifty items and what they clicked, with the columns that are asked about. */
function log(columns: Readonly<Record<string, Value>>, own: Readonly<Record<string, Value>> = clicked): string {
  const all = { ...own, ...columns };
  const rows = Array.from({ length: ROWS }, (_, i) => Object.values(all).map((value) => value(i)));
  return write(".csv", csv(Object.keys(all), rows));
}
const ROLES = {
  user: (i: number) => `u${(i * 7) % 40}`,
  item: (i: number) => `i${(i * 13) % 50}`,
  time: (i: number) => String(1_700_000_000 + 60 * i),
};
const clicked = { ...ROLES, click: (i: number) => String(i % 2) };

/** A number that seems random, from 0 to below 10,000. */
const random: Value = (i) => String((i * 7919) % 10_007);

async function looks(options: GuessOptions) {
  const guess = await guessFeatures(options);
  const { user, item, context } = guess.fields;
  const fields = Object.fromEntries([...user, ...item, ...context].map((field) => [field.column, field]));
  const left = Object.fromEntries(guess.leftOut.map(({ column, why }) => [column, why]));
  return { guess, fields, left, text: featuresText(guess) };
}

describe("a column of numbers", () => {
  it("is a category where it may be a code", async () => {
    const codes = "category_id brand customer city campaign zip price_level cate C17 order_type somethingid".split(" ");
    const { fields } = await looks({
      events: log(Object.fromEntries(codes.map((name) => [name, (i) => random(i % 90)]))),
    });
    expect(codes.map((name) => [name, fields[name].kind])).toEqual(codes.map((name) => [name, "category"]));
    expect(fields.city.why).toMatch(/codes, by the name$/);
    expect(fields.C17.why).toMatch(/whole numbers, which may be codes: `kind: number` if they measure something$/);
  });

  it("is a number where its name or its values measure something", async () => {
    const { fields } = await looks({
      events: log({
        ...Object.fromEntries("price itemPrice num_pages word_count ageDays".split(" ").map((name) => [name, random])),
        x: (i) => String(Number(random(i)) / 8),
        y1: (i) => String(Number(random(i)) - 5000),
      }),
    });
    const kinds = Object.values(fields)
      .slice(1)
      .map(({ column, kind, why }) => [column, kind, why.replace(/^.*; /, "")]);
    const named = ["price", "itemPrice", "num_pages", "word_count", "ageDays"];
    expect(kinds).toEqual([
      ...named.map((name) => [name, "number", "a number, by the name"]),
      ["x", "number", "a number: it has fractions"],
      ["y1", "number", "a number: some are negative"],
    ]);
  });

  it("is a category where its values say so, whatever its name", async () => {
    const { fields } = await looks({
      events: log({
        price: (i) => String(i % 9),
        amount: (i) => random(i % 200).padStart(6, "0"),
        cost: (i) => (i === 7 ? "free" : random(i % 200)),
        zone: (i) => `${(i * 31) % 70}.0`,
      }),
    });
    expect(
      Object.values(fields)
        .slice(1)
        .map(({ kind, why }) => [kind, why.replace(/^.*; /, "")]),
    ).toEqual([
      ["category", "a category, as there are few different numbers"],
      ["category", "codes: they have leading zeros"],
      ["category", "numbers but for 1 of 400 values: a number where these are `missing`"],
      ["category", "whole numbers, which may be codes: `kind: number` if they measure something"],
    ]);
  });

  it("may say NULL where it has none; prepare takes that for missing", async () => {
    const events = log({ price: (i) => (i % 3 ? random(i) : ["NULL", "-"][i % 2]) }, clicked);
    const { text, fields } = await looks({ events });
    expect(fields.price.kind).toBe("number");
    const features = parse(text);
    expect(features.missing).toEqual(["-", "NULL"]);
    await prepareEvents({ features, featuresPath: "f.yaml", events, out: `${folder}/missing` });
  });
});

test("what is known only after the click is left out of the log's fields, and kept of tables", async () => {
  const after: Record<string, Value> = {
    rating: (i) => String(1 + (i % 5)),
    overall: (i) => String(1 + (i % 5)),
    stars: (i) => String((1 + (i % 10)) / 2),
    helpful_votes: (i) => String(i % 7),
    useful: (i) => String(i % 9),
    summary: (i) => `nice ${i % 50}`,
    reviewText: (i) => `very nice ${i % 50}`,
    play_time_ms: random,
    watch_ratio: (i) => String(Number(random(i)) / 5000),
    dwellTime: random,
    is_like: (i) => String(Number(i % 9 === 0)),
    is_comment: (i) => String(Number(i % 8 === 0)),
    long_view: (i) => String(Number(i % 7 === 0)),
    purchased: (i) => String(Number(i % 6 === 0)),
    revenue: random,
    quantity: (i) => String(1 + (i % 4)),
  };
  const before: Record<string, Value> = {
    avg_rating: (i) => String(Number(random(i % 60)) / 100),
    content_rating: (i) => ["PG", "R"][i % 2],
    duration: random,
    order: (i) => String(i % 10),
    title: (i) => `t${i % 60}`,
  };
  const items = write(
    ".csv",
    csv(
      ["item", "rating"],
      Array.from({ length: 50 }, (_, i) => [`i${i}`, `${i / 10}`]),
    ),
  );
  const { left, fields, guess } = await looks({ events: log({ ...after, ...before }, clicked), items });
  expect(Object.keys(left)).toEqual(Object.keys(after));
  expect(left.rating).toBe("known only after the click: how it was rated");
  expect(left.play_time_ms).toBe("known only after the click: for how long");
  expect(Object.keys(fields)).toEqual(expect.arrayContaining(Object.keys(before)));
  expect(guess.fields.item.map(({ name, column, from }) => [name, column, from])).toContainEqual([
    "rating",
    "rating",
    "items",
  ]);
  expect(guess.labels).toEqual([]);
});

test.each<[string, Value, string]>([
  ["rating", (i) => String(1 + (i % 5)), '{ column: rating, positive: ">= 4" }'],
  ["rating", (i) => String(1 + (i % 10)), '{ column: rating, positive: ">= 8" }'],
  ["Stars", (i) => String((1 + (i % 10)) / 2), '{ column: Stars, positive: ">= 4" }'],
  ["rating", (i) => String((i % 9) / 10), '{ column: rating, positive: ">= 0.6" }'],
  ["rating", (i) => (i % 2 ? "1" : "-1"), "rating"],
  ["is_like", (i) => String(i % 2), "is_like"],
  ["bought", (i) => (i % 2 ? "Y" : "N"), '{ column: bought, positive: ["Y"] }'],
])("%s may be the label where there is none: a line that works without its #", async (name, value, expected) => {
  const events = log({ [name]: value }, ROLES);
  const { text, guess } = await looks({ events });
  expect(guess.columns.label).toBeUndefined();
  expect(text).toContain(`  # label: ${expected}\n`);
  const features = parse(text.replace("  # label: ", "  label: "));
  const { protocol } = await prepareEvents({
    features,
    featuresPath: "f.yaml",
    events,
    out: `${folder}/label-${name}-${expected.length}`,
  });
  expect(protocol).toBe("impressions");
});

test("a label of yes and no is one", async () => {
  const { text } = await looks({ events: log({ clicked: (i) => (i % 3 ? "no" : "yes") }, ROLES) });
  expect(parse(text).columns.label).toEqual({ column: "clicked", positive: ["yes"] });
});

test("the number of the row is no field, whatever it is called", async () => {
  const names = ["", "Unnamed: 0", "__index_level_0__", "nr"];
  const events = log(Object.fromEntries(names.map((name) => [name, (i) => String(2 * i)])));
  const { left, text } = await looks({ events });
  expect(left).toEqual(Object.fromEntries(names.map((name) => [name, "the number of the row"])));
  expect(text).not.toContain('""');
  expect((await looks({ events: log({ nr: (i) => String((i * 7) % ROWS), "": (i) => String(i % 5) }) })).left).toEqual({
    nr: "different in almost every row, as the id of a row is",
    "": "it has no name",
  });
});

describe("what holds several values", () => {
  it("is a list in lines of JSON, where it holds nothing else", async () => {
    const events = write(
      ".ndjson",
      Array.from({ length: 60 }, (_, i) =>
        JSON.stringify({
          ...JSON.parse(line(i)),
          tags: i % 3 ? [`t${i % 4}`, "x"] : null,
          urls: [`a${i}`, `b${i}`],
          "a/b~": { c: i },
          mixed: i === 40 ? [1] : "x",
          deep: [[i]],
          none: [],
        }),
      ).join("\n"),
    );
    const { left, fields, text } = await looks({ events });
    expect(left).toEqual({
      "a/b~": "it holds objects",
      deep: "it holds lists of lists, or other values too",
      mixed: "it holds lists of lists, or other values too",
      none: "the same value in every row",
      urls: "lists of values that hardly occur twice",
    });
    expect(fields.tags.why).toMatch(/lists of 5 different values, 2.0 a row$/);
    expect(text).toMatch(/- { name: tags, kind: list }/);
    await prepareEvents({ features: parse(text), featuresPath: "f.yaml", events, out: `${folder}/json-lists` });
  });

  it("is a list in Parquet, but for objects and bytes", async () => {
    const path = write(".parquet", "");
    const lines = write(".ndjson", Array.from({ length: 60 }, (_, i) => line(i)).join("\n"));
    const select = `SELECT *, ['a', item] AS genres, {'a': 1} AS detail, MAP {'k': 1} AS map, 'x'::BLOB AS bytes, [[1]] AS deep
      FROM read_ndjson(${quote(lines)})`;
    await withDuckDB((connection) => connection.run(`COPY (${select}) TO ${quote(path)} (FORMAT parquet)`));
    const { left, guess, fields } = await looks({ events: path });
    expect(left).toEqual({
      ...{ detail: "it holds objects", map: "it holds objects", bytes: "it holds bytes" },
      deep: "it holds lists of lists, or other values too",
    });
    expect(fields.genres).toMatchObject({ kind: "list" });
    expect(Object.keys(guess.columns)).toEqual(["user", "item", "time", "label"]);
  });

  it("is a list in texts, where its values repeat and are not words of names", async () => {
    const genres = ["Action", "Comedy", "Sci-Fi", "Film Noir"];
    const some = (i: number) => genres.filter((_, bit) => (((i * 7) % 15) + 1) & (1 << bit));
    const events = log(
      {
        bars: (i) => some(i).join("|"),
        hats: (i) => some(i).join("^"),
        commas: (i) => some(i).join(", "),
        blanks: (i) => some(i).join(" "),
        json: (i) => JSON.stringify(some(i)),
        cities: (i) => ["New York", "Los Angeles", "San Jose", "Rio"][i % 4],
        titles: (i) => `The ${(i * 7) % 90} of ${(i * 11) % 97}`,
        places: (i) => `Level ${i % 9}, stage ${i % 7}`,
      },
      clicked,
    );
    const { fields, text } = await looks({ events });
    const separators = Object.fromEntries(
      Object.values(fields).flatMap(({ column, kind, separator }) => (kind === "list" ? [[column, separator]] : [])),
    );
    expect(separators).toEqual({ bars: "|", hats: "^", commas: ",", blanks: " ", json: undefined });
    expect(text).toContain('- { name: bars, kind: list, separator: "|" }');
    await prepareEvents({ features: parse(text), featuresPath: "f.yaml", events, out: `${folder}/text-lists` });
  });

  it("may be what was shown, or what the user did before, which is no field", async () => {
    const { left } = await looks({
      events: log(
        {
          impressions: (i) => `N${i % 50} N${(i + 1) % 50}`,
          hist_item_id: (i) => `${i % 9}^${i % 11}`,
        },
        ROLES,
      ),
    });
    expect(left).toMatchObject({
      impressions: "a list of what was shown together, without what was clicked",
      hist_item_id: "a list of what the user did before, beside no label",
    });
  });

  const line = (i: number) =>
    JSON.stringify({ user: `u${i % 7}`, item: `i${i % 8}`, time: 1_700_000_000 + i, click: i % 2 });
});

describe("the item's column", () => {
  /** Each asin is a variant of a parent; some are parents themselves. */
  const reviews = log(
    {},
    {
      user_id: ROLES.user,
      asin: (i) => `B${i % 50}${i % 3 ? "X" : ""}`,
      parent_asin: (i) => `B${i % 50}`,
      timestamp: ROLES.time,
    },
  );
  const table = (key: string) =>
    write(
      ".csv",
      csv(
        ["n", key, "brand"],
        Array.from({ length: 50 }, (_, i) => [String(i), `B${i}`, `b${i % 7}`]),
      ),
    );

  it("is the one whose values the items' table has as its key", async () => {
    for (const key of ["parent_asin", "asin", "id"]) {
      const { guess } = await looks({ events: reviews, items: table(key) });
      expect(guess.columns.item).toEqual({
        column: "parent_asin",
        why: "by its name, and as its values are keys of the items' table",
      });
      expect(guess.keys.item).toBe(key);
    }
  });

  it("is that of the key's name where the samples have nothing in common", async () => {
    const rows = Array.from({ length: 50 }, (_, i) => [`Z${i}`, `b${i % 7}`]);
    const { guess } = await looks({ events: reviews, items: write(".csv", csv(["parent_asin", "brand"], rows)) });
    expect([guess.columns.item?.column, guess.keys.item]).toEqual(["parent_asin", "parent_asin"]);
  });

  it("is the surest name's where there is no table, and a table may have no key", async () => {
    expect((await looks({ events: reviews })).guess.columns.item?.column).toBe("asin");
    const rows = Array.from({ length: 50 }, (_, i) => [`b${i % 7}`, String(i)]);
    const { guess } = await looks({ events: reviews, items: write(".csv", csv(["brand", "n"], rows)) });
    expect([guess.columns.item?.column, guess.keys.item]).toEqual(["asin", null]);
  });
});

test("whose field a column is, is said as far as rows tell", async () => {
  const { guess } = await looks({
    events: log({
      color: (i) => `c${((i * 7) % 40) % 3}`,
      brand: (i) => `b${((i * 13) % 50) % 4}`,
      device: (i) => `d${(i * i) % 11}`,
      rare: (i) => (i % 150 ? "no" : "yes"),
    }),
  });
  const places = Object.entries(guess.fields).flatMap(([kind, fields]) =>
    fields.map(({ column, why }) => [column, kind, why]),
  );
  expect(places.slice(1)).toEqual([
    ["color", "user", "the same in all rows of a user"],
    ["brand", "item", "the same in all rows of an item"],
    ["device", "context", "it varies from row to row"],
    ["rare", "context", "it varies from row to row"],
  ]);
  // Two users with many rows each are enough, one row each is not.
  const few = await looks({ events: log({ plan: (i) => `p${i % 2}` }, { ...clicked, user: (i) => `u${i % 2}` }) });
  expect(few.guess.fields.user.map(({ name }) => name)).toEqual(["user", "plan"]);
  const once = await looks({
    events: log({ plan: (i) => `p${i % 2}` }, { ...clicked, user: (i) => `u${i}`, item: (i) => `i${i}` }),
  });
  expect(once.guess.fields.context[0].why).toBe("of the row: too few rows have the same user or item to tell");
});

describe("without a label", () => {
  const columns = { city: (i: number) => `c${((i * 7) % 40) % 3}`, device: (i: number) => `d${(i * i) % 11}` };

  it("what a sample and its negative share is written, but commented out", async () => {
    const events = log(columns, ROLES);
    const { guess, text, left } = await looks({ events });
    expect(left).toEqual({ user: `the user's own id: ${SHARED}`, device: SHARED });
    expect(parse(text).fields).toEqual({ user: ["city"], item: [], context: [] });
    const commented = text.split("\n").flatMap((line) => /^ {4}# - (.*?) +# (.*)$/.exec(line)?.slice(1) ?? []);
    const clock = (name: string) => [`{ name: ${name}, kind: ${name} }`, SHARED];
    expect(commented).toEqual([
      ...["user", `the user's own id: ${SHARED}`],
      ...["device", SHARED],
      ...[...clock("hour"), ...clock("weekday")],
    ]);
    // Taken, they are fields.
    const taken = text.replaceAll(/^( {4})# - /gm, "$1- ").replaceAll(/: \[\] +# none;.*$/gm, ":");
    for (const features of [parse(text), parse(taken)]) {
      const out = `${folder}/shared-${features.fields.context.length}`;
      expect((await prepareEvents({ features, events, out })).protocol).toBe("temporal");
    }
    expect(guess.fields.context).toEqual([]);
  });

  it("with one they are fields", async () => {
    const { text } = await looks({ events: log(columns) });
    const { user, context } = parse(text).fields;
    expect(user).toEqual(["user", "city"]);
    expect(context).toEqual(["device", { name: "hour", kind: "hour" }, { name: "weekday", kind: "weekday" }]);
  });
});

test("a log too small for its min_count is prepared, and prepare and inspect say what is lost", async () => {
  const tiny = Array.from({ length: 12 }, (_, i) => [`u${i % 3}`, `i${i}`, String(1_700_000_000 + i)]);
  const events = write(".csv", csv(["user", "item", "time"], tiny));
  const { text } = await looks({ events });
  const out = `${folder}/tiny`;
  const { warnings } = await prepareEvents({ features: parse(text), events, out });
  expect(warnings).toEqual(["item: all is unknown, for training has none of the 12 values 2 times (min_count)"]);
  expect((await inspectDataset(out)).warnings.map(({ message }) => message)).toContain(
    "field item is unknown in all samples of train: it has no values there, or each less often than min_count",
  );
  const all = await prepareEvents({ features: { ...parse(text), min_count: 1 }, events, out });
  expect(all.warnings).toEqual([]);
});

describe("names of fields", () => {
  it("are Latin letters where a name has such", () => {
    const names = ["Größe", "Prix (€)", "Ærø", "İd", "ﬁn", "Ｗｉｄｅ", "价格", "1st", "aB", "x".repeat(99)];
    expect(new FieldNames().ofColumns(names)).toEqual([
      "grosse",
      "prix",
      "aero",
      "id",
      "fin",
      "wide",
      "field",
      "st",
      "a_b",
      "x".repeat(60),
    ]);
  });

  it("stay with the columns that are called so", () => {
    expect(new FieldNames().ofColumns(["Price", "price", "PRICE", "price_2", "grösse", "item"])).toEqual([
      "price_3",
      "price",
      "price_4",
      "price_2",
      "grosse",
      "log_item",
    ]);
  });

  it("are never given twice, and are names", () => {
    const name = fc.string({ unit: fc.constantFrom(..."aAbß_1 .é价"), maxLength: 5 });
    fc.assert(
      fc.property(fc.array(name), (columns) => {
        const names = new FieldNames();
        const given = [...names.ofColumns(columns), names.of("hour", "time_hour"), names.of("hour", "time_hour")];
        expect(new Set(given).size).toBe(given.length);
        for (const one of given) expect(one).toMatch(/^[a-z][a-z0-9_]*$/);
      }),
    );
  });
});

test("rows without a user, an item or a time are told of", async () => {
  const { guess } = await looks({ events: log({}, { ...ROLES, user: (i) => (i === 3 ? "" : `u${i % 40}`) }) });
  expect(guess.notes).toEqual(["1 of 400 rows have no user in user: they are bad rows"]);
});
