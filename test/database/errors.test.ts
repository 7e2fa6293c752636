import { describe, expect, test } from "vitest";
import { ErrorsOf, fileFailure, parquetFailure } from "../../src/database/errors.ts";
import { UserError } from "../../src/errors/failure.ts";

const translate = (message: string) => new ErrorsOf("place").translate(new Error(message)) as UserError;
const WAL = 'Could not write file "out/work.duckdb.wal": No space left on device';

describe("what DuckDB throws becomes an error of the catalogue", () => {
  const block = "could not allocate block of size 256.0 KiB (63.9 MiB/64.0 MiB used)";
  test.each([
    [`Out of Memory Error: ${block}\n\nPossible solutions`, "file.no-room", block],
    [`IO Error: ${WAL}`, "file.no-room", "No space left on device"],
    [`TransactionContext Error: Failed to commit: ${WAL}`, "file.no-room", "No space left on device"],
    [`Failed to append: Failed to commit: ${WAL}`, "file.no-room", "No space left on device"],
    ['IO Error: Could not write file "a": Disk quota exceeded', "file.no-room", "Disk quota exceeded"],
    ['IO Error: Could not write file "a": Input/output error', "database.failed", "Input/output error"],
    ['IO Error: Cannot open file "a.csv": Permission denied', "database.failed", "Permission denied"],
    ['Parser Error: syntax error at or near "x"\nLINE 1', "database.failed", 'syntax error at or near "x"'],
  ])("%s", (message, code, reason) => {
    const error = translate(message);
    expect(error).toMatchObject({ code, values: { reason } });
    expect(error.cause).toMatchObject({ message });
  });

  test("but not what is none of its errors", () => {
    for (const error of [new TypeError("no function"), new UserError("file.empty", { path: "a" }), "text"]) {
      expect(new ErrorsOf("place").translate(error)).toBe(error);
    }
  });

  test("and all that fails after want of room is said to fail for that", () => {
    const errors = new ErrorsOf("place");
    const first = errors.translate(new Error(`TransactionContext Error: Failed to commit: ${WAL}`));
    expect(errors.translate(new Error("FATAL Error: Failed: database has been invalidated"))).toBe(first);
  });
});

describe("of a file", () => {
  test.each([
    ["Invalid Input Error: No magic bytes found at end of file 'a'", "file.damaged", "it is no whole Parquet file"],
    ['Invalid Input Error: Failed to read file "a": ZSTD Decompression failure', "file.damaged", "ZSTD"],
    ["Invalid Error: Out of buffer", "file.damaged", "Out of buffer"],
    ['Binder Error: Referenced column "hour" not found in FROM clause!', "file.damaged", 'it has no column "hour"'],
    ['IO Error: No files found that match the pattern "a"', "file.absent", "no such file"],
    ['IO Error: Cannot open file "a": Too many open files', "file.unusable", "Too many open files"],
    ["Out of Memory Error: failed to allocate", "file.no-room", "failed to allocate"],
  ])("of Parquet: %s", (message, code, words) => {
    const error = parquetFailure(translate(message), "a.parquet") as UserError;
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  test("of any other kind it is named, unless the fault is not the file's", () => {
    const broken = fileFailure(translate("Invalid Input Error: bad CSV\n LINE"), "read", "a.csv");
    expect(broken).toMatchObject({ message: "cannot read a.csv: bad CSV" });
    const full = translate("Out of Memory Error: full");
    expect(fileFailure(full, "read", "a.csv")).toBe(full);
    const wal = translate(`IO Error: ${WAL}`);
    expect(fileFailure(wal, "write", "out/train.parquet")).toBe(wal);
    expect(fileFailure(wal, "write", "out/work.duckdb.wal")).toMatchObject({ code: "file.disk-full" });
  });
});
