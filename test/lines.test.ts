/** Lines of any bytes, however they fall into chunks, are those of the whole. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Line, splitLines } from "../src/lines.ts";

async function linesOf(chunks: readonly Buffer[]): Promise<Line[]> {
  async function* input() {
    yield* chunks;
  }
  const found: Line[] = [];
  for await (const lines of splitLines(input(), "input")) {
    expect(lines.length).toBeGreaterThan(0);
    found.push(...lines);
  }
  return found;
}

/** The same of all bytes at once. */
function reference(bytes: Buffer): Line[] {
  const lines: Line[] = [];
  let number = 1;
  let line: number[] = [];
  const take = () => {
    const text = new TextDecoder("utf-8", { ignoreBOM: number > 1 }).decode(Uint8Array.from(line));
    let isUtf8 = true;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(line));
    } catch {
      isUtf8 = false;
    }
    if (text.trim() !== "") lines.push({ number, text, isUtf8 });
    number++;
    line = [];
  };
  for (const byte of bytes) {
    if (byte === 10) take();
    else line.push(byte);
  }
  take();
  return lines;
}

test("lines do not depend on chunks; those that are no UTF-8 say so", async () => {
  const piece = fc.constantFrom(
    ...["\n", "\r\n", " ", "a", "é", "好", "😀", "\ufeff", "\ufffd", "{}"].map((text) => Buffer.from(text)),
    ...[[0xff], [0xe5, 0xa5], [0xc0, 0x80], [0xed, 0xa0, 0x80]].map((bytes) => Buffer.from(bytes)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.concat(pieces)),
      fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 20 }),
      async (bytes, sizes) => {
        const chunks: Buffer[] = [];
        let at = 0;
        for (const size of sizes) {
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        chunks.push(bytes.subarray(at));
        expect(await linesOf(chunks)).toEqual(reference(bytes));
      },
    ),
    { numRuns: 300 },
  );
});

test("a line in many chunks takes time as its length, and has a limit", async () => {
  const chunk = Buffer.alloc(1 << 16, "1,");
  const start = performance.now();
  const [line] = await linesOf(Array<Buffer>(900).fill(chunk));
  expect(line.text.length).toBe(900 * chunk.length);
  await expect(linesOf(Array<Buffer>(1100).fill(chunk))).rejects.toThrow("input: line 1 is longer than 64 MiB");
  // Joined anew for every chunk it would be 30 GB to move.
  expect(performance.now() - start).toBeLessThan(5000);
});
