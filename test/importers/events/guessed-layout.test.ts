import { describe, expect, it } from "vitest";
import { guessLayout } from "../../../src/importers/events/source/guess-layout.ts";
import type { Layout } from "../../../src/importers/events/source/layout.ts";
import { write } from "./support.ts";
import { utf16 } from "./tables.ts";

describe("a layout that nobody gives is guessed", () => {
  const guess = async (ending: string, content: string | Uint8Array, given: Layout = {}) => {
    const path = write(ending, content);
    const [, format] = /\.(csv|tsv|ndjson)/.exec(ending) ?? [];
    const file = {
      name: path,
      path,
      bytes: 0,
      isPipe: false,
      format: format as "csv" | undefined,
      compression: "none" as const,
    };
    const { layout, why } = await guessLayout(file, given);
    expect(Object.keys(why).sort()).toEqual(
      Object.keys(layout)
        .filter((key) => !(key in given))
        .sort(),
    );
    return layout;
  };

  it.each<[string, string, string | Uint8Array, Layout]>([
    ["an ordinary CSV", ".csv", "user,item,time\na,b,1\n", {}],
    ["UserBehavior", ".csv", "1,2268318,2520377,pv,1511544070\n1,2333346,2520771,pv,1511561733\n", { header: "none" }],
    [
      "ratings of 1M",
      ".dat",
      "1::1193::5::978300760\n1::661::3::978302109\n",
      { format: "csv", delimiter: "::", header: "none" },
    ],
    ["two colons below names", ".csv", "user::item::time\n1::1193::978300760\n", { delimiter: "::" }],
    ["u.data", ".data", "196\t242\t3\t881250949\n186\t302\t3\t891717742\n", { format: "tsv", header: "none" }],
    ["blanks", ".txt", "1 5951\n1 2\n2 37\n", { format: "csv", delimiter: " ", header: "none" }],
    ["RecBole", ".inter", "user_id:token\titem_id:token\n1\t2\n", { format: "tsv" }],
    ["JSON lines", ".log", '{"a":1}\n', { format: "ndjson" }],
    ["a JSON array", "", ' [{"a":1}]', { format: "ndjson" }],
    ["Latin-1", ".csv", Buffer.from("user,title\n1,Misérables\n", "latin1"), { encoding: "windows-1252" }],
    [
      "GBK",
      ".csv",
      Buffer.concat([Buffer.from("user,title\n1,"), Buffer.of(0xc4, 0xe3, 0xba, 0xc3, 0x0a)]),
      { encoding: "gbk" },
    ],
    ["UTF-16 without a mark", ".csv", Buffer.from("user,title\n1,x\n", "utf16le"), { encoding: "utf-16le" }],
    ["UTF-16 with a mark", ".csv", utf16("user,title\n1,x\n"), {}],
    ["a quote alone", ".csv", 'user,title,x\n1,"Weird Al" Yankovic,2\n2,a,b\n', { quote: "none" }],
    ["quotes that are used", ".csv", 'user,title,x\n1,"a, b",2\n2,"it""s\nc",b\n', {}],
    ["TSV in quotes", ".tsv", '"user"\t"item"\n"a"\t"b"\n', { quote: '"' }],
    ["one column", ".csv", "user id\na\nb\n", {}],
    ["nothing", ".csv", "", {}],
  ])("%s", async (_, ending, content, expected) => {
    expect(await guess(ending, content)).toEqual(expected);
  });

  it("beside what is given", async () => {
    const given: Layout = { header: ["user", "item"], format: "csv" };
    expect(await guess(".dat", "1 5951\n1 2\n", given)).toEqual({ ...given, delimiter: " " });
  });
});
