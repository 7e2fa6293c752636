/** A sealed document is read as it was written, or refused: whatever is changed about it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { UserError } from "../../src/errors/failure.ts";
import { readSealedJson, readSealedYaml, sealedJson, sealedYaml, sealOf } from "../../src/files/sealed.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const path = join(folder, "document");

const outcomeOf = (read: Promise<unknown>) =>
  read.catch((error: unknown) => {
    expect(error).toBeInstanceOf(UserError);
    return "refused";
  });

describe("sealed JSON", () => {
  it("is JSON, which ends with a checksum of what stands before it, and is read without it", async () => {
    const value = { name: "shop", counts: [1, 2.5], more: { text: '}\n"\u2028€' } };
    for (const indent of [undefined, 2]) {
      writeFileSync(path, sealedJson(value, indent));
      const { sha256, ...rest } = JSON.parse(readFileSync(path, "utf8"));
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(rest).toEqual(value);
      expect(await readSealedJson(path)).toEqual({ value, sha256 });
      expect(sealOf(readFileSync(path, "utf8"))).toBe(sha256);
    }
  });

  it("any value with members", async () => {
    const objects = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue(), { minKeys: 1 });
    await fc.assert(
      fc.asyncProperty(objects, fc.constantFrom(undefined, 2), async (value, indent) => {
        writeFileSync(path, sealedJson(value, indent));
        expect((await readSealedJson(path)).value).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 50 },
    );
  });

  it("is refused with any byte changed, and with bytes gone or added", async () => {
    const whole = Buffer.from(sealedJson({ epoch: 12, text: "�ü" }, 2));
    for (let at = 0; at < whole.length; at++) {
      const turned = Buffer.from(whole);
      turned[at] ^= 1 << (at % 8);
      const others = [
        Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)]),
        Buffer.concat([whole.subarray(0, at), Buffer.from(" "), whole.subarray(at)]),
        whole.subarray(0, at),
      ];
      for (const bytes of [turned, others[at % 3]]) {
        writeFileSync(path, bytes);
        expect(await outcomeOf(readSealedJson(path)), `byte ${at}`).toBe("refused");
      }
    }
  });

  it("says why it is refused", async () => {
    const text = sealedJson({ version: 3 });
    writeFileSync(path, text.replace("3", "4"));
    await expect(readSealedJson(path)).rejects.toThrow(
      /is damaged: its contents do not fit its sha256: it was changed/,
    );
    writeFileSync(path, '{"version":3}');
    await expect(readSealedJson(path)).rejects.toThrow(/is damaged: it does not end with its sha256: it was cut off,/);
    writeFileSync(path, text.slice(0, 8));
    await expect(readSealedJson(path)).rejects.toThrow(/is damaged: it does not end with its sha256: /);
  });

  it("shows its head where the seal fits or is not there, not where it is broken", async () => {
    const seen: unknown[] = [];
    const read = () => outcomeOf(readSealedJson(path, (value) => seen.push(value)));
    writeFileSync(path, sealedJson({ version: 3 }));
    await read();
    writeFileSync(path, '{"version":2}');
    await read();
    writeFileSync(path, sealedJson({ version: 3 }).replace("3", "4"));
    await read();
    expect(seen).toEqual([{ version: 3 }, { version: 2 }]);
  });
});

describe("sealed YAML", () => {
  it("is the same YAML to others, and is refused with any bit turned or when it is cut off", async () => {
    const whole = Buffer.from(sealedYaml("model:\n  name: dien\ntrain:\n  learning_rate: 0.002\n"));
    writeFileSync(path, whole);
    const text = await readSealedYaml(path);
    expect(text).toBe("model:\n  name: dien\ntrain:\n  learning_rate: 0.002\n");
    expect(parse(whole.toString())).toEqual(parse(text));
    for (let at = 0; at < whole.length; at++) {
      const turned = Buffer.from(whole);
      turned[at] ^= 1 << (at % 8);
      for (const bytes of at % 3 === 0 ? [turned, whole.subarray(0, at)] : [turned]) {
        writeFileSync(path, bytes);
        expect(await outcomeOf(readSealedYaml(path)), `byte ${at}`).toBe("refused");
      }
    }
  });
});
