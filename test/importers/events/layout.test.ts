/** Files of every layout: what is written is what is read, and what is damaged is counted. */
import { execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { withDuckDB } from "../../../src/database/open.ts";
import { guessFeatures } from "../../../src/importers/events/guess/guess.ts";
import { looksLikeValues } from "../../../src/importers/events/source/header.ts";
import type { Layout } from "../../../src/importers/events/source/layout.ts";
import { cell, folder, load, loadInto, refusal, write } from "./support.ts";
import { columns, json, names, type Row, utf16 } from "./tables.ts";

/** How a table is written, and what of it cannot be. */
interface Written {
  readonly ending: string;
  readonly layout: Layout;
  readonly line: (row: Row) => string;
  readonly header: boolean;
  /** Texts that this layout has no way to write. */
  readonly never: RegExp;
  readonly encode?: (text: string) => Uint8Array;
  /** What stands around all lines, and between them. */
  readonly frame?: readonly [string, string, string];
}

const quoted = (delimiter: string) => (row: Row) => row.map(cell).join(delimiter);
const bare = (delimiter: string) => (row: Row) => row.join(delimiter);

const LAYOUTS: Readonly<Record<string, Written>> = {
  csv: { ending: ".csv", layout: {}, line: quoted(","), header: true, never: /^$/ },
  "a mark before csv": {
    ending: ".csv",
    layout: {},
    line: quoted(","),
    header: true,
    never: /^$/,
    encode: (text) => Buffer.from(`\ufeff${text}`),
  },
  "csv without quotes": { ending: ".csv", layout: { quote: "none" }, line: bare(","), header: true, never: /[\r\n,]/ },
  "csv in other quotes": {
    ending: ".csv",
    layout: { quote: "'" },
    line: (row) => row.map((text) => `'${text.replaceAll("'", "''")}'`).join(","),
    header: true,
    never: /^$/,
  },
  tsv: { ending: ".tsv", layout: {}, line: bare("\t"), header: true, never: /[\r\n\t]/ },
  "tsv of utf-16": { ending: ".tsv", layout: {}, line: bare("\t"), header: true, never: /[\r\n\t]/, encode: utf16 },
  "packed tsv of big-endian utf-16": {
    ending: ".tsv.gz",
    layout: {},
    line: bare("\t"),
    header: true,
    never: /[\r\n\t]/,
    encode: (text) => gzipSync(utf16(text, true)),
  },
  "two colons, no header": {
    ending: ".dat",
    layout: { format: "csv", delimiter: "::", header: names },
    line: bare("::"),
    header: false,
    never: /[\r\n:]/,
  },
  "blanks, no header": {
    ending: ".txt",
    layout: { format: "csv", delimiter: " ", header: names },
    line: bare(" "),
    header: false,
    never: /[\r\n ]/,
  },
  "quotes with two colons": {
    ending: "",
    layout: { format: "csv", delimiter: "::", quote: '"', header: names },
    line: quoted("::"),
    header: false,
    never: /^$/,
  },
  latin1: {
    ending: ".csv",
    layout: { encoding: "latin1" },
    line: quoted(","),
    header: true,
    never: /[^\0-\x7f\xa0-\xff]/,
    encode: (text) => Buffer.from(text, "latin1"),
  },
  lines: { ending: ".log", layout: { format: "ndjson" }, line: json, header: false, never: /^$/ },
  "lines of utf-16": { ending: ".ndjson", layout: {}, line: json, header: false, never: /^$/, encode: utf16 },
  "a mark before lines": {
    ending: ".jsonl.gz",
    layout: {},
    line: json,
    header: false,
    never: /^$/,
    encode: (text) => gzipSync(`\ufeff${text}`),
  },
  array: { ending: ".json", layout: {}, line: json, header: false, never: /^$/, frame: ["[\n ", ",", "]"] },
  "array, printed": {
    ending: ".json",
    layout: {},
    line: (row) => JSON.stringify(JSON.parse(json(row)), null, 2),
    header: false,
    never: /^$/,
    frame: ["\ufeff[", ",\n", " ]\n"],
  },
};

function bytesOf({ line, header, encode = Buffer.from, frame }: Written, rows: readonly Row[]): Uint8Array {
  const lines = [...(header ? [names] : []), ...rows].map(line);
  const text = frame ? `${frame[0]}${lines.join(frame[1])}${frame[2]}` : lines.map((one) => `${one}\n`).join("");
  return encode(text);
}

const awkward = fc.oneof(
  fc.constantFrom(
    '"Weird Al" Yankovic',
    '"',
    "'",
    'He said "no"',
    "Misérables",
    "a\nb",
    "c\r\nd",
    "x,y",
    "p::q",
    "\t",
    "[1]",
    "{}",
    "好",
    "🦆",
    "\\",
    "#",
    "NULL",
    "ÿþ",
  ),
  fc.string({
    unit: fc.constantFrom("a", '"', "'", "\n", ",", ":", " ", "\t", "\\", "é", "好", "]", "}"),
    minLength: 1,
    maxLength: 6,
  }),
);
const table = fc.array(fc.tuple(awkward, awkward, awkward), { minLength: 1, maxLength: 12 });
const sorted = (rows: readonly (readonly unknown[])[]) => rows.map((row) => JSON.stringify(row)).sort();

test("what is written in a layout is what is read", async () => {
  await withDuckDB((connection) =>
    fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(LAYOUTS)), table, async (name, rows) => {
        const written = LAYOUTS[name];
        const fits = rows.filter((row) => !row.some((text) => written.never.test(text)));
        fc.pre(fits.length > 0);
        const loaded = await loadInto(connection, write(written.ending, bytesOf(written, fits)), columns, {
          layout: written.layout,
        });
        await connection.run("DROP TABLE log");
        expect(sorted(loaded.table), name).toEqual(sorted(fits));
        expect(loaded.warnings).toEqual([]);
      }),
      { numRuns: 60 },
    ),
  );
});

/** Rows of three values, one in each hundred seconds, as texts. */
const rowsOf = (count: number, title: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => [`u${index % 20}`, `i${index % 40}`, title(index)]);
const text = (rows: readonly Row[], delimiter: string) =>
  [names, ...rows].map((row) => `${row.join(delimiter)}\n`).join("");

describe("a quote that stands alone", () => {
  const title = (index: number) => (index === 60 ? '"Heroes' : index === 2500 ? 'the "end"' : "plain");
  const rows = rowsOf(3000, (index) => (index === 2500 ? 'ends"' : title(index)));

  it("is a character of TSV, and of CSV whose layout says so", async () => {
    for (const [ending, delimiter, layout] of [
      [".tsv", "\t", {}],
      [".csv", ",", { quote: "none" }],
    ] as const) {
      const path = write(ending, text([...rows, ["u", "i", '"Weird Al" Yankovic']], delimiter));
      const { table, skipped, warnings } = await load(path, columns, { layout });
      expect({ rows: table.length, skipped, warnings }).toEqual({ rows: 3001, skipped: 0, warnings: [] });
      expect(table.map((row) => row[2])).toEqual(expect.arrayContaining(['"Heroes', 'ends"', '"Weird Al" Yankovic']));
    }
  });

  it("makes one value of many rows of CSV, of which there is a warning", async () => {
    const path = write(".csv", text(rows, ","));
    const { rows: found, warnings } = await load(path, columns);
    expect(found).toBe(560);
    expect(warnings).toEqual([
      `${path}: row 61: column x: a value runs over 2441 lines, as it does where a quote stands alone; with \`quote: none\` quotes are characters as any other`,
    ]);
    const short = write(
      ".csv",
      text(
        rowsOf(90, (index) => (index === 3 ? '"a' : index === 80 ? 'b"' : "plain")),
        ",",
      ),
    );
    expect((await load(short, columns)).warnings).toEqual([]);
  });

  it("costs rows that are counted where nothing closes it", async () => {
    const open = rowsOf(3000, (index) => (index === 60 ? '"Heroes' : "plain"));
    const path = write(".csv", text(open, ","));
    expect(await refusal(path, columns)).toBe(`${path}: row 61: a quoted value does not end as it should`);
    const { rows: found, skipped, examples } = await load(path, columns, { skipBadRows: true });
    expect({ found, skipped }).toEqual({ found: 60, skipped: 2940 });
    expect(examples[1]).toContain("2939 of its lines are in no row that can be read");
  });
});

describe("a file without a header", () => {
  const rows = ["1,2268318,2520377,pv,1511544070", "1,2333346,2520771,pv,1511561733"];
  const path = () => write(".csv", `${rows.join("\n")}\n`);

  it("is refused in words that say what to do", async () => {
    const file = path();
    expect(await refusal(file, columns)).toBe(
      `${file}: the header looks like a row of values, and there is no u: 1, 2268318, 2520377, pv, 1511544070; if there is no header, name the columns: \`header: [user, item, ...]\``,
    );
    expect(await refusal(write(".csv", "1,1,5\n1,2,3\n"), columns)).toContain(
      "looks like a row of values, and it has 1 twice",
    );
  });

  it("is read by the names that it is given, or by numbers", async () => {
    const named = { user: "u", item: "i", fields: [{ name: "x", column: "x", kind: "category" as const }] };
    const expected = [
      ["1", "2268318", "pv"],
      ["1", "2333346", "pv"],
    ];
    expect((await load(path(), named, { layout: { header: ["u", "i", "c", "x", "t"] } })).table).toEqual(expected);
    const counted = { user: "c1", item: "c2", fields: [{ name: "x", column: "c4", kind: "category" as const }] };
    expect((await load(path(), counted, { layout: { header: "none" } })).table).toEqual(expected);
    const short = write(".csv", "1,2\n1,2,3\n1,2\n");
    const layout: Layout = { header: ["u", "i"] };
    expect(await refusal(short, { user: "u", item: "i", fields: [] }, { layout })).toBe(
      `${short}: row 2: expected 2 columns, found 3`,
    );
  });

  it("may have a header of numbers, if its columns are there", async () => {
    const file = write(".csv", "20200101,20200102,5\na,b,c\n");
    const numbered = { user: "20200101", item: "20200102", fields: [] };
    expect((await load(file, numbered)).table).toEqual([["a", "b"]]);
  });

  it.each<[string, boolean]>([
    ["user,item,time", false],
    [",user_id,item_id,rating", false],
    ["Unnamed: 0,user,item,2020", false],
    ["0,1,2,3", false],
    [",0,1,2,3", false],
    ["user_id:token,item_id:token,timestamp:float", false],
    ["uid,iid,feature_1,feature_2,label", false],
    ["C1,C2,2", false],
    ["id,click,hour,C1,banner_pos", false],
    ["1,2268318,2520377,pv,1511544070", true],
    ["196,242,3", true],
    ["1,5951", true],
    ["1,2014-04-07T10:51:09.277Z,214536502,0", true],
    ["user_000001,2009-05-04T23:08:57Z,Deep Dish", true],
    ["1,U13740,11/11/2019 9:05:58 AM,N55189 N42782,N55689-1 N35729-0", true],
    ["N55528,lifestyle,royals,https://example.org/a.html,[]", true],
  ])("%s looks like one: %s", (line, expected) => {
    expect(looksLikeValues(line.split(","))).toBe(expected);
  });
});

it("blank lines between rows are no rows, wherever a row is counted", async () => {
  const lines = ["a,b,c", "", '"x\n\ny",b,c', "", "", "a,b", "a,,c", "", '"a" b,c,d', "a,b,c,d"];
  for (const end of ["\n", "\r\n"]) {
    for (const [head, layout] of [
      ["u,i,x", {}],
      [undefined, { header: names }],
    ] as const) {
      const bytes = Buffer.from(`${["", ...(head ? [head] : []), ...lines].join(end)}${end}`);
      const path = write(".csv", Buffer.concat([bytes, Buffer.from("a,b,"), Buffer.of(0xff), Buffer.from(end)]));
      const { table, examples, skipped } = await load(path, columns, { layout, skipBadRows: true });
      expect({ rows: table.length, skipped }).toEqual({ rows: 2, skipped: 5 });
      expect(examples).toEqual([
        `${path}: row 3: expected 3 columns, found 2`,
        `${path}: row 4: column i: expected an item, found nothing`,
        `${path}: row 5: a quoted value does not end as it should`,
        `${path}: row 6: expected 3 columns, found 4`,
        `${path}: row 7: the text is not UTF-8`,
      ]);
    }
  }
});

describe("a file whose name says nothing", () => {
  it("is read in the format that is given", async () => {
    const path = write(".dat", "u,i,x\na,b,c\n");
    expect(await refusal(path, columns)).toContain(
      ".parquet; for another name state the format: csv, tsv, ndjson, parquet",
    );
    expect((await load(path, columns, { layout: { format: "csv" } })).table).toEqual([["a", "b", "c"]]);
    const packed = write(".inter.gz", gzipSync("u:token\ti:token\tx:token_seq\na\tb\tc d\n"));
    expect((await load(packed, columns, { layout: { format: "tsv" } })).table).toEqual([["a", "b", "c d"]]);
  });

  it("may be a pipe, packed or not", async () => {
    for (const [index, pack] of [Buffer.from, gzipSync].entries()) {
      const path = join(folder, `pipe-${index}`);
      execFileSync("mkfifo", [path]);
      const writer = spawn("sh", ["-c", 'cat > "$1"', "sh", path], { stdio: ["pipe", "ignore", "ignore"] });
      writer.stdin.end(pack("u\ti\tx\na\tb\tc\na\tb\n"));
      const { table, examples, inputs } = await load(path, columns, { layout: { format: "tsv" }, skipBadRows: true });
      expect(table).toEqual([["a", "b", "c"]]);
      expect(examples).toEqual([`${path}: row 2: expected 3 columns, found 2`]);
      expect(inputs[0].name).toBe(`pipe-${index}`);
    }
  });
});

it("what a layout says must mean something to the format", async () => {
  const path = write(".ndjson", json(["a", "b", "c"]));
  expect(await refusal(path, columns, { layout: { quote: "'" } })).toBe(
    `${path} is read as ndjson, which has no quote`,
  );
  const parquet = write(".parquet", "");
  expect(await refusal(parquet, columns, { layout: { encoding: "latin1" } })).toBe(
    `${parquet} is read as parquet, which has no encoding`,
  );
  const database = "postgres://127.0.0.1:1/shop?table=log";
  const said = "postgres://... is read as a table of a database, which has no delimiter";
  expect(await refusal(database, columns, { layout: { delimiter: "|" } })).toBe(said);
  await expect(guessFeatures({ events: database, layout: { delimiter: "|" } })).rejects.toThrow(said);
});
