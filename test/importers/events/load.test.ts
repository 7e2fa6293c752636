/** What is a log's row, and what is reported of one that is none. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it, test } from "vitest";
import { withDuckDB } from "../../../src/database/open.ts";
import type { LogColumns } from "../../../src/importers/events/source/load.ts";
import { ZSTD, ZSTD_CSV } from "../../support/zstd.ts";
import { allColumns, csv, folder, load, loadInto, refusal, write } from "./support.ts";

const header = ["uid", "iid", "ts", "click", "scene", "city", "price"];
const good = ["u1", "i1", "1700000000", "1", "feed", "Rome", "1.5"];
const withCell = (column: string, value: string) =>
  good.map((text, index) => (header[index] === column ? value : text));
const users: LogColumns = { user: "uid", fields: [{ name: "city", column: "city", kind: "category" }] };

test("the table has a column of each kind, in this order, and only those that are wanted", async () => {
  const path = write(
    ".csv",
    csv(
      ["more", ...header],
      [
        ["x", ...good],
        ["y", ...withCell("click", "")],
      ],
    ),
  );
  const { table, types, rows, skipped, examples } = await load(path);
  expect(types).toEqual([
    "user VARCHAR",
    "item VARCHAR",
    "time BIGINT",
    "label TINYINT",
    "type VARCHAR",
    "f_city VARCHAR",
    "f_price VARCHAR",
  ]);
  expect(table).toEqual([
    ["u1", "i1", 1_700_000_000_000, 1, "feed", "Rome", "1.5"],
    ["u1", "i1", 1_700_000_000_000, null, "feed", "Rome", "1.5"],
  ]);
  expect({ rows, skipped, examples }).toEqual({ rows: 2, skipped: 0, examples: [] });
  const small = await load(path, { item: "iid", fields: [{ name: "a", column: "iid", kind: "category" }] });
  expect(small.types).toEqual(["item VARCHAR", "f_a VARCHAR"]);
  expect(small.table).toEqual([
    ["i1", "i1"],
    ["i1", "i1"],
  ]);
});

test("inputs are reported by name, size and hash, sorted by name; headers may differ in order", async () => {
  mkdirSync(join(folder, "many"));
  const texts = {
    "b.csv": csv(header, [good]),
    "a.csv.gz": gzipSync(csv([...header].reverse(), [[...good].reverse()])),
  };
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, "many", name), text);
  const { inputs, rows, table } = await load(join(folder, "many", "*.csv*"));
  expect(rows).toBe(2);
  expect(table[0]).toEqual(table[1]);
  const sha256 = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(folder, "many", name)))
      .digest("hex");
  expect(inputs).toEqual([
    { name: "a.csv.gz", bytes: texts["a.csv.gz"].length, sha256: sha256("a.csv.gz") },
    { name: "b.csv", bytes: texts["b.csv"].length, sha256: sha256("b.csv") },
  ]);
});

test("a file that exists is taken by its name, whatever characters it has", async () => {
  const path = join(folder, "it's [1]*?.csv");
  writeFileSync(path, csv(header, [good]));
  expect((await load(path)).inputs[0].name).toBe(basename(path));
});

describe("refused are", () => {
  it.each<[string, string, string, string]>([
    [
      "a time",
      ".csv",
      csv(header, [good, withCell("ts", "yesterday")]),
      'row 2: column ts: expected a time, found "yesterday"',
    ],
    ["no time", ".csv", csv(header, [withCell("ts", "")]), "row 1: column ts: expected a time, found nothing"],
    [
      "no user",
      ".csv",
      csv(header, [good, good, withCell("uid", "")]),
      "row 3: column uid: expected a user, found nothing",
    ],
    ["no item", ".csv", csv(header, [withCell("iid", "")]), "row 1: column iid: expected an item, found nothing"],
    [
      "a label",
      ".csv",
      csv(header, [withCell("click", "2")]),
      'row 1: column click: expected 0, 1, true, false or nothing (of other values columns.label says which are positive), found "2"',
    ],
    [
      "a number",
      ".csv",
      csv(header, [withCell("price", "abc")]),
      'row 1: column price: expected a number, found "abc"',
    ],
    ["an infinite number", ".csv", csv(header, [withCell("price", "1e999")]), "expected a number"],
    ["few columns", ".csv", `${header}\n${good}\nu1,i1\n`, "row 2: expected 7 columns, found 2"],
    ["many columns", ".csv", `${header}\n${good},8\n`, "row 1: expected 7 columns, found 8"],
    ["an open quote", ".csv", `${header}\n${good}\n"u1,i1\n`, "row 2: a quoted value does not end as it should"],
    ["line ends by turns", ".csv", `${header}\r\n${good}\n${good}\r\n`, "its quotes or line ends are not those of CSV"],
    [
      "an open quote in the header",
      ".csv",
      `uid,"ts\n${good}\n`,
      "the header has quotes that do not end as they should",
    ],
    ["a column twice", ".csv", `uid,iid,ts,uid\n1,2,3,4\n`, "the header names column uid twice"],
    ["nothing", ".csv", "", "is empty"],
    [
      "a time below blank lines",
      ".csv",
      `\n \n\n${csv(header, [good, withCell("ts", "no")])}`,
      'row 2: column ts: expected a time, found "no"',
    ],
    [
      "few columns below blank lines",
      ".csv",
      `\r\n\r\n${header}\r\n${good}\r\nu1\r\n`,
      "row 2: expected 7 columns, found 1",
    ],
    ["a header only", ".csv", `${header}\n`, "has no rows"],
    ["no NDJSON row", ".ndjson", "", "has no rows"],
    [
      "a missing column",
      ".csv",
      csv(["uid", "iid", "tss"], []),
      "there is no column ts, only uid, iid, tss; did you mean 'tss'?",
    ],
    [
      "a missing key",
      ".ndjson",
      '{"uid":"u","iid":"i","tss":"5"}\n',
      "there is no column ts, only iid, tss, uid; did you mean 'tss'?",
    ],
    ["a folder", "", "", "is no file"],
    ["an unknown format", ".txt", "x", "the format is not known by the name; known are .csv, .tsv"],
    ["packed Parquet", ".parquet.gz", "x", "the format is not known by the name"],
    ["what is no Parquet", ".parquet", "xxxxxxxxxxxxxxxxxx", "is damaged: it is no whole Parquet file"],
    ["what is no gzip", ".csv.gz", "uid,iid\n", "is damaged"],
    ["what is no zstd", ".csv.zst", "uid,iid\n", "is damaged: a frame does not begin as one"],
  ])("%s", async (_, ending, content, message) => {
    const path = ending === "" ? folder : write(ending, content);
    const refused = await refusal(path, { ...allColumns, fields: allColumns.fields.slice(1) });
    expect(refused).toContain(message);
    expect(refused).toContain(path);
    expect(refused).not.toContain("\n");
  });

  it("what is not there", async () => {
    expect(await refusal(join(folder, "none.csv"))).toBe(`cannot read ${folder}/none.csv: no such file or folder`);
    expect(await refusal(join(folder, "none-*.csv"))).toBe(`no file matches ${folder}/none-*.csv`);
    expect(await refusal("s3://bucket/a.csv")).toContain("expected files, a pattern or postgres://");
  });

  it("nested values of a column that is used, and lines that hold no object", async () => {
    const row = { uid: "u", iid: "i", ts: 1700000005, click: 1, scene: "s", city: "c", price: 2, tags: [1] };
    const lines = (...values: unknown[]) =>
      write(".ndjson", values.map((value) => `${JSON.stringify(value)}\n`).join(""));
    expect((await load(lines(row))).rows).toBe(1);
    expect(await refusal(lines(row, { ...row, city: ["c"] }))).toContain(
      "row 2: column city: expected one value, found an array",
    );
    expect(await refusal(lines(row, { ...row, city: {} }))).toContain(
      "row 2: column city: expected one value, found an object",
    );
    expect(await refusal(lines(row, 5))).toContain("row 2: expected a JSON object, found another value");
    expect(await refusal(write(".ndjson", `${JSON.stringify(row)}\n{"uid"\n`))).toContain(
      "row 2: expected a JSON object, found broken JSON",
    );
  });

  it("text that is not UTF-8", async () => {
    const latin = (text: string) => Buffer.from(text, "latin1");
    const path = write(".csv", latin(csv(header, [good, withCell("city", "Köln")])));
    expect(await refusal(path)).toBe(`${path}: row 2: the text is not UTF-8`);
    const head = write(".csv", latin("uid,iid,ts,Stra\u00dfe\n1,2,3,4\n"));
    expect(await refusal(head)).toBe(`${head}: the header cannot be read: the text is not UTF-8`);
    for (const text of ["user,na\u00efve\n1,2\n", "\n\n\xff\n1\n", "u\0s\0\xe9\n"]) {
      for (const [ending, pack] of [
        [".csv", latin],
        [".csv.gz", (one: string) => gzipSync(latin(one))],
      ] as const) {
        const path = write(ending, pack(text));
        expect(await refusal(path)).toBe(`${path}: the header cannot be read: the text is not UTF-8`);
      }
    }
    const names = Array.from({ length: 600 }, (_, i) => String.fromCharCode(0x80 + i)).filter((name) => name.trim());
    const every = write(".csv", `\ufeff${csv(["uid", "iid", "ts", ...names], [["u", "i", "1700000005", ...names]])}`);
    const fields = names.map((column, i) => ({ name: `n${i}`, column, kind: "category" as const }));
    const { table } = await load(every, { user: "uid", item: "iid", time: "ts", fields });
    expect(table[0].slice(3)).toEqual(names);
    const lines = write(".ndjson", latin('{"uid":"ü","iid":"i","ts":5,"click":1,"scene":"s","city":"c","price":2}\n'));
    expect(await refusal(lines)).toContain(`${lines}`);
  });

  it("a zstd stream that is cut off anywhere, or whose checksum is wrong", async () => {
    const columns: LogColumns = { user: "uid", item: "iid", time: "ts", fields: [] };
    expect((await load(write(".csv.zst", ZSTD), columns)).rows).toBe(ZSTD_CSV.split("\n").length - 2);
    for (const cut of [0, 10, ZSTD.length - 20, ZSTD.length - 4, ZSTD.length - 1]) {
      const path = write(".csv.zst", ZSTD.subarray(0, cut));
      const refused = await refusal(path, columns, { skipBadRows: true });
      expect(refused).toBe(`${path} is cut off: its zstd stream does not end`);
    }
    const wrong = write(".csv.zst", Buffer.concat([ZSTD.subarray(0, -1), Buffer.of(7)]));
    expect(await refusal(wrong, columns)).toBe(`${wrong} is damaged: Restored data doesn't match checksum`);
  });

  it("a gzip stream that is cut off, or whose checksum is wrong", async () => {
    const whole = gzipSync(
      csv(
        header,
        Array.from({ length: 500 }, (_, i) => withCell("uid", `u${i}`)),
      ),
    );
    const cut = write(".csv.gz", whole.subarray(0, whole.length - 20));
    expect(await refusal(cut, undefined, { skipBadRows: true })).toBe(
      `${cut} is cut off: its gzip stream does not end`,
    );
    const changed = Uint8Array.from(whole);
    changed[whole.length - 6] ^= 1;
    const damaged = write(".csv.gz", changed);
    expect(await refusal(damaged)).toBe(`${damaged} is damaged: incorrect data check`);
  });
});

test("a gzip file that zeros fill up is read without them", async () => {
  const text = csv(header, [good, good]);
  for (const zeros of [1, 100, 200_000]) {
    for (const members of [[text], [text, ""]]) {
      const path = write(".csv.gz", Buffer.concat([...members.map((one) => gzipSync(one)), Buffer.alloc(zeros)]));
      const { rows, inputs } = await load(path);
      expect(rows).toBe(2);
      expect(inputs[0]).toMatchObject({ name: basename(path), bytes: statSync(path).size });
    }
  }
  // No copy is left.
  expect(readdirSync(folder).filter((name) => name.length > 30)).toEqual([]);
});

describe("bad rows", () => {
  const lines = [
    `${header}`,
    `${good}`,
    "u2,i2", // row 2
    `"u\n3",i3,1700000000,1,feed,Rome,1`,
    `${withCell("ts", "no")}`, // row 4
    `${withCell("click", "no")}`, // row 5
    "u6", // row 6
    `${withCell("price", "no")}`, // row 7
    `${withCell("uid", "")}`, // row 8
    `${good}`,
  ];

  it("are reported by file and row, the first of all", async () => {
    const path = write(".csv", `${[lines[0], lines[1], ...lines.slice(3)].join("\n")}\n`);
    expect(await refusal(path)).toBe(`${path}: row 3: column ts: expected a time, found "no"`);
  });

  it("are left out and counted if that is asked for, the first five reported", async () => {
    const path = write(".csv", `${lines.join("\n")}\n`);
    const { rows, skipped, examples, table } = await load(path, allColumns, { skipBadRows: true });
    expect({ rows, skipped }).toEqual({ rows: 3, skipped: 6 });
    expect(table.map(([user]) => user)).toEqual(["u\n3", "u1", "u1"]);
    expect(examples).toEqual([
      `${path}: row 2: expected 7 columns, found 2`,
      `${path}: row 4: column ts: expected a time, found "no"`,
      `${path}: row 5: column click: expected 0, 1, true, false or nothing (of other values columns.label says which are positive), found "no"`,
      `${path}: row 6: expected 7 columns, found 1`,
      `${path}: row 7: column price: expected a number, found "no"`,
    ]);
  });

  it("of all files count together, and some row must be left", async () => {
    const paths = [csv(header, [good]), csv(header, [withCell("ts", "no"), good])];
    const names = paths.map((text, i) => {
      const path = join(folder, `part-${i}.csv`);
      writeFileSync(path, text);
      return path;
    });
    const { rows, examples, inputs } = await load(join(folder, "part-*.csv"), allColumns, { skipBadRows: true });
    expect({ rows, examples }).toEqual({
      rows: 2,
      examples: [`${names[1]}: row 1: column ts: expected a time, found "no"`],
    });
    expect(inputs.map(({ name }) => name)).toEqual(["part-0.csv", "part-1.csv"]);
    const path = write(".csv", csv(header, [withCell("ts", "no")]));
    expect(await refusal(path, allColumns, { skipBadRows: true })).toContain(
      ": 1 of 1 rows are unusable, the first is ",
    );
  });

  it("leave no table behind", async () => {
    const path = write(".csv", csv(header, [withCell("ts", "no")]));
    await withDuckDB(async (connection) => {
      await expect(loadInto(connection, path, allColumns)).rejects.toThrow("expected a time");
      writeFileSync(path, csv(header, [good]));
      expect((await loadInto(connection, path, allColumns)).rows).toBe(1);
    });
  });
});

describe("times", () => {
  const times = (...list: string[]) =>
    csv(
      header,
      list.map((time) => withCell("ts", time)),
    );
  const read = async (...list: string[]) =>
    (await load(write(".csv", times(...list)), allColumns, { utcOffset: 480 })).table.map((row) => row[2]);

  it("without an offset have that of the log", async () => {
    expect(await read("2024-01-01 08:00", "2024-01-02")).toEqual([Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 1, 16)]);
    expect(await read("2024-01-01T08:00Z", "1704096000")).toEqual([Date.UTC(2024, 0, 1, 8), Date.UTC(2024, 0, 1, 8)]);
  });

  it("carry one or not, all of a source alike", async () => {
    const one = write(".csv", times("2024-01-01", "2024-01-02", "2024-01-01T00:00Z", "2024-01-03"));
    const mixed = (path: string, row: number, expected: string, found: string) =>
      `${path}: row ${row}: column ts: mixed time zones: expected ${expected}, as before it, found "${found}"`;
    expect(await refusal(one)).toBe(mixed(one, 3, "a time without an offset", "2024-01-01T00:00Z"));
    const paths = [times("2024-01-01T00:00Z"), times("1700000000"), times("2024-01-01")].map((text, i) => {
      const path = join(folder, `zone-${i}.csv`);
      writeFileSync(path, text);
      return path;
    });
    const pattern = join(folder, "zone-*.csv");
    expect(await refusal(pattern)).toBe(mixed(paths[2], 1, "a time with an offset", "2024-01-01"));
  });
});

test("a key of users or items may occur once", async () => {
  const rows = [
    ["u1", "Rome"],
    ["u2", "Oslo"],
    ["u1", "Rome"],
  ];
  const path = write(".csv", csv(["uid", "city"], rows));
  expect((await load(path, users)).rows).toBe(3);
  expect((await load(write(".csv", csv(["uid", "city"], rows.slice(1))), users, { unique: "user" })).rows).toBe(2);
  expect(await refusal(path, users, { unique: "user" })).toBe(
    `${path}: row 3: column uid: "u1" occurs twice, first in ${path}: row 1`,
  );
});

test.each([",", ";", "\t", "|"])("a CSV's separator is what its header has most of: %j", async (delimiter) => {
  const rows = [good, withCell("city", "a,b;c\t|")];
  const { table } = await load(write(".csv", csv(header, rows, delimiter)));
  expect(table.map((row) => row[5])).toEqual(["Rome", "a,b;c\t|"]);
  expect(
    await refusal(write(".csv", `"x,;|\t,;|\t"${delimiter}uid${delimiter}city\n1${delimiter}u\n`), users),
  ).toContain("row 1: expected 3 columns, found 2");
});

test("a separator of TSV, and of one column, is not looked for", async () => {
  const columns: LogColumns = { user: "a,b,c", fields: [] };
  expect((await load(write(".tsv", "a,b,c\tts\nu1\t1\n"), columns)).table).toEqual([["u1"]]);
  expect((await load(write(".csv", "uid\nu1\n"), { user: "uid", fields: [] })).table).toEqual([["u1"]]);
});

test("words that mean nothing are as good as empty cells", async () => {
  const rows = [
    withCell("price", "NULL"),
    withCell("price", "it's none"),
    withCell("city", "NULL"),
    withCell("scene", "NULL"),
    withCell("price", "null"),
  ];
  const missing = ["NULL", "it's none"];
  const path = write(".csv", csv(header, rows.slice(0, 4)));
  expect((await load(path, allColumns, { missing })).table.map((row) => row.slice(4))).toEqual([
    ["feed", "Rome", null],
    ["feed", "Rome", null],
    ["feed", null, "1.5"],
    [null, "Rome", "1.5"],
  ]);
  expect(await refusal(path)).toBe(`${path}: row 1: column price: expected a number, found "NULL"`);
  const thousand = [...Array.from({ length: 998 }, (_, i) => `word ${i}`), ...missing];
  expect((await load(path, allColumns, { missing: thousand })).rows).toBe(4);
  const other = write(".csv", csv(header, rows));
  expect(await refusal(other, allColumns, { missing })).toBe(
    `${other}: row 5: column price: expected a number, found "null"`,
  );
});

test("memory that does not suffice is not the file's fault", async () => {
  const path = write(".csv", csv(header, [good]));
  const scarce = { temp_directory: "", memory_limit: "4MB" };
  await expect(withDuckDB((connection) => loadInto(connection, path, allColumns), scarce)).rejects.toMatchObject({
    code: "file.no-room",
  });
});

test("progress comes to all bytes", async () => {
  const path = write(".csv", csv(header, [good]));
  const seen: [number, number | undefined][] = [];
  await load(path, allColumns, { onProgress: (done, total) => seen.push([done, total]) });
  const { length } = readFileSync(path);
  expect(seen.at(-1)).toEqual([length, length]);
});
