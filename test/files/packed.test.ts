/** Compressed files are whole, or refused: their streams cut, padded, joined and damaged at every place. */
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unpackGzip } from "../../src/files/gzip.ts";
import { DamagedStream, packedAs } from "../../src/files/packed.ts";
import { checkZstd } from "../../src/files/zstd.ts";
import { ZSTD } from "../support/zstd.ts";

/** The same bytes, however they fall into chunks. */
async function* chunks(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length];
    yield bytes.subarray(at, at + size);
    at += size;
  }
}
const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5000 })), { minLength: 1 });

async function unpacked(bytes: Buffer, cuts: readonly number[] = [1 << 16]): Promise<{ content: string; end: number }> {
  const parts: Buffer[] = [];
  const end = await unpackGzip(chunks(bytes, cuts), async (content) => {
    for await (const part of content) parts.push(part);
  });
  return { content: Buffer.concat(parts).toString("latin1"), end };
}

/** "whole", "cut off" or "damaged". */
async function verdict(check: Promise<unknown>): Promise<string> {
  try {
    await check;
    return "whole";
  } catch (error) {
    if (!(error instanceof DamagedStream)) throw error;
    return error.isCutOff ? "cut off" : "damaged";
  }
}

describe("gzip", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "\0"), maxLength: 200 });
  const level = fc.integer({ min: 0, max: 9 });
  const members = fc.array(fc.tuple(text, level), { minLength: 1, maxLength: 3 });
  const pack = (given: readonly (readonly [string, number])[]) =>
    Buffer.concat(given.map(([content, level]) => gzipSync(content, { level })));

  it("is one member or several, and zeros behind them, however the bytes come", async () => {
    const zeros = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 12 }), fc.constantFrom(512, 200_000));
    await fc.assert(
      fc.asyncProperty(members, zeros, sizes, async (given, padding, cuts) => {
        const packed = pack(given);
        const { content, end } = await unpacked(Buffer.concat([packed, Buffer.alloc(padding)]), cuts);
        expect(content).toBe(given.map(([one]) => one).join(""));
        expect(end).toBe(packed.length);
      }),
      { numRuns: 60 },
    );
  });

  it("is never taken for whole where it is cut off within a member", async () => {
    await fc.assert(
      fc.asyncProperty(
        members,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        sizes,
        async (given, at, cuts) => {
          const packed = pack(given);
          const ends = given.map((_, i) => pack(given.slice(0, i)).length);
          const cut = Math.floor(at * packed.length);
          fc.pre(cut > 0 && !ends.includes(cut));
          expect(await verdict(unpacked(packed.subarray(0, cut), cuts))).not.toBe("whole");
        },
      ),
      { numRuns: 60 },
    );
  });

  it("holds nothing but members: neither other bytes behind one nor zeros between two", async () => {
    const between = fc.oneof(
      fc.integer({ min: 1, max: 3000 }).map((length) => Buffer.alloc(length)),
      fc.uint8Array({ minLength: 1, maxLength: 9 }).map((bytes) => Buffer.from(bytes)),
    );
    await fc.assert(
      fc.asyncProperty(text, between, text, sizes, async (first, strange, second, cuts) => {
        const packed = Buffer.concat([gzipSync(first), strange, gzipSync(second)]);
        expect(await verdict(unpacked(packed, cuts))).not.toBe("whole");
      }),
      { numRuns: 60 },
    );
  });

  it("is refused or the same where a byte of it changed", async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.nat(), fc.integer({ min: 1, max: 255 }), async (given, place, change) => {
        const packed = gzipSync(given);
        packed[place % packed.length] ^= change;
        const found = await unpacked(packed).catch((error: unknown) => error);
        if (found instanceof DamagedStream) return;
        // The header has bytes that say nothing of the content.
        expect((found as { content: string }).content).toBe(gunzipSync(packed).toString("latin1"));
        expect((found as { content: string }).content).toBe(given);
      }),
      { numRuns: 60 },
    );
  });
});

/** Frames of RFC 8878 made of blocks that are not compressed, with headers of every kind; and frames to skip. */
const frame = fc.oneof(
  fc
    .record({
      flags: fc.record({ size: fc.nat(3), single: fc.boolean(), sum: fc.boolean(), dictionary: fc.nat(3) }),
      blocks: fc.array(fc.record({ type: fc.nat(2), size: fc.nat(40) }), { minLength: 1, maxLength: 4 }),
    })
    .map(({ flags, blocks }) => {
      const descriptor = (flags.size << 6) | (Number(flags.single) << 5) | (Number(flags.sum) << 2) | flags.dictionary;
      const sizeBytes = [flags.single ? 1 : 0, 2, 4, 8][flags.size];
      const header = (flags.single ? 0 : 1) + [0, 1, 2, 4][flags.dictionary] + sizeBytes;
      return Buffer.concat([
        Buffer.from([0x28, 0xb5, 0x2f, 0xfd, descriptor]),
        Buffer.alloc(header, 7),
        ...blocks.flatMap(({ type, size }, i) => {
          const word = Buffer.alloc(3);
          word.writeUIntLE((size << 3) | (type << 1) | Number(i === blocks.length - 1), 0, 3);
          return [word, Buffer.alloc(type === 1 ? 1 : size, 9)];
        }),
        Buffer.alloc(flags.sum ? 4 : 0, 5),
      ]);
    }),
  fc.record({ kind: fc.nat(15), size: fc.nat(40) }).map(({ kind, size }) => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(0x184d2a50 + kind);
    head.writeUInt32LE(size, 4);
    return Buffer.concat([head, Buffer.alloc(size, 3)]);
  }),
);

describe("zstd", () => {
  it("is whole frame by frame, and cut off everywhere else", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 4 }), sizes, async (frames, cuts) => {
        const bytes = Buffer.concat(frames);
        const ends = frames.map((_, i) => Buffer.concat(frames.slice(0, i + 1)).length);
        expect(await verdict(checkZstd(chunks(bytes, cuts)))).toBe("whole");
        for (let cut = 0; cut < bytes.length; cut += 1 + (cut % 5)) {
          const expected = ends.includes(cut) ? "whole" : "cut off";
          expect(await verdict(checkZstd(chunks(bytes.subarray(0, cut), cuts))), `at ${cut}`).toBe(expected);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("made by zstd itself is whole, and cut off at every byte of it", async () => {
    expect(await verdict(checkZstd(chunks(ZSTD, [7])))).toBe("whole");
    for (let cut = 0; cut < ZSTD.length; cut++) {
      expect(await verdict(checkZstd(chunks(ZSTD.subarray(0, cut), [50]))), `at ${cut}`).toBe("cut off");
    }
  });

  it("holds nothing but frames", async () => {
    for (const strange of ["garbage", "\0\0\0\0\0\0\0\0"]) {
      expect(await verdict(checkZstd(chunks(Buffer.concat([ZSTD, Buffer.from(strange)]), [64])))).toBe("damaged");
    }
  });
});

describe("how a file is packed", () => {
  it("shows in its first bytes", () => {
    expect(packedAs(gzipSync("a"))).toBe("gzip");
    expect(packedAs(ZSTD)).toBe("zstd");
    expect(packedAs(Buffer.from("BZh91AY"))).toBe("bzip2");
    for (const text of ["", "{", "user,item\n", "\u{feff}a,b"]) expect(packedAs(Buffer.from(text))).toBeUndefined();
  });
});
