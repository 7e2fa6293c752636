/**
 * Random rows with planted damage through every reader: nothing is lost that is not counted, and the rows that are named
 * are those that were planted. By hand with as many rows as are wanted:
 * `PLANTED_ROWS=2000000 npx vitest run test/importers/events/planted.test.ts --testTimeout=3600000`
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, rmSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { describe, expect, it } from "vitest";
import { withDuckDB } from "../../../src/database/open.ts";
import type { Layout } from "../../../src/importers/events/source/layout.ts";
import { type LogColumns, loadTable } from "../../../src/importers/events/source/load.ts";
import { cell, folder } from "./support.ts";

const ROWS = Number(process.env.PLANTED_ROWS ?? 2000);
const COLUMNS: LogColumns = {
  user: "user",
  item: "item",
  time: "time",
  fields: [{ name: "title", column: "title", kind: "category" }],
};
const NAMES = ["user", "item", "time", "title", "more"];

/** Titles by kind of layout: any text; of one line; of Latin-1; of GBK. */
const ANY = [
  '"Weird Al" Yankovic',
  "a, b",
  "it's",
  "line one\nline two",
  "a\r\n\r\nb",
  "好",
  "🦆",
  "plain",
  '""',
  "\\",
  "a::b",
];
const LINE = ['"Weird Al" Yankovic', '"', "it's", '""', "好", "🦆", "plain", "\\", "NULL", 'say "hi'];
const LATIN = ["Misérables", "plain", "ÿ", "it's", '"x'];
const CHINESE = ["你好", "plain", '"', "中文"];

/** What makes a row of a layout bad. */
type Damage = (row: readonly string[], line: (row: readonly string[]) => string) => string | Buffer;
const VALUES: readonly Damage[] = [
  ([, ...rest], line) => line(["", ...rest]),
  ([user, item, , ...rest], line) => line([user, item, "yesterday", ...rest]),
];
const LINES: readonly Damage[] = [
  ...VALUES,
  (row, line) => line(row.slice(0, 3)),
  (row, line) => line([...row, "one more"]),
];
const NOT_UTF8: Damage = (row, line) => {
  const at = Buffer.from(line(row));
  // The byte stands where the user does, which is read in every layout.
  return Buffer.concat([Buffer.from(at.subarray(0, 3)), Buffer.of(0xff), Buffer.from(at.subarray(3))]);
};
const QUOTED: readonly Damage[] = [
  ...LINES,
  NOT_UTF8,
  ([user, item, time], line) => line([user, item, time, "plain", "x"]).replace(/^"/, '"x" '),
];
const JSON_LINES: readonly Damage[] = [
  ...VALUES,
  NOT_UTF8,
  () => "5",
  () => '{"user": "u", "item"}',
  (row, line) =>
    line(row)
      .replace('"title":', '"title":{},"title":')
      .replace(/"time":"[^"]*"/, '"time":[1]'),
];

interface Planted {
  readonly ending: string;
  readonly layout: Layout;
  readonly header?: boolean;
  readonly titles: readonly string[];
  readonly damage: readonly Damage[];
  readonly line: (row: readonly string[]) => string;
  readonly encode?: (line: string) => Uint8Array;
  readonly between?: string;
  readonly around?: readonly [string, string];
}

const quoted = (delimiter: string) => (row: readonly string[]) => row.map(cell).join(delimiter);
const bare = (delimiter: string) => (row: readonly string[]) => row.join(delimiter);
const json = (row: readonly string[]) => JSON.stringify(Object.fromEntries(NAMES.map((name, at) => [name, row[at]])));
const withoutHeader: Layout = { format: "csv", header: NAMES };
const utf16 = (text: string) => Buffer.from(text, "utf16le");
/** The signs of `CHINESE` in GBK. */
const GBK: Readonly<Record<string, readonly number[]>> = {
  你: [0xc4, 0xe3],
  好: [0xba, 0xc3],
  中: [0xd6, 0xd0],
  文: [0xce, 0xc4],
};
const gbk = (text: string) => Buffer.from([...text].flatMap((sign) => GBK[sign] ?? [...Buffer.from(sign)]));

const LAYOUTS: Readonly<Record<string, Planted>> = {
  csv: { ending: ".csv", layout: {}, header: true, titles: ANY, damage: QUOTED, line: quoted(",") },
  "packed csv": { ending: ".csv.gz", layout: {}, header: true, titles: ANY, damage: QUOTED, line: quoted(",") },
  "csv with \\r\\n": {
    ending: ".csv",
    layout: {},
    header: true,
    titles: LINE,
    damage: LINES,
    line: quoted(","),
    between: "\r\n",
  },
  "csv without quotes": {
    ending: ".csv",
    layout: { quote: "none" },
    header: true,
    titles: LINE,
    damage: [...LINES, NOT_UTF8],
    line: bare(","),
  },
  tsv: { ending: ".tsv", layout: {}, header: true, titles: LINE, damage: [...LINES, NOT_UTF8], line: bare("\t") },
  "two colons": {
    ending: ".dat",
    layout: { ...withoutHeader, delimiter: "::" },
    titles: LINE,
    damage: [...LINES, NOT_UTF8],
    line: bare("::"),
  },
  blanks: {
    ending: ".txt",
    layout: { ...withoutHeader, delimiter: " " },
    titles: ["plain", '"x', "好"],
    damage: [...VALUES, NOT_UTF8, (row, line) => line(row.slice(0, 3)), (row, line) => line([...row, "one"])],
    line: bare(" "),
  },
  latin1: {
    ending: ".csv",
    layout: { encoding: "latin1" },
    header: true,
    titles: LATIN,
    damage: LINES,
    line: quoted(","),
    encode: (line) => Buffer.from(line, "latin1"),
  },
  gbk: {
    ending: ".tsv.gz",
    layout: { encoding: "gbk" },
    header: true,
    titles: CHINESE,
    damage: [...LINES, NOT_UTF8],
    line: bare("\t"),
    encode: gbk,
  },
  "utf-16": {
    ending: ".csv",
    layout: { encoding: "utf-16" },
    header: true,
    titles: ANY,
    damage: [...LINES, (row, line) => Buffer.concat([Buffer.of(0, 0xd8), utf16(line(row))])],
    line: quoted(","),
    encode: utf16,
  },
  lines: { ending: ".ndjson", layout: {}, titles: ANY, damage: [...JSON_LINES], line: json },
  array: {
    ending: ".json",
    layout: {},
    titles: ANY,
    damage: JSON_LINES,
    line: json,
    between: ",\n",
    around: ["[", "]"],
  },
};

/** A number of 32 bits that (seed, index) have. */
function random(index: number): number {
  let x = Math.imul(index ^ 0x9e3779b9, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

const titleOf = (titles: readonly string[], index: number) => titles[random(index) % titles.length];
/** One row in some hundreds, where it is damaged, and how. */
const isPlanted = (index: number) => random(index + 7) % Math.max(97, ROWS >> 12) === 0;

async function plant(path: string, one: Planted): Promise<{ good: number; bad: number[] }> {
  const { header, line, titles, damage, encode = Buffer.from, between = "\n", around = ["", ""] } = one;
  const file = createWriteStream(path);
  const out = path.endsWith(".gz") ? createGzip({ level: 1 }) : file;
  if (out !== file) out.pipe(file);
  const bad: number[] = [];
  let parts: Uint8Array[] = [encode(around[0]), ...(header ? [encode(line(NAMES)), encode(between)] : [])];
  for (let index = 0; index < ROWS; index++) {
    const row = [`u${index % 1000}`, `i${index}`, String(1_500_000_000 + index), titleOf(titles, index), "x"];
    if (isPlanted(index)) {
      bad.push(index + 1);
      const damaged = damage[random(index) % damage.length](row, line);
      parts.push(typeof damaged === "string" ? encode(damaged) : damaged);
    } else parts.push(encode(line(row)));
    if (index < ROWS - 1) parts.push(encode(between));
    if (parts.length > 20_000) {
      if (!out.write(Buffer.concat(parts))) await once(out, "drain");
      parts = [];
    }
  }
  out.end(Buffer.concat([...parts, encode(around[1])]));
  await finished(file);
  return { good: ROWS - bad.length, bad };
}

describe(`${ROWS} rows with planted damage`, () => {
  it.each(Object.entries(LAYOUTS))("%s", async (name, one) => {
    const path = join(folder, `planted-${createHash("md5").update(name).digest("hex")}${one.ending}`);
    const { good, bad } = await plant(path, one);
    expect(bad.length).toBeGreaterThan(5);
    await withDuckDB(async (connection) => {
      const options = { utcOffset: 0, missing: [], skipBadRows: true, workFolder: folder, layout: one.layout };
      const loaded = await loadTable(connection, "log", path, COLUMNS, options);
      expect({ rows: loaded.rows, skipped: loaded.skipped, warnings: loaded.warnings }).toEqual({
        rows: good,
        skipped: bad.length,
        warnings: [],
      });
      expect(loaded.examples.map((text) => Number(/: row (\d+): /.exec(text)?.[1]))).toEqual(bad.slice(0, 5));
      // Each row is there once, with all its values.
      const appender = await connection.runAndReadAll(
        `SELECT count(DISTINCT item), count(DISTINCT "time"), sum(item[2:]::BIGINT), count(*) FILTER ("time" <> 1000 * (1500000000 + item[2:]::BIGINT)),
          count(*) FILTER ("user" <> 'u' || item[2:]::BIGINT % 1000) FROM log`,
      );
      const sum = (ROWS * (ROWS - 1)) / 2 - bad.reduce((total, row) => total + row - 1, 0);
      expect(appender.getRows()[0].map(Number)).toEqual([good, good, sum, 0, 0]);
      const counts = new Map<string, number>();
      for (let index = 0; index < ROWS; index++) {
        if (isPlanted(index)) continue;
        const title = titleOf(one.titles, index);
        counts.set(title, (counts.get(title) ?? 0) + 1);
      }
      const found = await connection.runAndReadAll("SELECT f_title, count(*)::INTEGER FROM log GROUP BY 1");
      expect(new Map(found.getRows() as [string, number][])).toEqual(counts);
    });
    rmSync(path);
  });
});
