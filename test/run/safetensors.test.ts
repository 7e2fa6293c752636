import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../../src/errors/failure.ts";
import { writeFileAside } from "../../src/files/aside.ts";
import { decode, encode, type StoredTensor, type TensorFile } from "../../src/run/safetensors.ts";
import { openTensorFile, readTensorFile } from "../../src/run/safetensors-file.ts";
import { weightsSha256, weightsSha256InTurns } from "../../src/run/sha256.ts";

/*
 * Written by Python's safetensors 0.8.0:
 *   safetensors.numpy.save({"w": np.arange(6, dtype="f4").reshape(2, 3) / 4, "ids": np.array([-1, 7], "i4"),
 *     "step": np.array(3.5, "f8"), "none": np.zeros((0, 4), "f4")}, {"model": "dien"})
 */
const FROM_PYTHON = Buffer.from(
  "CAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJtb2RlbCI6ImRpZW4ifSwic3RlcCI6eyJkdHlwZSI6IkY2NCIsInNoYXBlIjpbXSwiZGF0YV9vZmZzZXRzIjpbMCw4XX0sIm5vbmUiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzAsNF0sImRhdGFfb2Zmc2V0cyI6WzgsOF19LCJ3Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDNdLCJkYXRhX29mZnNldHMiOls4LDMyXX0sImlkcyI6eyJkdHlwZSI6IkkzMiIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzMyLDQwXX19ICAgICAAAAAAAAAMQAAAAAAAAIA+AAAAPwAAQD8AAIA/AACgP/////8HAAAA",
  "base64",
);

const EXAMPLE: TensorFile = {
  tensors: new Map<string, StoredTensor>([
    ["w", { shape: [2, 3], data: Float32Array.of(0, 0.25, 0.5, 0.75, 1, 1.25) }],
    ["ids", { shape: [2], data: Int32Array.of(-1, 7) }],
    ["step", { shape: [], data: Float64Array.of(3.5) }],
    ["none", { shape: [0, 4], data: new Float32Array(0) }],
  ]),
  metadata: { model: "dien" },
};

const tensor: fc.Arbitrary<StoredTensor> = fc.oneof(
  fc.float32Array({ maxLength: 9 }).map((data) => ({ shape: [data.length], data })),
  fc.float64Array({ maxLength: 9 }).map((data) => ({ shape: [1, data.length], data })),
  fc.int32Array({ maxLength: 9 }).map((data) => ({ shape: [data.length, 1], data })),
);
const name = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("a", "b", "__proto__", "constructor"));
const tensorFile = fc.record({
  tensors: fc.uniqueArray(fc.tuple(name, tensor), { selector: ([key]) => key, maxLength: 5 }).map((e) => new Map(e)),
  metadata: fc.dictionary(name, fc.string()),
});

const whole = (pieces: Uint8Array[]): Uint8Array => Buffer.concat(pieces);

/** A file with the header `header` (an object, or text as it is) and `dataBytes` bytes after it. */
function fileOf(header: unknown, dataBytes: number): Uint8Array {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(dataBytes)]);
}

/** The file read, or undefined where it was refused as a user's mistake; anything else fails the test. */
function decodeOrRefuse(bytes: Uint8Array): TensorFile | undefined {
  try {
    return decode(bytes, "w.safetensors");
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toMatch(/^w\.safetensors is not a valid safetensors file: [^\n]+$/);
    return undefined;
  }
}

describe("safetensors", () => {
  it("reads what Python's library wrote, and writes what it would read alike", () => {
    expect(decode(FROM_PYTHON, "python")).toEqual(EXAMPLE);
    expect(decode(whole(encode(EXAMPLE.tensors, EXAMPLE.metadata)), "ours")).toEqual(EXAMPLE);
  });

  it("gives back any tensors bit for bit, from any place in memory", () => {
    fc.assert(
      fc.property(tensorFile, fc.integer({ min: 0, max: 9 }), ({ tensors, metadata }, shift) => {
        const bytes = whole(encode(tensors, metadata));
        const shifted = new Uint8Array(bytes.length + shift).subarray(shift);
        shifted.set(bytes);
        const read = decode(shifted, "file");
        expect(weightsSha256(read.tensors)).toBe(weightsSha256(tensors));
        expect(Object.entries(read.metadata).sort()).toEqual(Object.entries(metadata).sort());
      }),
    );
  });

  it("does not copy: pieces and aligned tensors are views", () => {
    const data = new Float32Array(new SharedArrayBuffer(64), 16, 4).fill(2);
    const [header, piece] = encode(new Map([["w", { shape: [4], data }]]), {});
    expect(piece.buffer).toBe(data.buffer);
    expect(header.length % 8).toBe(0);
    const bytes = new Uint8Array([...header, ...piece]);
    expect(decode(bytes, "file").tensors.get("w")?.data.buffer).toBe(bytes.buffer);
  });

  it("refuses a shape that does not fit when writing", () => {
    const tensors = new Map([["w", { shape: [2, 2], data: new Float32Array(3) }]]);
    expect(() => encode(tensors, {})).toThrow("tensor w of shape [2,2] holds 3 elements");
  });

  const f32 = (shape: unknown, begin: unknown, end: unknown) => ({ dtype: "F32", shape, data_offsets: [begin, end] });
  it.each<[string, Uint8Array, string]>([
    ["no bytes", new Uint8Array(0), "0 bytes are too few"],
    ["a huge header", fileOf({}, 0).fill(0xff, 0, 8), "it claims a header of 18446744073709552000 bytes"],
    ["a header past the end", fileOf({}, 0).fill(99, 0, 1), "it claims a header of 99 bytes, but 2 bytes follow"],
    ["no JSON", fileOf("{a", 0), "its header is not JSON"],
    ["a header that is no object", fileOf([], 0), "its header is not a JSON object"],
    ["bytes that are no UTF-8", fileOf("{}", 0).fill(0xff, 8), "its header is not JSON"],
    ["metadata of numbers", fileOf({ __metadata__: { a: 1 } }, 0), "__metadata__ does not map strings to strings"],
    ["a tensor that is a number", fileOf({ w: 1 }, 0), 'tensor "w" is not described by an object'],
    ["an unknown key", fileOf({ w: { ...f32([1], 0, 4), zip: 1 } }, 4), 'tensor "w" has an unknown key "zip"'],
    [
      "another dtype",
      fileOf({ w: { ...f32([1], 0, 4), dtype: "BF16" } }, 4),
      'has dtype "BF16", expected F64, F32, I32',
    ],
    ["a dtype of Object", fileOf({ w: { ...f32([1], 0, 4), dtype: "toString" } }, 4), 'has dtype "toString"'],
    ["a negative size", fileOf({ w: f32([-1], 0, 4) }, 4), 'tensor "w" has shape [-1], expected sizes'],
    ["a broken size", fileOf({ w: f32([1.5], 0, 6) }, 6), 'tensor "w" has shape [1.5], expected sizes'],
    [
      "one offset",
      fileOf({ w: { ...f32([1], 0, 4), data_offsets: [0] } }, 4),
      "has data_offsets [0], expected [begin, end]",
    ],
    [
      "an end before the begin",
      fileOf({ w: f32([1], 4, 0) }, 4),
      'tensor "w" is F32 [1], which does not take -4 bytes',
    ],
    ["an absurd shape", fileOf({ w: f32([2 ** 40, 2 ** 40], 0, 4) }, 4), "which does not take 4 bytes"],
    ["a gap", fileOf({ v: f32([1], 0, 4), w: f32([1], 8, 12) }, 12), 'tensor "w" starts at byte 8, not 4'],
    ["an overlap", fileOf({ v: f32([2], 0, 8), w: f32([1], 4, 8) }, 8), 'tensor "w" starts at byte 4, not 8'],
    ["too few bytes", fileOf({ w: f32([2], 0, 8) }, 7), "its tensors take 8 bytes, but 7 bytes follow the header"],
    ["bytes left over", fileOf({ w: f32([2], 0, 8) }, 9), "its tensors take 8 bytes, but 9 bytes follow the header"],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => decode(bytes, "w.safetensors")).toThrow(message);
    expect(decodeOrRefuse(bytes)).toBeUndefined();
  });

  it("reads or refuses any bytes, never anything else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        decodeOrRefuse(bytes);
      }),
    );
    fc.assert(
      fc.property(fc.json(), fc.integer({ min: 0, max: 16 }), (header, size) => {
        decodeOrRefuse(fileOf(header, size));
      }),
    );
  });

  it("refuses every truncation and every extension", () => {
    for (let length = 0; length < FROM_PYTHON.length; length++) {
      expect(decodeOrRefuse(FROM_PYTHON.subarray(0, length))).toBeUndefined();
    }
    expect(decodeOrRefuse(Buffer.concat([FROM_PYTHON, Buffer.alloc(1)]))).toBeUndefined();
  });

  it("reads or refuses files with changed bytes, and never holds more than the file", () => {
    const change = fc.record({ at: fc.nat(FROM_PYTHON.length - 1), to: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Buffer.from(FROM_PYTHON);
        for (const { at, to } of changes) bytes[at] = to;
        const held = [...(decodeOrRefuse(bytes)?.tensors.values() ?? [])].map(({ data }) => data.byteLength);
        expect(held.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(FROM_PYTHON.length);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("tensor files", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "dien-tensors-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it("are read whole, or tensor by tensor into memory that is there", async () => {
    const path = join(folder, "w.safetensors");
    await writeFileAside(path, encode(EXAMPLE.tensors, EXAMPLE.metadata));
    expect(await readTensorFile(path)).toEqual(EXAMPLE);

    const file = await openTensorFile(path);
    const shared = new Float32Array(new SharedArrayBuffer(32), 4, 6);
    await file.readInto("w", shared);
    expect([...shared]).toEqual([0, 0.25, 0.5, 0.75, 1, 1.25]);
    await expect(file.readInto("w", new Float32Array(5))).rejects.toThrow("F32 of 5 asked for, F32 [2,3] there");
    await expect(file.readInto("w", new Int32Array(6))).rejects.toThrow("I32 of 6 asked for, F32 [2,3] there");
    await expect(file.readInto("v", new Int32Array(6))).rejects.toThrow("I32 of 6 asked for, nothing there");
    await file.close();
  });

  it("are refused like bytes in memory: absent, empty, truncated", async () => {
    const absent = join(folder, "absent.safetensors");
    await expect(readTensorFile(absent)).rejects.toThrow(`cannot read ${absent}: no such file or folder`);
    await expect(readTensorFile(folder)).rejects.toThrow(`cannot read ${folder}: it is a folder`);
    const path = join(folder, "broken.safetensors");
    for (const length of [0, 7, 100, FROM_PYTHON.length - 1]) {
      writeFileSync(path, FROM_PYTHON.subarray(0, length));
      const error = await readTensorFile(path).catch((reason) => reason);
      expect(error).toBeInstanceOf(UserError);
      expect(() => decode(FROM_PYTHON.subarray(0, length), path)).toThrow(error.message);
    }
  });
});

describe("SHA-256 of weights", () => {
  const sha = (entries: [string, StoredTensor][]) => weightsSha256(new Map(entries));
  const a: [string, StoredTensor] = ["a", { shape: [2], data: Float32Array.of(1, 2) }];
  const b: [string, StoredTensor] = ["b", { shape: [1], data: Float32Array.of(0) }];

  it("is that of the documented bytes", () => {
    // printf '["a","F32",[2]]\n\x00\x00\x80\x3f\x00\x00\x00\x40' | sha256sum
    expect(sha([a])).toBe("69606b8e5930c46dbc2b1542488bf994e5e24af5648a93a3209857896b1f859e");
  });

  it("is the same where others get their turns", async () => {
    const large: [string, StoredTensor] = ["c", { shape: [3, 2 ** 20], data: new Float32Array(3 * 2 ** 20).fill(0.1) }];
    let turns = 0;
    const others = setInterval(() => turns++, 0);
    expect(await weightsSha256InTurns(new Map([a, large, b]))).toBe(sha([large, b, a]));
    clearInterval(others);
    expect(turns).toBeGreaterThan(0);
  });

  it("does not depend on order, but on every name, shape, type and bit", () => {
    expect(sha([a, b])).toBe(sha([b, a]));
    const all = [
      sha([a, b]),
      sha([["c", a[1]], b]),
      sha([["a", { shape: [2, 1], data: a[1].data }], b]),
      sha([["a", { shape: [2], data: new Int32Array(a[1].data.buffer) }], b]),
      sha([a, ["b", { shape: [1], data: Float32Array.of(-0) }]]),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});
