import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type PythonKey,
  PythonLiteralError,
  type PythonValue,
  parsePythonLiteral,
} from "../../src/importers/amazon/python-literal.ts";

/** A choice that the printer makes, out of `count`. */
type Choose = (count: number) => number;

/** Prints a value as Python could write it: quotes, escapes, prefixes and white space as `choose` has it. */
function print(value: PythonValue, choose: Choose): string {
  const space = () => ["", " ", "\t", "\n "][choose(4)];
  const list = (values: readonly string[], close: string) =>
    values.join(`${space()},${space()}`) +
    (values.length > 0 && choose(2) === 1 ? `,${space()}` : "") +
    space() +
    close;
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string") return printString(value, choose);
  if (typeof value === "number") return printNumber(value, choose);
  if (typeof value === "bigint") return `${value}${["", "L"][choose(2)]}`;
  if (Array.isArray(value)) {
    const values = value.map((one) => print(one, choose));
    if (choose(2) === 0) return `[${space()}${list(values, "]")}`;
    return values.length === 1 ? `(${values[0]}${space()},)` : `(${space()}${list(values, ")")}`;
  }
  const pairs = [...value].map(([key, one]) => `${print(key, choose)}${space()}:${space()}${print(one, choose)}`);
  return `{${space()}${list(pairs, "}")}`;
}

function printNumber(value: number, choose: Choose): string {
  if (Object.is(value, -0)) return "-0.0";
  if (!Number.isSafeInteger(value)) return /[.e]/.test(`${value}`) ? `${value}` : `${value}.0`;
  const sign = value < 0 ? "-" : ["", "+"][choose(2)];
  const size = Math.abs(value);
  const radix = choose(6);
  if (radix === 1) return `${sign}0x${size.toString(16)}`;
  if (radix === 2) return `${sign}0o${size.toString(8)}`;
  if (radix === 3) return `${sign}0b${size.toString(2)}`;
  if (radix === 4) return `${sign}${size}L`;
  return radix === 5 && size < 1e15 ? `${sign}${size}.` : `${sign}${size}`;
}

function printString(value: string, choose: Choose): string {
  const quote = ["'", '"'][choose(2)];
  const hex = (code: number, width: number) => code.toString(16).padStart(width, "0");
  let out = "";
  for (const char of value) {
    const code = char.codePointAt(0)!;
    const named = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\x07": "\\a", "\b": "\\b" }[char];
    const how = choose(6);
    if (char === quote) out += `\\${char}`;
    else if (named !== undefined) out += named;
    else if (how === 1 && code < 256) out += `\\x${hex(code, 2)}`;
    else if (how === 2 && code < 0x10000) out += `\\u${hex(code, 4)}`;
    else if (how === 3) out += `\\U${hex(code, 8)}`;
    else if (how === 4 && code < 256) out += `\\${code.toString(8).padStart(3, "0")}`;
    else if (how === 5) out += `\\\n${char}`;
    else out += char;
  }
  return `${["", "u", "U"][choose(3)]}${quote}${out}${quote}`;
}

const text = fc.string({ unit: fc.oneof(fc.constantFrom(..."'\"\\\n\r\tabcu0"), fc.string({ unit: "binary" })) });
const scalar: fc.Arbitrary<PythonKey> = fc.oneof(
  text,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt({ min: 2n ** 53n }),
  fc.boolean(),
  fc.constant(null),
);
const { value: values } = fc.letrec<{ value: PythonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(scalar, tie("value")), { maxLength: 4 }).map((pairs) => new Map(pairs)),
  ),
}));

function refusal(source: string): string {
  try {
    parsePythonLiteral(source);
  } catch (error) {
    expect(error).toBeInstanceOf(PythonLiteralError);
    const { message, position } = error as PythonLiteralError;
    expect(position).toBeGreaterThanOrEqual(0);
    expect(position).toBeLessThanOrEqual(source.length);
    return message;
  }
  throw new Error(`accepted: ${source}`);
}

describe("parsePythonLiteral", () => {
  test("gives back whatever a printer of literals wrote", () => {
    fc.assert(
      fc.property(values, fc.infiniteStream(fc.nat(59)), (value, choices) => {
        // 60 divides evenly by every number of choices that the printer offers.
        const choose = (count: number) => choices.next().value % count;
        expect(parsePythonLiteral(print(value, choose))).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  test("reads a line of the dumps", () => {
    const line =
      "{'asin': '0132793040', 'title': u'Kelby\\u2019s \"Guide\"', 'price': 12.5, 'salesRank': {'Electronics': 12}, " +
      "\"description\": \"it's\", 'related': {'also_bought': []}, 'categories': [['Electronics', \"Men's\"]]}";
    expect(parsePythonLiteral(line)).toEqual(
      new Map<PythonKey, PythonValue>([
        ["asin", "0132793040"],
        ["title", 'Kelby’s "Guide"'],
        ["price", 12.5],
        ["salesRank", new Map([["Electronics", 12]])],
        ["description", "it's"],
        ["related", new Map([["also_bought", []]])],
        ["categories", [["Electronics", "Men's"]]],
      ]),
    );
  });

  // The right-hand sides are what ast.literal_eval of Python 3.11 gives.
  test.each<[string, PythonValue]>([
    ["'\\0\\12\\1234'", "\0\nS4"],
    ["'\\q\\.\\8'", "\\q\\.\\8"],
    ["'\\ud83d\\ude00'", "😀"],
    ["''", ""],
    ['""', ""],
    ["'a\\\nb'", "ab"],
    ["()", []],
    ["(1)", 1],
    ["(1,)", [1]],
    ["((1, 2), [3])", [[1, 2], [3]]],
    ["- 1", -1],
    ["1e3", 1000],
    [".5", 0.5],
    ["5.", 5],
    ["00", 0],
    ["9007199254740991", 9007199254740991],
    ["9007199254740993", 9007199254740993n],
    ["-0xFFFFFFFFFFFFFFFF", -18446744073709551615n],
    ["{'a': 1, 'a': 2}", new Map([["a", 2]])],
    ["{'__proto__': 1}", new Map([["__proto__", 1]])],
    [" \t\n{}\f", new Map()],
  ])("reads %s", (source, value) => {
    expect(parsePythonLiteral(source)).toEqual(value);
  });

  test.each([
    ["", "a value was expected, found the end at character 1"],
    ["{'a': 1", ", or } was expected, found the end at character 8"],
    ["{'a' 1}", ': was expected, found "1" at character 6'],
    ["{'a': }", 'a value was expected, found "}" at character 7'],
    ["{, }", 'a value was expected, found "," at character 2'],
    ["[1 2]", ', or ] was expected, found "2" at character 4'],
    ["[1,,2]", 'a value was expected, found "," at character 4'],
    ["[1] 2", 'the end was expected, found "2" at character 5'],
    ["'abc", "a string without an end at character 1"],
    ["'abc\\", "a string without an end at character 5"],
    ["'a\nb'", "a string without an end at character 1"],
    ["'\\x4'", "\\x needs 2 digits of a character at character 2"],
    ["'\\xzz'", "\\x needs 2 digits of a character at character 2"],
    ["'\\U00110000'", "\\U needs 8 digits of a character at character 2"],
    ["'\\N{DASH}'", "names of characters (\\N) are not supported at character 2"],
    ["{[1]: 2}", "a key must be a string, number or name at character 2"],
    ["b'bytes'", "a value was expected, found b at character 1"],
    ["r'raw'", "a value was expected, found r at character 1"],
    ["'joined' 'strings'", 'the end was expected, found "\'" at character 10'],
    ["{1, 2}", ': was expected, found "," at character 3'],
    ["true", "a value was expected, found true at character 1"],
    ["nan", "a value was expected, found nan at character 1"],
    ["012", "no number that is known here at character 1"],
    ["1j", "no number that is known here at character 1"],
    ["1_000", "no number that is known here at character 1"],
    ["--1", 'a value was expected, found "-" at character 2'],
    ["-'a'", 'a value was expected, found "\'" at character 2'],
    ["1 + 1", 'the end was expected, found "+" at character 3'],
    ["__import__('os')", "a value was expected, found __import__ at character 1"],
  ])("refuses %j", (source, message) => {
    expect(refusal(source)).toBe(message);
  });

  test("refuses nesting that would overflow the stack", () => {
    for (const open of ["[", "(", "{1:"]) expect(refusal(open.repeat(1e5))).toMatch(/^more than 200 levels/);
    expect(parsePythonLiteral("[".repeat(200) + "]".repeat(200))).toHaveLength(1);
  });

  test("takes any damage to a literal with an error of its own or a value, never another error", () => {
    const symbols = fc.constantFrom(..."{}[]()'\",:\\uUxN0123L.eE+-_ \n\tTrueFalseNone\0é😀");
    const damaged = fc
      .tuple(values, fc.nat(59), fc.array(fc.tuple(fc.nat(200), fc.nat(3), symbols), { minLength: 1, maxLength: 5 }))
      .map(([value, style, edits]) => {
        let source = print(value, (count) => style % count);
        for (const [at, drop, put] of edits) source = source.slice(0, at) + put + source.slice(at + drop);
        return source;
      });
    const noise = fc.string({ unit: symbols, maxLength: 40 });
    fc.assert(
      fc.property(fc.oneof(damaged, noise), (source) => {
        try {
          parsePythonLiteral(source);
        } catch (error) {
          expect(error).toBeInstanceOf(PythonLiteralError);
        }
      }),
      { numRuns: 5000 },
    );
  });
});
