import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asUtf8 } from "../../../src/importers/events/source/encoding.ts";
import type { Layout } from "../../../src/importers/events/source/layout.ts";
import { load, refusal, write } from "./support.ts";
import { columns, utf16 } from "./tables.ts";

describe("bytes that are wrong for the encoding", () => {
  it("are reported with their row", async () => {
    const bytes = Buffer.concat([
      Buffer.from("u,i,x\na,b,c\na,b,"),
      Buffer.of(0xc4, 0xe3),
      Buffer.from("\na,"),
      Buffer.of(0x81),
      Buffer.from("\nd,e,f\n"),
    ]);
    const path = write(".csv", bytes);
    const layout: Layout = { encoding: "gbk" };
    expect(await refusal(path, columns, { layout })).toBe(`${path}: row 3: the text is not gbk`);
    const { table, skipped } = await load(path, columns, { layout, skipBadRows: true });
    expect({ table, skipped }).toEqual({
      table: [
        ["a", "b", "c"],
        ["a", "b", "你"],
        ["d", "e", "f"],
      ],
      skipped: 1,
    });
  });

  it("are found in any stretch of any length", async () => {
    const encodings = {
      "utf-16le": utf16,
      "utf-16be": (text: string) => utf16(text, true),
      "windows-1252": (text: string) => Buffer.from(text, "latin1"),
    };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...(Object.keys(encodings) as (keyof typeof encodings)[])),
        fc.string({ unit: fc.constantFrom("a", "\n", "é", "ÿ", "\r", "Ċ", "\u0a0a", "🦆"), maxLength: 30 }),
        fc.integer({ min: 1, max: 9 }),
        async (encoding, given, length) => {
          const text = encoding === "windows-1252" ? given.replace(/[^\0-\xff]/gu, "") : given;
          const bytes = Buffer.from(encodings[encoding](text));
          async function* chunks() {
            for (let at = 0; at < bytes.length; at += length) yield Buffer.from(bytes.subarray(at, at + length));
          }
          const parts: Buffer[] = [];
          for await (const part of asUtf8(chunks(), encoding, "x")) parts.push(part);
          expect(Buffer.concat(parts).toString()).toBe(text);
        },
      ),
    );
  });

  it("of windows-1252 are none", async () => {
    const path = write(
      ".csv",
      Buffer.concat([Buffer.from("u,i,x\na,b,"), Buffer.of(0x80, 0x92, 0x81), Buffer.from("\n")]),
    );
    expect((await load(path, columns, { layout: { encoding: "latin1" } })).table).toEqual([["a", "b", "€’\x81"]]);
  });
});
