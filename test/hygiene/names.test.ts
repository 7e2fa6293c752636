/** Two things never share a name: a type or class of src/ is declared once. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

/** The types and classes that a source declares outside of functions, exported or not. */
function declaredIn(source: string): string[] {
  const found = source.matchAll(
    /^(?:export )?(?:default )?(?:declare )?(?:abstract )?(?:interface|type|class) (\w+)/gm,
  );
  return [...found].map((match) => match[1]);
}

/** The files that declare each name which several declare. */
function shared(sources: ReadonlyMap<string, string>): Record<string, string[]> {
  const files = new Map<string, string[]>();
  for (const [file, source] of sources) {
    for (const name of declaredIn(source)) files.set(name, [...(files.get(name) ?? []), file]);
  }
  return Object.fromEntries([...files].filter(([, places]) => places.length > 1));
}

it("types and classes of src/ are declared once", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const sources = new Map(files.map((file) => [file, readFileSync(join("src", file), "utf8")]));
  expect([...sources.values()].flatMap(declaredIn).length).toBeGreaterThan(200);
  expect(shared(sources)).toEqual({});
});

it("finds types, interfaces and classes that share a name, exported or not, and nothing else", () => {
  const sources = new Map([
    [
      "a.ts",
      "export interface Rows {\n  readonly Part: number;\n}\ntype Sample = 1;\nexport type { Tables } from './c.ts';",
    ],
    ["b.ts", "class Rows {}\nexport abstract class Part {}\n  type Sample = 2;\nexport type Other = Part;"],
    ["c.ts", "export type Tables = 1;\n// class Part\nexport type Sample<T> = T;"],
  ]);
  expect(shared(sources)).toEqual({ Rows: ["a.ts", "b.ts"], Sample: ["a.ts", "c.ts"] });
});
