/** Whatever `init` writes without a TODO, `prepare events` takes: over logs of all formats, with all that people have. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { withDuckDB } from "../../../src/database/open.ts";
import { identifier, quote } from "../../../src/database/sql.ts";
import { guessFeatures } from "../../../src/importers/events/guess/guess.ts";
import { featuresText } from "../../../src/importers/events/guess/text.ts";
import { prepareEvents } from "../../../src/importers/events/prepare.ts";
import { csv, folder, write } from "./support.ts";

const ROWS = 72;
const USERS = 6;
const ITEMS = 9;

interface Column {
  readonly name: string;
  /** Of DuckDB. */
  readonly type: string;
  readonly value: (i: number) => unknown;
}
type Format = ".csv" | ".tsv" | ".ndjson" | ".parquet";
const FORMATS: readonly Format[] = [".csv", ".tsv", ".ndjson", ".parquet"];

/** What columns hold, by number of row. */
const CONTENTS: readonly Omit<Column, "name">[] = [
  { type: "BIGINT", value: (i) => i },
  { type: "BIGINT", value: (i) => 1000 - i },
  { type: "BIGINT", value: (i) => (i * 7919) % 60 },
  { type: "DOUBLE", value: (i) => (i % 9 === 0 ? null : ((i * 7919) % 100) / 8) },
  { type: "DOUBLE", value: (i) => (i % 2 ? 1e21 * i : -i / 1e9) },
  { type: "VARCHAR", value: (i) => (i % 5 ? String(((i * 31) % 400) / 10) : "NA") },
  { type: "VARCHAR", value: (i) => (i === 7 ? "free" : String(((i * 31) % 400) / 10)) },
  { type: "VARCHAR", value: (i) => String(i * 13).padStart(6, "0") },
  { type: "VARCHAR", value: (i) => `c${i % USERS}` },
  { type: "VARCHAR", value: (i) => ["", "null", "a#b", "- x", "é"][i % 5] },
  { type: "VARCHAR", value: () => "same" },
  { type: "VARCHAR", value: () => null },
  { type: "VARCHAR", value: (i) => `${"very long words ".repeat(5)}${i}` },
  { type: "VARCHAR", value: (i) => `2024-05-${10 + (i % 20)} 1${i % 9}:30:00` },
  { type: "VARCHAR", value: (i) => (i % 3 ? `2024-05-0${1 + (i % 9)}` : null) },
  { type: "BOOLEAN", value: (i) => i % 3 === 0 },
  { type: "BIGINT", value: (i) => 1 + (i % 5) },
  { type: "VARCHAR", value: (i) => [["a", "b"], ["b"], ["c", "a", "b"], ["a"], ["c"], ["b", "c"]][i % 6].join("|") },
  { type: "BIGINT[]", value: (i) => (i % 3 ? [i % 3, i % 5] : [2 ** 60]) },
  { type: "VARCHAR[]", value: (i) => (i % 4 ? [`t${i % 3}`, "x"] : i % 8 ? [] : null) },
  { type: "STRUCT(a BIGINT, b VARCHAR[])", value: (i) => ({ a: i, b: ["x"] }) },
];
const NAMES =
  "null|hour|time_hour|weekday|position|label|log_position|Unnamed: 0|__index_level_0__|TODO|rating|stars|price|Price|a.b|a b|a\"b|a'b|a,b|a;b|Größe|Grosse|grosse|价格|сорт|#x|- x|{x}|timestamp|ts|day|type|is_like|category_id|__proto__|1st|ﬁn|İ|x_2|x".split(
    "|",
  );

const column = fc
  .tuple(fc.constantFrom("", "x".repeat(300), ...NAMES), fc.constantFrom(...CONTENTS))
  .map(([name, content]): Column => ({ name, ...content }));
const columns = fc.uniqueArray(column, { selector: ({ name }) => name.toLowerCase(), maxLength: 6 });

const log = fc.record({
  format: fc.constantFrom(...FORMATS),
  labelled: fc.boolean(),
  events: columns,
  users: fc.option(columns, { nil: undefined }),
  items: fc.option(columns, { nil: undefined }),
});

/** Flat formats cannot hold lists, nor every name. */
async function writeTable(format: Format, all: readonly Column[], rows: number): Promise<string> {
  const numbers = Array.from({ length: rows }, (_, i) => i);
  if (format === ".csv" || format === ".tsv") {
    const flat = all.filter(({ type }) => !/[[(]/.test(type));
    const header = flat.map(({ name }) => name);
    const texts = numbers.map((i) => flat.map(({ value }) => (value(i) === null ? null : String(value(i)))));
    if (format === ".csv") return write(format, csv(header, texts));
    return write(format, [header, ...texts].map((row) => `${row.join("\t")}\n`).join(""));
  }
  const named = all.map((column, index) => ({ ...column, key: format === ".ndjson" ? column.name : `k${index}` }));
  const lines = numbers.map((i) => JSON.stringify(Object.fromEntries(named.map(({ key, value }) => [key, value(i)]))));
  const text = write(".ndjson", `${lines.join("\n")}\n`);
  if (format === ".ndjson") return text;
  const path = write(format, "");
  const types = named.map(({ key, type }) => `${key}: ${quote(type)}`).join(", ");
  const selected = named.map(({ key, name }) => `${key} AS ${identifier(name || "__index_level_0__ ")}`).join(", ");
  const rowsOf = `SELECT ${selected} FROM read_ndjson(${quote(text)}, columns={${types}})`;
  await withDuckDB((connection) => connection.run(`COPY (${rowsOf}) TO ${quote(path)} (FORMAT parquet)`));
  return path;
}

const key = (name: string, letter: string, of: number): Column => ({
  name,
  type: "VARCHAR",
  value: (i) => `${letter}${i % of}`,
});

test("whatever is written without a TODO, prepare takes", async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(log, async ({ format, labelled, ...tables }) => {
      const time: Column = { name: "time", type: "BIGINT", value: (i) => 1_700_000_000 + 3600 * i };
      const click: Column = { name: "click", type: "BIGINT", value: (i) => (i % 5 < 2 ? 1 : 0) };
      const own = [key("user_id", "u", USERS), key("item_id", "i", ITEMS), time, ...(labelled ? [click] : [])];
      const sources = {
        events: await writeTable(format, [...own, ...tables.events], ROWS),
        users: tables.users && (await writeTable(format, [key("user_id", "u", USERS), ...tables.users], USERS)),
        items: tables.items && (await writeTable(format, [key("item_id", "i", ITEMS), ...tables.items], ITEMS)),
      };
      const guess = await guessFeatures(sources);
      const text = featuresText(guess);
      expect(text).not.toMatch(/: TODO$/m);
      const out = join(folder, "taken");
      const features = parse(text);
      const { warnings } = await prepareEvents({ features, featuresPath: "f.yaml", ...sources, out });
      // Of so few rows a column may have no value twice, which is said and is no fault of what was written.
      expect(warnings.filter((warning) => !warning.endsWith("(min_count)"))).toEqual([]);
      rmSync(out, { recursive: true });
      taken++;
    }),
    // Always the same logs: a rare one that fails is found by hand, with more runs and no seed.
    { numRuns: 5, seed: 20 },
  );
  expect(taken).toBe(5);
});
