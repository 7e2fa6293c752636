/** Files of every layout: what is written is what is read, and what is damaged is counted. */
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { withDuckDB } from "../../../src/database/open.ts";
import type { Layout } from "../../../src/importers/events/source/layout.ts";
import type { LogColumns } from "../../../src/importers/events/source/load.ts";
import { cell, loadInto, write } from "./support.ts";

const columns: LogColumns = { user: "u", item: "i", fields: [{ name: "x", column: "x", kind: "category" }] };
const names = ["u", "i", "x"];
type Row = readonly string[];

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

const utf16 = (text: string, bigEndian = false) => {
  const bytes = Buffer.from(`\ufeff${text}`, "utf16le");
  return bigEndian ? bytes.swap16() : bytes;
};
const json = (row: Row) => JSON.stringify(Object.fromEntries(names.map((name, at) => [name, row[at]])));
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
