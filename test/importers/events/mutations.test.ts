/**
 * Files of every format with a few bytes changed, cut off, repeated or put in: what is loaded is what an independent and
 * slow reading of the same bytes gives, or there is an error of one line. No row is lost without a word.
 */
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { withDuckDB } from "../../../src/database/open.ts";
import { UserError } from "../../../src/errors/failure.ts";
import type { LogColumns } from "../../../src/importers/events/source/load.ts";
import { ZSTD, ZSTD_CSV } from "../../support/zstd.ts";
import { loadInto, write } from "./support.ts";

const columns: LogColumns = { user: "uid", item: "iid", fields: [{ name: "x", column: "x", kind: "category" }] };
type Row = readonly (string | null)[];

/** Rows of RFC 4180 as the tests of this file understand it, or without quotes; undefined where its quotes are none. */
function rowsOfText(text: string, delimiter: string, hasQuotes: boolean): Row[] | undefined {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let state: "start" | "bare" | "quoted" | "after" = "start";
  const endRow = () => {
    row.push(cell);
    rows.push(row);
    [row, cell, state] = [[], "", "start"];
  };
  for (let i = 0; i < text.length; i++) {
    const sign = text[i];
    if (state === "quoted") {
      if (sign !== '"') cell += sign;
      else if (text[i + 1] === '"') [cell, i] = [`${cell}"`, i + 1];
      else state = "after";
    } else if (sign === delimiter) {
      row.push(cell);
      [cell, state] = ["", "start"];
    } else if (sign === "\n") endRow();
    else if (hasQuotes && sign === '"' && state === "start") state = "quoted";
    else if ((hasQuotes && sign === '"') || sign === "\r" || state === "after") return undefined;
    else [cell, state] = [cell + sign, "bare"];
  }
  if (state === "quoted") return undefined;
  if (row.length > 0 || cell !== "" || state === "after") endRow();
  return rows;
}

/** What loading should give, sorted; undefined where it has to refuse. */
function expected(format: "csv" | "tsv" | "ndjson", bytes: Buffer): Row[] | undefined {
  const text = bytes.toString();
  if (!Buffer.from(text).equals(bytes)) return undefined;
  const found: Row[] = [];
  if (format === "ndjson") {
    for (const line of text.split("\n").filter((one) => one.trim() !== "")) {
      try {
        const value = JSON.parse(line) as Record<string, string | null>;
        found.push(
          ["uid", "iid", "x"].map((key) => (value[key] == null || value[key] === "" ? null : `${value[key]}`)),
        );
      } catch {
        return undefined;
      }
    }
  } else {
    // Blank lines may stand before the header.
    const rows = rowsOfText(text.replace(/^(?: *\n)+/, ""), format === "csv" ? "," : "\t", format === "csv");
    if (rows === undefined) return undefined;
    const [header, ...rest] = rows;
    const places = ["uid", "iid", "x"].map((name) => header?.indexOf(name) ?? -1);
    if (places.includes(-1)) return undefined;
    for (const row of rest) {
      if (row.length === 1 && row[0] === "" && header.length > 1) continue;
      if (row.length !== header.length) return undefined;
      found.push(places.map((place) => row[place] || null));
    }
  }
  return found.some(([user, item]) => user === null || item === null) || found.length === 0 ? undefined : found;
}

const word = fc.constantFrom("a", "b7", "x y", 'say "hi"', "é", "好", "-1");
const rows = fc.array(fc.tuple(word, word, fc.option(word)), { minLength: 1, maxLength: 6 });
const quoted = (value: string | null) => (value === null ? "" : `"${value.replaceAll('"', '""')}"`);

function text(format: "csv" | "tsv" | "ndjson", given: readonly Row[]): string {
  if (format === "ndjson") return given.map(([uid, iid, x]) => `${JSON.stringify({ uid, iid, x })}\n`).join("");
  const delimiter = format === "csv" ? "," : "\t";
  return [["uid", "iid", "x"], ...given.map((row) => (format === "csv" ? row.map(quoted) : row))]
    .map((row) => `${row.join(delimiter)}\n`)
    .join("");
}

const mutation = fc.record({
  kind: fc.constantFrom("change", "cut", "insert", "remove", "repeat"),
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  byte: fc.constantFrom(0, 10, 34, 44, 9, 0x61, 0x7b, 0x7d, 0x5c, 0xc3, 0xff),
  length: fc.integer({ min: 1, max: 12 }),
});

function mutate(
  bytes: Buffer,
  { kind, at, byte, length }: typeof mutation extends fc.Arbitrary<infer T> ? T : never,
): Buffer {
  const place = Math.floor(at * bytes.length);
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
  if (kind === "cut") return before;
  if (kind === "insert") return Buffer.concat([before, Buffer.of(byte), after]);
  if (kind === "remove") return Buffer.concat([before, after.subarray(length)]);
  if (kind === "repeat") return Buffer.concat([before, after.subarray(0, length), after]);
  return Buffer.concat([before, Buffer.of(after[0] ^ byte || byte), after.subarray(1)]);
}

const byText = (list: readonly Row[]) => list.map((row) => JSON.stringify(row)).sort();

test("texts, packed or not", async () => {
  await withDuckDB(async (connection) => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("csv" as const, "tsv" as const, "ndjson" as const),
        fc.boolean(),
        rows,
        fc.array(mutation, { maxLength: 2 }),
        async (format, isPacked, given, mutations) => {
          const plain = Buffer.from(text(format, given));
          const bytes = mutations.reduce(mutate, isPacked ? gzipSync(plain) : plain);
          const path = write(`.${format}${isPacked ? ".gz" : ""}`, bytes);
          let outcome: Row[] | UserError;
          try {
            outcome = (await loadInto(connection, path, columns)).table as Row[];
            await connection.run("DROP TABLE log");
          } catch (error) {
            expect(error).toBeInstanceOf(UserError);
            outcome = error as UserError;
          }
          if (outcome instanceof UserError) {
            expect(outcome.message).toMatch(/^[^\n]+$/);
            // What was not changed is read.
            expect(mutations).not.toEqual([]);
            return;
          }
          const content = isPacked ? unpacked(bytes) : bytes;
          const right = content && expected(format, content);
          expect(right && byText(right), JSON.stringify(content?.toString())).toEqual(byText(outcome));
        },
      ),
      { numRuns: 100, seed: 20 },
    );
  });
});

/** Without the zeros that may stand behind; undefined where it is damaged. */
function unpacked(bytes: Buffer): Buffer | undefined {
  for (let end = bytes.length; ; end--) {
    try {
      return gunzipSync(bytes.subarray(0, end));
    } catch {
      if (bytes[end - 1] !== 0) return undefined;
    }
  }
}

test("zstd with the sum of its content", async () => {
  const whole = ZSTD_CSV.trim().split("\n").slice(1);
  const right = byText(whole.map((line) => line.split(",").slice(0, 2)));
  await withDuckDB(async (connection) => {
    await fc.assert(
      fc.asyncProperty(mutation, async (change) => {
        const bytes = mutate(ZSTD, change);
        try {
          const { table } = await loadInto(connection, write(".csv.zst", bytes), {
            user: "uid",
            item: "iid",
            fields: [],
          });
          await connection.run("DROP TABLE log");
          expect(byText(table as Row[])).toEqual(right);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
          expect((error as UserError).message).toMatch(/^[^\n]+$/);
        }
      }),
      { numRuns: 60, seed: 20 },
    );
  });
});
