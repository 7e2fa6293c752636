import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memberLines } from "../../../src/importers/events/source/json-array.ts";
import { load, refusal, write } from "./support.ts";
import { columns, json } from "./tables.ts";

describe("a JSON array", () => {
  const lines = async (text: string, length = 1) => {
    async function* chunks() {
      for (let at = 0; at < text.length; at += length) yield Buffer.from(text.slice(at, at + length));
    }
    const parts: Buffer[] = [];
    for await (const part of memberLines(chunks())) parts.push(Buffer.from(part));
    return Buffer.concat(parts).toString().split("\n").slice(0, -1);
  };
  const members = (list: readonly string[]) =>
    list.map((line) => {
      try {
        return JSON.parse(line) as unknown;
      } catch {
        return "broken";
      }
    });

  it("becomes a line a member, however it is written", async () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { maxLength: 4 }),
        fc.nat({ max: 2 }),
        fc.integer({ min: 1, max: 9 }),
        async (list, indent, length) => {
          // -0 is no number of JSON's.
          const right = JSON.parse(JSON.stringify(list)) as unknown;
          expect(
            members(await lines(`\ufeff \n${JSON.stringify(list, null, indent)}\n`.replace("\ufeff", ""), length)),
          ).toEqual(right);
        },
      ),
    );
  });

  it.each<[string, unknown[]]>([
    ["[]", []],
    ["[1][2]", [1, 2]],
    ["[1,]", [1, "broken"]],
    ["[1,,2]", [1, "broken", 2]],
    ["[1", [1, "broken"]],
    ["[1,", [1, "broken"]],
    ['[{"a":', ["broken"]],
    ["[1] 5", [1, "broken"]],
    ['[{"a":"x\n},{"b":1}]', ["broken", { b: 1 }]],
    ['[{"a":1}},2]', ["broken", 2]],
  ])("%j has members %j", async (text, expected) => {
    expect(members(await lines(text))).toEqual(expected);
  });

  it("is reported on by the number of the member", async () => {
    const path = write(".json", `[\n${json(["a", "b", "c"])},\n{"u": "a", "i"},${json(["d", "e", ""])}]`);
    expect(await refusal(path, columns)).toBe(`${path}: row 2: expected a JSON object, found broken JSON`);
    const { table, skipped } = await load(path, columns, { skipBadRows: true });
    expect({ table, skipped }).toEqual({
      table: [
        ["a", "b", "c"],
        ["d", "e", null],
      ],
      skipped: 1,
    });
  });
});
