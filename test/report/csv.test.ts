import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csv, jsonRows } from "../../src/report/csv.ts";

/** A strict reader of RFC 4180: fields, and whether they were quoted. */
function parse(text: string): { text: string; quoted: boolean }[][] {
  const lines: { text: string; quoted: boolean }[][] = [];
  let at = 0;
  let line: { text: string; quoted: boolean }[] = [];
  while (at < text.length) {
    const [whole, quoted, plain] = /"((?:[^"]|"")*)"|([^",\r\n]*)/y[Symbol.match](text.slice(at)) ?? [""];
    line.push({ text: quoted?.replaceAll('""', '"') ?? plain ?? "", quoted: quoted !== undefined });
    at += whole.length;
    if (text.startsWith(",", at)) at += 1;
    else if (text.startsWith("\r\n", at)) {
      at += 2;
      lines.push(line);
      line = [];
    } else throw new Error(`neither comma nor line end at ${at}`);
  }
  return lines;
}

const names = fc.constantFrom("a", "name, quoted", 'say "x"', "", "__proto__", "two\nlines");
const values = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", ",", '"', "\r", "\n", " ", "ü", "=") }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);
const tidy = fc.uniqueArray(names, { minLength: 1 }).chain((columns) =>
  fc.array(
    fc
      .tuple(...columns.map(() => values))
      .map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]]))),
    { minLength: 1, maxLength: 5 },
  ),
);

describe("csv", () => {
  it("comes back from a strict reader, numbers to the last bit", () => {
    fc.assert(
      fc.property(tidy, (rows) => {
        const [head, ...lines] = parse(csv(rows));
        const columns = Object.keys(rows[0]);
        expect(head.map((field) => field.text)).toEqual(columns);
        expect(lines).toHaveLength(rows.length);
        rows.forEach((row, index) => {
          columns.forEach((column, position) => {
            const [field, value] = [lines[index][position], row[column]];
            if (value === null) expect(field).toEqual({ text: "", quoted: false });
            else if (typeof value === "number") expect(Number(field.text) === value).toBe(true);
            else expect(field.text).toBe(String(value));
            if (value === "") expect(field.quoted).toBe(true);
          });
        });
      }),
    );
  });

  it("has all columns of all rows, and gaps for what is missing or not finite", () => {
    const rows = [{ a: 1 }, { b: Number.NaN, a: 2 }, { c: true }];
    expect(csv(rows)).toBe("a,b,c\r\n1,,\r\n2,,\r\n,,true\r\n");
    expect(csv([])).toBe("");
  });
});

describe("jsonRows", () => {
  it("is JSON with a row a line", () => {
    const rows = [
      { name: 'a\n"b"', x: 0.1 + 0.2 },
      { name: "c", x: null },
    ];
    expect(JSON.parse(jsonRows(rows))).toEqual(rows);
    expect(jsonRows(rows).trimEnd().split("\n")).toHaveLength(4);
    expect(JSON.parse(jsonRows([]))).toEqual([]);
  });
});
