/** The rules in SQL and in TypeScript say the same of every text. */
import type { DuckDBConnection } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { withDuckDB } from "../../../src/database/open.ts";
import { valuesOf } from "../../../src/dataset/lists.ts";
import { parseTime } from "../../../src/dataset/time.ts";
import {
  isTimeFormat,
  KNOWN_DIRECTIVES,
  parseFormatted,
  parseTimeFormat,
  timeFormat,
} from "../../../src/dataset/time-format.ts";
import { parseNumber } from "../../../src/dataset/transform.ts";
import { labelRule, listRule, numberRule, numberText } from "../../../src/importers/events/source/rules.ts";
import { formatRule, timeRule, zoneRule } from "../../../src/importers/events/source/times.ts";

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
const one = fc.integer({ min: 0, max: 32 }).map(String);
const looseText = fc
  .tuple(
    fc.oneof(year, fc.integer({ min: 1898, max: 2102 }).map(String)),
    fc.constantFrom("-", "/", ""),
    fc.oneof(month, one),
    fc.constantFrom("-", "/", ""),
    fc.oneof(two, one),
    fc.constantFrom("", " ", "T", "  "),
    fc.oneof(fc.constant(""), two, one),
    fc.constantFrom("", ":", ":"),
    fc.oneof(fc.constant(""), two),
    fc.constantFrom("", ":05", ":59.1239", ":00,5", "07", ".0", ".00", ".5"),
    fc.constantFrom("", " UTC", "UTC", " GMT", " Z", " +00:00", "  -0330", " +25", " utc", " C"),
    fc.constantFrom("", " ", "  ", "\t"),
  )
  .map((parts) => parts.join(""));
const compactText = fc
  .tuple(
    fc.constantFrom("19", "20", "14", "99", "-20", "2"),
    fc.array(fc.oneof(fc.integer({ min: 0, max: 13 }), fc.integer({ min: 0, max: 61 })), {
      minLength: 2,
      maxLength: 6,
    }),
    fc.constantFrom("", ".0", ".00", ".5", " ", "e1"),
  )
  .map(([century, parts, end]) => `${century}${parts.map((n) => String(n).padStart(2, "0")).join("")}${end}`);
const exponentText = fc
  .tuple(
    digits(1, 8),
    fc.constantFrom("", "."),
    digits(0, 10),
    fc.constantFrom("e", "E+", "e-", "e+0"),
    digits(0, 2),
    fc.constantFrom("", " "),
  )
  .map((parts) => parts.join(""));
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
  fc.array(fc.oneof(...kinds, fc.string({ unit: "binary", maxLength: 8 })), { minLength: 1, maxLength: 200 });
/** DuckDB's texts are UTF-8 without NUL. */
const storable = (list: string[]) => list.map((text) => Buffer.from(text).toString().replaceAll("\0", "0"));

describe("times", () => {
  it("are read alike", async () => {
    await fc.assert(
      fc.asyncProperty(
        texts(isoText, numberLike, looseText, compactText, exponentText).map(storable),
        fc.integer({ min: -840, max: 840 }),
        async (list, utc) => {
          expect(await ask(timeRule("t", utc), list)).toEqual(list.map((text) => parseTime(text, utc)));
        },
      ),
      { numRuns: 25 },
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
    ["1e9", 1e12],
    ["1.5e+09", 15e11],
    ["1.7092080005e9", null],
    ["1.627776e18", null],
    ["2024-02-29 04:00:00 UTC", noon - 480 * 60_000],
    ["2024-02-29 12:00:00 +00:00", noon],
    ["2024-02-29 20:00:00 ", noon],
    ["2024-02-29 20", noon],
    ["2024/02/29 20:00:00", noon],
    ["2024/2/29 2:05", noon - 18 * 3_600_000 + 300_000],
    ["02/29/2024 20:00", null],
    ["20240229", Date.UTC(2024, 1, 28, 16)],
    [20240229, Date.UTC(2024, 1, 28, 16)],
    ["20240229.0", Date.UTC(2024, 1, 28, 16)],
    ["20230229", null],
    ["14102100", null],
    ["2024022920", null],
    ["2033999999", 2033999999000],
    ["202402292000", noon],
    ["20240229200000", noon],
    ["829", 829_000],
    [" 5", null],
    [Number.NaN, null],
  ])("%j at +08:00 is %j", (value, expected) => {
    expect(parseTime(value, 480)).toBe(expected);
  });

  it("carry an offset where they say so, or are numbers", async () => {
    const carrying = [
      ...[
        "5",
        "-1709208000",
        "2024-02-29T12:00Z",
        "2024-02-29 12:00:00-02",
        "2024-02-29 12:00:00.5+0200",
        "1709208000123",
      ],
      ...["2024-02-29 12:00:00 UTC", "2024/2/9 12:00 GMT", "2024-2-9 9:00 -03:30", "1.5e9"],
    ];
    const bare = [
      ...["2024-02-29", "2024-02-29 12:00", "2024-02-29T12:00:00.123", "2024/2/9 9:05", "2024-02-09 05", "2024-2-29 "],
      ...["20240229", "20240229.0 ", "202402291200"],
    ];
    expect(await ask(zoneRule("t"), [...carrying, ...bare])).toEqual([
      ...carrying.map(() => true),
      ...bare.map(() => false),
    ]);
  });
});

describe("times of a format", () => {
  const directive = fc.constantFrom(...KNOWN_DIRECTIVES);
  const format = fc
    .oneof(
      fc.array(fc.oneof(directive, fc.constantFrom(" ", "/", "-", ":", ".", "年", "%%", "5")), {
        minLength: 1,
        maxLength: 9,
      }),
      fc.shuffledSubarray(["%d", "%m", "%Y", "%I", "%p", "%M", "%S"], { minLength: 7 }),
      fc.shuffledSubarray(["%d", "%b", "%y", "%H", "%z"], { minLength: 5 }),
    )
    .map((parts) => parts.join(""));
  const known = fc.constantFrom(
    ...[
      "%m/%d/%Y %I:%M:%S %p",
      "%Y%m%d%H",
      "%y%m%d%H",
      "%m%d",
      "%d.%m.%Y %H:%M",
      "%a, %d %b %Y %H:%M:%S %z",
      "%d-%B-%y",
    ],
    ...["seconds", "milliseconds", "microseconds", "nanoseconds"],
  );
  /** A text that may be of a format: what each directive may stand for. */
  const filled = (text: string, at: Date, choices: number) => {
    const pad = (n: number) => (choices & 1 ? String(n) : String(n).padStart(2, "0"));
    const [weekday, day, month] = at.toUTCString().split(/[, ]+/);
    const parts: Record<string, string> = {
      Y: String(at.getUTCFullYear()).padStart(4, "0"),
      y: pad(at.getUTCFullYear() % 100),
      m: pad(at.getUTCMonth() + 1),
      b: choices & 2 ? month.toUpperCase() : month,
      B: month,
      d: day,
      a: weekday,
      A: weekday.toLowerCase(),
      H: pad(at.getUTCHours()),
      I: pad(at.getUTCHours() % 12 || 12),
      p: at.getUTCHours() < 12 ? "AM" : "pm",
      M: pad(at.getUTCMinutes()),
      S: pad(at.getUTCSeconds()),
      f: String(at.getUTCMilliseconds() * 1001),
      z: choices & 4 ? "+0530" : "UTC",
      Z: "GMT",
    };
    return text.replace(/%(.)/g, (_, name: string) => parts[name] ?? name);
  };

  it("are read alike", async () => {
    let read = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(known, format.filter(isTimeFormat)),
        fc.array(fc.tuple(fc.date({ min: new Date(0), max: new Date(3e12), noInvalidDate: true }), fc.nat(7)), {
          minLength: 5,
          maxLength: 20,
        }),
        texts(numberLike, compactText).map(storable),
        fc.integer({ min: -840, max: 840 }),
        async (format, dates, others, utc) => {
          const list = [...dates.map(([at, choices]) => filled(format, at, choices)), ...others];
          const found = list.map((text) => parseFormatted(text, timeFormat(format), utc));
          read += found.filter((time) => time !== null).length;
          expect(await ask(formatRule("t", timeFormat(format), utc), list)).toEqual(found);
        },
      ),
      { numRuns: 120 },
    );
    expect(read).toBeGreaterThan(100);
  });

  const at = Date.UTC(2019, 10, 11, 9, 5, 58);
  it.each<[string, string | number, number | null]>([
    ["%m/%d/%Y %I:%M:%S %p", "11/11/2019 9:05:58 AM", at],
    ["%m/%d/%Y %I:%M:%S %p", "11/11/2019 12:05:58 pm", at + 3 * 3_600_000],
    ["%m/%d/%Y %I:%M:%S %p", "13/11/2019 9:05:58 AM", null],
    ["%d.%m.%y %H:%M:%S ", "11.11.19 09:05:58", at],
    ["%a %b %d %H:%M:%S %z %Y", "Mon Nov 11 09:05:58 +0000 2019", at],
    ["%Y%m%d%H", "2014120602", Date.UTC(2014, 11, 6, 2)],
    ["%Y%m%d%H", 2014120602, Date.UTC(2014, 11, 6, 2)],
    ["%y%m%d%H", "14102100", Date.UTC(2014, 9, 21)],
    ["%m%d", "0829", Date.UTC(2000, 7, 29)],
    ["%m%d", "829", Date.UTC(2000, 7, 29)],
    ["%m%d", "0230", null],
    ["%d %B %y", "3 september 68", Date.UTC(2068, 8, 3)],
    ["%d %B %y", "3 Sep 69", Date.UTC(1969, 8, 3)],
    ["nanoseconds", "1573463158000999999", at],
    ["nanoseconds", "-1", -1],
    ["seconds", "20171101", 20171101000],
    ["seconds", 829.5, 829500],
    ["milliseconds", "2019-11-11", null],
  ])("of %j is %j", (format, value, expected) => {
    expect(parseFormatted(value, timeFormat(format), 0)).toBe(expected);
  });

  it.each([
    ["%Y-%m-%d %Q", /^%Q is none of %Y %y/],
    ["%d/%m/%Y %", /^% is none of/],
    ["%Y-%m", "a time needs a day (%d) and a month (%m or %b)"],
    ["%d/%m/%Y %I:%M", "%I and %p need one another"],
    ["%d/%m/%b", "it has two parts that say the same"],
    ["%d %m %d", "%d says again what stands before it"],
    ["milisec", "a time needs a day (%d) and a month (%m or %b)"],
  ])("%j is none", (format, expected) => {
    expect(parseTimeFormat(format)).toMatch(expected);
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

test("lists are JSON arrays of values", async () => {
  const json = fc.jsonValue({ maxDepth: 2, noUnicodeString: true } as never).map((value) => JSON.stringify(value));
  const flat = fc
    .array(
      fc.oneof(
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
        fc.constantFrom("a", "b c", '"'),
      ),
    )
    .map((value) => JSON.stringify(value));
  const junk = fc.string({ unit: fc.constantFrom(...'[]",: 1a.-e{}'), maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(json, flat, junk), { minLength: 40, maxLength: 60 }), async (texts) => {
      const isList = (text: string) => {
        try {
          const value: unknown = JSON.parse(text);
          return Array.isArray(value) && value.every((each) => typeof each !== "object" || each === null);
        } catch {
          return false;
        }
      };
      const rule = await ask(listRule("t"), texts);
      texts.forEach((text, i) => {
        expect(rule[i], text).toBe(isList(text));
        if (!isList(text)) return;
        const known = (JSON.parse(text) as unknown[]).filter((value) => value !== null && value !== "").map(String);
        expect(valuesOf(text, {})).toEqual([...new Set(known)]);
      });
    }),
    { numRuns: 30 },
  );
});

test("whole numbers in lists keep their digits, texts theirs, and what is missing is left out", () => {
  expect(valuesOf('[9007199254740993, "9007199254740993", -1.50, 1e2, "1.50", null, "", true]', {})).toEqual([
    "9007199254740993",
    "-1.5",
    "100",
    "1.50",
    "true",
  ]);
  expect(valuesOf(" a , b,,a,NA , c d ", { separator: ",", missing: ["NA"] })).toEqual(["a", "b", "c d"]);
  expect(valuesOf("a::b::", { separator: "::" })).toEqual(["a", "b"]);
  expect(valuesOf("a|b", {})).toEqual(["a|b"]);
  expect(valuesOf('["a", "say \\"5\\""]', {})).toEqual(["a", 'say "5"']);
});
