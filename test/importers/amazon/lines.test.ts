/** Files of a dump, line by line, packed or not. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readLines } from "../../../src/lines.ts";
import { ZSTD } from "../../support/zstd.ts";
import { dumps } from "./dumps.ts";

const { folder } = dumps();

describe("readLines", () => {
  test("reports name, size and SHA-256 of the file as it is on the disk", async () => {
    const path = join(folder, "known.gz");
    const bytes = gzipSync("a\nb\n");
    writeFileSync(path, bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(await readLines(path, () => {})).toEqual({ name: "known.gz", bytes: bytes.length, sha256 });
  });

  test.skipIf(process.platform === "win32")("reads a pipe, gzipped or not, whose size nobody knows", async () => {
    for (const [name, bytes] of [
      ["plain.pipe", Buffer.from("a\nb\n")],
      ["packed.pipe", gzipSync("a\nb\n")],
    ] as const) {
      const path = join(folder, name);
      execFileSync("mkfifo", [path]);
      const found: string[] = [];
      const progress: [number, number | undefined][] = [];
      const [file] = await Promise.all([
        readLines(
          path,
          ({ text }) => found.push(text),
          (...reported) => progress.push(reported),
        ),
        writeFile(path, bytes),
      ]);
      expect(found).toEqual(["a", "b"]);
      expect(progress.at(-1)).toEqual([bytes.length, undefined]);
      expect(file.bytes).toBe(bytes.length);
    }
  });

  test("gives the lines of any text, however its bytes fall into chunks", async () => {
    const line = fc.string({ unit: fc.constantFrom("a", "é", "好", "😀", "\r", " "), maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 30 }), fc.boolean(), fc.boolean(), async (lines, gzip, ended) => {
        const whole = lines.join("\n") + (ended ? "\n" : "");
        const path = join(folder, "lines");
        writeFileSync(path, gzip ? gzipSync(whole) : whole);
        const found: [string, number][] = [];
        const { bytes } = await readLines(path, ({ text, number }) => found.push([text, number]));
        expect(found).toEqual(lines.map((one, i) => [one, i + 1] as const).filter(([one]) => one.trim() !== ""));
        expect(bytes).toBe(readFileSync(path).length);
      }),
    );
    // Three-byte characters, so that some straddle the bounds of chunks of 1 MiB.
    const long = Array.from({ length: 12_000 }, (_, i) => `${i} ${"好".repeat(60)}`);
    const path = join(folder, "long.gz");
    writeFileSync(path, gzipSync(long.join("\n")));
    const found: string[] = [];
    await readLines(path, ({ text }) => found.push(text));
    expect(found).toEqual(long);
  });

  test("reads gzip files of several members, as `cat a.gz b.gz` makes them", async () => {
    const path = join(folder, "members.gz");
    writeFileSync(path, Buffer.concat([gzipSync("a\nb\n"), gzipSync("c\n")]));
    const found: string[] = [];
    await readLines(path, ({ text }) => found.push(text));
    expect(found).toEqual(["a", "b", "c"]);
  });

  test("reads a gzip file that zeros fill up, as `gzip -t` does", async () => {
    const path = join(folder, "padded.gz");
    writeFileSync(path, Buffer.concat([gzipSync("a\n"), Buffer.alloc(2_000_000)]));
    const found: string[] = [];
    await readLines(path, ({ text }) => found.push(text));
    expect(found).toEqual(["a"]);
  });

  test("refuses files that are packed in another way", async () => {
    const path = join(folder, "packed.zst");
    writeFileSync(path, ZSTD);
    await expect(readLines(path, () => {})).rejects.toThrow(`${path} is packed with zstd: unpack it first`);
  });

  test("refuses a line that would fill the memory", async () => {
    const path = join(folder, "endless.gz");
    writeFileSync(path, gzipSync(Buffer.alloc(70 * 2 ** 20, "a"), { level: 1 }));
    await expect(readLines(path, () => {})).rejects.toThrow(/line 1 is longer than 64 MiB/);
  });

  test("an error of whoever takes the lines comes through as it is", async () => {
    const defect = new TypeError("a defect");
    const path = join(folder, "defect");
    writeFileSync(path, "a\n");
    await expect(
      readLines(path, () => {
        throw defect;
      }),
    ).rejects.toBe(defect);
  });
});
