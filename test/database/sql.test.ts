import { expect, test } from "vitest";
import { isExhausted, reason } from "../../src/database/sql.ts";

const magic = 'No magic bytes found at end of file "a.parquet"';
const block = "could not allocate block of size 256.0 KiB (63.9 MiB/64.0 MiB used)";

test.each([
  [`Invalid Input Error: ${magic}\nLINE 1`, magic, false],
  ['IO Error: Cannot open file "a.csv": Permission denied', "Permission denied", false],
  [`Out of Memory Error: ${block}\n\nPossible solutions`, block, true],
  ['IO Error: Could not write file "work.duckdb": No space left on device', "No space left on device", true],
])("an error of DuckDB is reported in one line, without its kind: %s", (message, expected, lacks) => {
  expect(reason(new Error(message))).toBe(expected);
  expect(isExhausted(new Error(message))).toBe(lacks);
});
