/** The rules in SQL and in TypeScript say the same of every text. */
import type { DuckDBConnection } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { withDuckDB } from "../../../src/database/open.ts";
import { parseTime } from "../../../src/dataset/time.ts";
import { parseNumber } from "../../../src/dataset/transform.ts";
import { labelRule, numberRule, numberText, timeRule, zoneRule } from "../../../src/importers/events/source/rules.ts";

let connection: DuckDBConnection;
let close: () => void;
beforeAll(async () => {
  await new Promise<void>((ready) => {
    withDuckDB((opened) => {
      connection = opened;
      ready();
      return new Promise<void>((done) => {
        close = done;
      });
    });
  });
});
afterAll(() => close());

/** What `rule` of column `t` gives for each text. */
async function ask(rule: string, texts: readonly (string | number)[], type = "VARCHAR"): Promise<unknown[]> {
  const values = texts.map((_, i) => `($${i + 1}::${type})`).join(", ");
  const result = await connection.runAndReadAll(
    `SELECT ${rule} FROM (VALUES ${values}) AS given(t)`,
    texts.map(String),
  );
  return result.getRowsJS().map(([value]) => (typeof value === "bigint" ? Number(value) : value));
}

const digits = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: min, maxLength: max });
const two = fc.oneof(
  fc.integer({ min: 0, max: 31 }).map((n) => String(n).padStart(2, "0")),
  digits(2, 2),
);
const offset = fc.oneof(
  fc.constantFrom("", "Z", "+", "z", "+02", "-05:30", "+0530"),
  fc.tuple(fc.constantFrom("+", "-"), two, fc.constantFrom("", ":"), two).map((parts) => parts.join("")),
);
const clock = fc
  .tuple(
    fc.constantFrom("T", " ", "t", "  "),
    two,
    fc.constant(":"),
    two,
    fc.oneof(
      fc.constant(""),
      two.map((s) => `:${s}`),
      fc.tuple(two, digits(0, 9)).map(([s, f]) => `:${s}.${f}`),
    ),
    offset,
  )
  .map((parts) => parts.join(""));
const year = fc.oneof(
  fc.constantFrom("0000", "0001", "1900", "1969", "1970", "2000", "2024", "9999", "10000"),
  digits(4, 4),
);
const month = fc.integer({ min: 0, max: 13 }).map((n) => String(n).padStart(2, "0"));
const isoText = fc
  .tuple(year, month, two, fc.oneof(fc.constant(""), clock))
  .map(([y, m, d, time]) => `${y}-${m}-${d}${time}`);
const numberLike = fc
  .tuple(
    fc.constantFrom("", "", "-", "+", " ", "0x", "0b", "0o", "."),
    digits(0, 20),
    fc.constantFrom("", "", ".", "e", "e-", "E+", "_", " ", "\u00a0"),
    digits(0, 12),
    fc.constantFrom("", "", "e5", "e999", "e-999", "\n", "\ufeff", "a", "Infinity"),
  )
  .map((parts) => parts.join(""));
const texts = (...kinds: fc.Arbitrary<string>[]) =>
  fc.array(fc.oneof(...kinds, fc.string({ unit: "binary", maxLength: 8 })), { minLength: 1, maxLength: 60 });
/** DuckDB's texts are UTF-8 without NUL. */
const storable = (list: string[]) => list.map((text) => Buffer.from(text).toString().replaceAll("\0", "0"));

describe("times", () => {
  it("are read alike", async () => {
    await fc.assert(
      fc.asyncProperty(
        texts(isoText, numberLike).map(storable),
        fc.integer({ min: -840, max: 840 }),
        async (list, utc) => {
          expect(await ask(timeRule("t", utc), list)).toEqual(list.map((text) => parseTime(text, utc)));
        },
      ),
      { numRuns: 150 },
    );
  });

  const noon = Date.UTC(2024, 1, 29, 12);
  it.each<[string | number, number | null]>([
    ["2024-02-29T12:00:00Z", noon],
    ["2024-02-29 12:00", noon - 480 * 60_000],
    ["2024-02-29", Date.UTC(2024, 1, 28, 16)],
    ["2024-02-29T12:00:00.9999999Z", noon + 999],
    ["2024-02-29T13:30+01:30", noon],
    ["2024-02-29T10-02", null],
    ["2024-02-29 10:00:00-0200", noon],
    ["2024-02-29 14:00:00+02", noon],
    ["2023-02-29", null],
    ["2024-02-29T24:00:00Z", null],
    ["1709208000", noon],
    ["1709208000.5", noon + 500],
    ["1709208000123", noon + 123],
    ["1709208000123456", noon + 123],
    ["1709208000123456789", null],
    [1709208000.123, noon + 123],
    ["-0.0005", -1],
    ["-1", -1000],
    ["99999999999", 99999999999000],
    ["100000000000", 100000000000],
    ["yesterday", null],
    ["", null],
    ["1e9", null],
    [" 5", null],
    [Number.NaN, null],
  ])("%j at +08:00 is %j", (value, expected) => {
    expect(parseTime(value, 480)).toBe(expected);
  });

  it("carry an offset where they say so, or are numbers", async () => {
    const carrying = ["5", "-1709208000", "2024-02-29T12:00Z", "2024-02-29 12:00:00-02", "2024-02-29 12:00:00.5+0200"];
    const bare = ["2024-02-29", "2024-02-29 12:00", "2024-02-29T12:00:00.123"];
    expect(await ask(zoneRule("t"), [...carrying, ...bare])).toEqual([
      ...carrying.map(() => true),
      ...bare.map(() => false),
    ]);
  });
});

test("labels are 0, 1, true, false, t, f", async () => {
  const given = ["1", "1.0", "true", "TRUE", "t", "0", "0.0", "False", "f", "2", "yes", " 1", "-0", "null"];
  expect(await ask(labelRule("t"), given)).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 0, null, null, null, null, null]);
});

test("numbers are those that parseNumber knows", async () => {
  await fc.assert(
    fc.asyncProperty(texts(numberLike).map(storable), async (list) => {
      expect(await ask(numberRule("t"), list)).toEqual(list.map((text) => parseNumber(text) !== null));
    }),
    { numRuns: 150 },
  );
});

test("floating-point numbers are printed as JavaScript prints them", async () => {
  const number = fc.oneof(
    fc.double(),
    fc
      .tuple(fc.double({ min: -10, max: 10, noNaN: true }), fc.integer({ min: -12, max: 25 }))
      .map(([m, e]) => m * 10 ** e),
    fc.integer(),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(number, { minLength: 1, maxLength: 50 }), async (list) => {
      expect(await ask(numberText("t"), list, "DOUBLE")).toEqual(list.map(String));
    }),
    { numRuns: 100 },
  );
  expect(await ask(numberText("t"), ["0.1", "5", "16777216", "1e30"], "FLOAT")).toEqual([
    "0.1",
    "5",
    "16777216",
    "1e+30",
  ]);
});
