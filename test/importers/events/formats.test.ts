/** The same rows make the same table, whatever they come in. */
import { readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { withDuckDB } from "../../../src/database/open.ts";
import { quote } from "../../../src/database/sql.ts";
import { UserError } from "../../../src/errors/failure.ts";
import type { LogColumns } from "../../../src/importers/events/source/load.ts";
import { noPostgres, PostgresServer } from "../../support/postgres.ts";
import { cell, csv, folder, load, refusal, write } from "./support.ts";

let server: PostgresServer | undefined;
beforeAll(async () => {
  if (noPostgres === undefined) server = await PostgresServer.start();
});
afterAll(async () => await server?.stop());

const header = ["uid", "iid", "ts", "click", "scene", "city", "price"];

/** Texts that trip readers. */
const awkward = fc.oneof(
  fc.constantFrom(
    "NULL",
    "null",
    "007",
    "1.0",
    " a",
    "a ",
    '"',
    '""',
    ",",
    "\n",
    "a\r\nb",
    "\\N",
    "\\.",
    "'",
    "\t",
    "ü",
    "🦆",
    "#",
    "{}",
    "[1]",
    "nan",
    "\\",
  ),
  fc.string({
    unit: fc.constantFrom("a", '"', "\n", ",", " ", "'", "\\", "é", "好", "0", "{"),
    minLength: 1,
    maxLength: 6,
  }),
);
const row = fc.tuple(
  awkward,
  awkward,
  fc.integer({ min: 1e9, max: 19e8 }).map(String),
  fc.constantFrom(null, "0", "1", "true", "f"),
  fc.option(awkward),
  fc.option(awkward),
  fc.option(fc.constantFrom("1", "0.50", "1e3", " 2")),
);

/** Writes rows of texts as Parquet or zstd through DuckDB. */
async function convert(
  rows: readonly (readonly (string | null)[])[],
  ending: ".parquet" | ".csv.zst",
): Promise<string> {
  const path = write(ending, "");
  const values = rows
    .map((texts) => `(${texts.map((text) => (text === null ? "NULL" : quote(text))).join(", ")})`)
    .join(", ");
  const format = ending === ".parquet" ? "FORMAT parquet" : "FORMAT csv, HEADER, FORCE_QUOTE *, COMPRESSION zstd";
  await withDuckDB((connection) =>
    connection.run(`COPY (SELECT * FROM (VALUES ${values}) AS t(${header.join(", ")})) TO ${quote(path)} (${format})`),
  );
  return path;
}

test("awkward texts come through every format unchanged", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 6, maxLength: 20 }), async (rows) => {
      const json = rows
        .map((texts) => `${JSON.stringify(Object.fromEntries(header.map((name, i) => [name, texts[i]])))}\n`)
        .join("");
      const { table } = await load(write(".csv", csv(header, rows)));
      expect(table.map(([user]) => user)).toEqual(
        rows.map(([user]) => user).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
      );
      const sources = [
        write(".csv.gz", gzipSync(csv(header, rows))),
        await convert(rows, ".csv.zst"),
        await convert(rows, ".parquet"),
        write(".ndjson.gz", gzipSync(json)),
        write(".jsonl", json),
      ];
      for (const source of sources) expect((await load(source)).table, source).toEqual(table);
      if (server) {
        await server.run(
          `DROP TABLE IF EXISTS log; CREATE TABLE log (${header.map((name) => `${name} text`).join(", ")})`,
        );
        const places = rows
          .map((texts, i) => `(${texts.map((_, j) => `$${i * header.length + j + 1}`).join(", ")})`)
          .join(", ");
        await server.run(`INSERT INTO log VALUES ${places}`, rows.flat());
        expect((await load(server.address({ table: "log" }))).table).toEqual(table);
      }
    }),
    { numRuns: 5 },
  );
});

/** A value as each typed format writes it, and the text it is everywhere. */
const typed: readonly { text: string | null; duckdb: string; postgres: string; json?: string }[] = [
  { text: "5", duckdb: "5::DOUBLE", postgres: "5::float8", json: "5.0" },
  { text: "0.1", duckdb: "0.1::FLOAT", postgres: "0.1::float4", json: "0.1" },
  { text: "100000000000000000000", duckdb: "1e20::DOUBLE", postgres: "1e20::float8", json: "1e20" },
  { text: "1e-7", duckdb: "1e-7::DOUBLE", postgres: "1e-7::float8", json: "1e-7" },
  { text: "9007199254740993", duckdb: "9007199254740993", postgres: "9007199254740993", json: "9007199254740993" },
  {
    text: "12345678901234567890123",
    duckdb: "12345678901234567890123::DECIMAL(38, 0)",
    postgres: "12345678901234567890123",
    json: "12345678901234567890123",
  },
  { text: "true", duckdb: "true", postgres: "true", json: "true" },
  { text: "1.50", duckdb: "1.50::DECIMAL(10, 2)", postgres: "1.50::numeric" },
  { text: "2024-01-02", duckdb: "DATE '2024-01-02'", postgres: "DATE '2024-01-02'" },
  {
    text: "2024-01-02 03:04:05.5",
    duckdb: "TIMESTAMP '2024-01-02 03:04:05.5'",
    postgres: "TIMESTAMP '2024-01-02 03:04:05.5'",
  },
  { text: null, duckdb: "NULL::VARCHAR", postgres: "NULL::text", json: "null" },
  { text: null, duckdb: "''", postgres: "''", json: '""' },
];
const one: LogColumns = { item: "id", fields: [{ name: "x", column: "x", kind: "category" }] };

async function parquet(select: string): Promise<string> {
  const path = write(".parquet", "");
  await withDuckDB((connection) =>
    connection.run(`SET TimeZone = 'Asia/Tokyo'; COPY (${select}) TO ${quote(path)} (FORMAT parquet)`),
  );
  return path;
}

describe("typed values become one text", () => {
  it.each(typed)("$text of $duckdb", async ({ text, duckdb, postgres, json }) => {
    const expected = [["a", text]];
    const value = async (source: string) => (await load(source, one)).table;
    expect(await value(await parquet(`SELECT 'a' AS id, ${duckdb} AS x`))).toEqual(expected);
    if (json) expect(await value(write(".json", `{"id": "a", "x": ${json}}\n`))).toEqual(expected);
    if (server) expect(await value(server.address({ query: `SELECT 'a' AS id, ${postgres} AS x` }))).toEqual(expected);
    expect(await value(write(".csv", csv(["id", "x"], [["a", text]])))).toEqual(expected);
  });

  it.each(["[1]", "{'a': 1}", "'a'::BLOB"])("%s becomes none", async (value) => {
    expect(await refusal(await parquet(`SELECT 'a' AS id, ${value} AS x`), one)).toContain(
      "column x: expected texts, numbers or times, found ",
    );
  });
});

it("a column of Parquet may have DuckDB's name for the number of a row", async () => {
  const columns: LogColumns = { item: "id", fields: [{ name: "x", column: "File_Row_Number", kind: "category" }] };
  const rows = (second: string) => `SELECT * FROM (VALUES ('a', 7), (${second}, 8)) t(id, File_Row_Number)`;
  expect((await load(await parquet(rows("'b'")), columns)).table).toEqual([
    ["a", "7"],
    ["b", "8"],
  ]);
  expect(await refusal(await parquet(rows("NULL")), columns)).toMatch(/row 2\b/);
});

describe("times that are typed", () => {
  const columns: LogColumns = { user: "u", item: "i", time: "t", fields: [] };
  it.each<[string, number]>([
    ["TIMESTAMP '2024-01-01 08:00:00.1239'", Date.UTC(2024, 0, 1, 0, 0, 0, 123)],
    ["TIMESTAMPTZ '2024-01-01 08:00:00.5+02'", Date.UTC(2024, 0, 1, 6, 0, 0, 500)],
    ["DATE '2024-01-01'", Date.UTC(2023, 11, 31, 16)],
    ["1700000000::BIGINT", 1_700_000_000_000],
    ["1700000000.25::DOUBLE PRECISION", 1_700_000_000_250],
    ["1700000000123456::BIGINT", 1_700_000_000_123],
  ])("%s at +08:00", async (sql, expected) => {
    const select = `SELECT 'u' AS u, 'i' AS i, ${sql} AS t`;
    const time = async (source: string) => (await load(source, columns, { utcOffset: 480 })).table[0][2];
    expect(await time(await parquet(select.replace("DOUBLE PRECISION", "DOUBLE")))).toBe(expected);
    if (server) expect(await time(server.address({ query: select }))).toBe(expected);
  });
});

describe("an address of Postgres is refused, without its password, where", () => {
  it.each<[string, string, string]>([
    [
      "a % of the password is bare",
      "postgres://u:100%zz@localhost:1/db?table=t",
      "postgres://localhost:1/db?table=t: the password has a % that is not percent-encoded: write %25",
    ],
    [
      "the password has a /",
      "postgres://u:1/zz@localhost:1/db?table=t",
      "postgres address: it has a special character that is not percent-encoded, as @ (%40), /, ? and # have to be",
    ],
    [
      "there is no such certificate",
      "postgres://u:zz@localhost:1/db?table=t&sslrootcert=/nonexist",
      "cannot read /nonexist: no such file or folder",
    ],
    [
      "its database is no text",
      "postgres://u:zz@localhost:1/%E0?table=t",
      "postgres://localhost:1/%E0?table=t: the database has a % that is not percent-encoded: write %25",
    ],
  ])("%s", async (_, address, message) => {
    const failure = await load(address).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect((failure as UserError).message).toBe(message);
  });
});

describe.skipIf(noPostgres !== undefined)(`Postgres${noPostgres ? ` (skipped: ${noPostgres})` : ""}`, () => {
  const select =
    "SELECT 'u' AS uid, 'i' AS iid, 1700000000 AS ts, true AS click, 's' AS scene, NULL AS city, 1.5 AS price";

  it("reports the address without user and password, and what passed", async () => {
    const { inputs, table } = await load(server!.address({ query: `${select}; ` }));
    expect(table).toEqual([["u", "i", 1_700_000_000_000, 1, "s", null, "1.5"]]);
    expect(inputs).toHaveLength(1);
    expect(inputs[0].name).toMatch(/^postgres:\/\/127\.0\.0\.1:\d+\/postgres\?query=SELECT/);
    const sent = `${header}\n${["u", "i", "1700000000", "true", "s", null, "1.5"].map(cell)}\n`;
    expect(inputs[0].bytes).toBe(sent.length);
  });

  it("reads tables of schemas", async () => {
    await server!.run(`CREATE SCHEMA shop; CREATE TABLE shop."Log" AS ${select} -- a comment`);
    expect((await load(server!.address({ table: "shop.Log" }))).rows).toBe(1);
  });

  it.each<[string, () => string, string]>([
    [
      "a wrong password",
      () => server!.address({ table: "log" }, "secret-word"),
      "the server refuses this user with this password",
    ],
    ["an unknown table", () => server!.address({ table: "nowhere" }), 'relation "nowhere" does not exist'],
    [
      "an unknown column",
      () => server!.address({ query: "SELECT 1 AS uid, 2 AS iid, 3 AS tss" }),
      "there is no column ts, only uid, iid, tss; did you mean 'tss'?",
    ],
    ["a query that writes", () => server!.address({ query: "DELETE FROM log RETURNING *" }), "cannot read "],
    [
      "an array",
      () => server!.address({ query: select.replace("NULL", "ARRAY[1]") }),
      "column city: expected texts, numbers or times, found integer[]",
    ],
    [
      "a bad row",
      () => server!.address({ query: select.replace("1700000000", "'no'") }),
      'row 1: column ts: expected a time, found "no"',
    ],
    ["no row", () => server!.address({ query: `${select} LIMIT 0` }), "has no rows"],
    ["neither table nor query", () => server!.address({}), "expected ?table=SCHEMA.NAME or ?query=SELECT..."],
    ["nobody there", () => server!.address({ table: "log" }).replace(/:\d+\/postgres/, ":1/postgres"), "ECONNREFUSED"],
  ])("refuses %s", async (_, address, message) => {
    const reported = await refusal(address());
    expect(reported).toContain(message);
    expect(reported).toContain("postgres://127.0.0.1:");
    for (const secret of ["pass%20word", "pass word", "secret-word", "test:"]) expect(reported).not.toContain(secret);
  });

  it("takes a query for one statement, whatever it holds", async () => {
    await server!.run("CREATE TABLE ev AS SELECT 1 AS a; CREATE TABLE victim AS SELECT 1 AS a");
    const query = "SELECT * FROM ev) AS x LIMIT 0; COMMIT; DROP TABLE victim; SELECT * FROM (SELECT * FROM ev";
    expect(await refusal(server!.address({ query }))).toMatch(/: cannot insert multiple commands into a prepared/);
    const columns: LogColumns = { item: "a", fields: [] };
    expect((await load(server!.address({ table: "victim" }), columns)).rows).toBe(1);
  });

  it("reports that a server went away midway", async () => {
    const own = await PostgresServer.start();
    try {
      const endless = `${select}, generate_series(1, 100000000) AS n`;
      let stopping: Promise<void> | undefined;
      const reported = await refusal(own.address({ query: endless }), undefined, {
        onProgress: (bytes) => {
          if (bytes > 1e6) stopping ??= own.stop();
        },
      });
      expect(stopping).toBeDefined();
      expect(reported).toMatch(/^cannot read postgres:\/\/127\.0\.0\.1:\d+\/postgres\?query=\S+: .*terminat/);
      expect(readdirSync(folder).filter((name) => name.startsWith("postgres-"))).toEqual([]);
    } finally {
      await own.stop();
    }
  });
});
