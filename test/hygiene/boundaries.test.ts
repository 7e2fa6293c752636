/** Imports go one way: a reversed or circular one fails here, and so does Node where a browser must be able to run. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

/**
 * The layers of src/, lowest first, each with the layers right below it: a layer may import those and what they may
 * import. Files directly in src/ are layers of their own, named with their extension.
 */
const LAYERS: Readonly<Record<string, { below: readonly string[]; browser?: boolean }>> = {
  "errors.ts": { below: [], browser: true },
  "format.ts": { below: [], browser: true },
  "suggest.ts": { below: [], browser: true },
  "files.ts": { below: ["errors.ts"] },
  kernels: { below: [], browser: true },
  tensor: { below: ["kernels"], browser: true },
  features: { below: ["tensor"], browser: true },
  autograd: { below: ["features"], browser: true },
  optim: { below: ["autograd"], browser: true },
  nn: { below: ["autograd"], browser: true },
  models: { below: ["nn"], browser: true },
  evaluate: { below: [] },
  checkpoint: { below: ["files.ts"] },
  report: { below: ["files.ts"] },
  data: { below: ["features", "evaluate", "files.ts", "format.ts", "suggest.ts"] },
  inspect: { below: ["data", "report"] },
  train: { below: ["models", "optim", "data", "checkpoint", "evaluate"] },
  experiments: { below: ["train", "report", "format.ts"] },
  "index.ts": { below: ["experiments", "inspect"] },
  cli: { below: ["experiments", "inspect"] },
};

/** Packages that run in a browser as they are. */
const BROWSER_PACKAGES = ["zod"];

/**
 * What a source imports, types included: `from "x"`, `import "x"`, and `import("x")` as a value or a type. Statements
 * begin a line, as the formatter leaves them, so comments and strings do not count.
 */
function importsOf(source: string): string[] {
  const statements = source.matchAll(/^(?:import|export)\b[^"';=]*?\bfrom\s*["']([^"']+)["']/gm);
  const bare = source.matchAll(/^import\s*["']([^"']+)["']/gm);
  const calls = source.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g);
  return [...statements, ...bare, ...calls].map((match) => match[1]);
}

/** `models/din.ts` lies in layer `models`. */
function layerOf(file: string): string {
  return file.split("/")[0];
}

function layersUnder(layer: string, found = new Set<string>()): Set<string> {
  for (const below of LAYERS[layer]?.below ?? []) {
    if (found.has(below)) continue;
    found.add(below);
    layersUnder(below, found);
  }
  return found;
}

/** What is wrong with a set of sources, by path in src/; empty where all is well. */
function violations(sources: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [from, source] of sources) {
    const layer = layerOf(from);
    if (!Object.hasOwn(LAYERS, layer)) found.push(`${from}: ${layer} is no known layer`);
    const allowed = layersUnder(layer);
    const imported: string[] = [];
    graph.set(from, imported);
    for (const name of importsOf(source)) {
      if (!name.startsWith(".")) {
        if (LAYERS[layer]?.browser && !BROWSER_PACKAGES.includes(name)) found.push(`${from} imports ${name}`);
        continue;
      }
      const to = relative("/", resolve("/", dirname(from), name));
      imported.push(to);
      const target = layerOf(to);
      if (target !== layer && !allowed.has(target)) found.push(`${from} imports ${to}`);
    }
  }
  const cycle = findCycle(graph);
  if (cycle) found.push(`circular: ${cycle.join(" -> ")}`);
  return found;
}

/** A path of files that ends where it began. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const to of graph.get(file) ?? []) {
      const cycle = walk(to, [...path, file]);
      if (cycle) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const cycle = walk(file, []);
    if (cycle) return cycle;
  }
  return undefined;
}

describe("imports", () => {
  it("of src/ go one way", () => {
    const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => /\.[cm]?ts$/.test(file));
    const sources = new Map(files.map((file) => [file, readFileSync(join("src", file), "utf8")]));
    expect(sources.size).toBeGreaterThan(20);
    expect(violations(sources)).toEqual([]);
  });

  it.each<[string, Record<string, string>, string[]]>([
    [
      "a reversed edge",
      { "kernels/a.ts": 'import { b } from "../tensor/b.ts";' },
      ["kernels/a.ts imports tensor/b.ts"],
    ],
    [
      "a type, over several lines",
      { "data/a.ts": 'import type {\n  A,\n  B,\n} from "../models/a.ts";' },
      ["data/a.ts imports models/a.ts"],
    ],
    ["a type in place", { "data/a.ts": 'type A = import("../models/a.ts").A;' }, ["data/a.ts imports models/a.ts"]],
    ["a re-export", { "checkpoint/a.ts": 'export * from "../train/a.ts";' }, ["checkpoint/a.ts imports train/a.ts"]],
    ["a side effect", { "data/a.ts": 'import "../cli/main.ts";' }, ["data/a.ts imports cli/main.ts"]],
    ["a late import", { "evaluate/a.ts": 'await import("../data/a.ts")' }, ["evaluate/a.ts imports data/a.ts"]],
    ["Node in the browser", { "models/a.ts": 'import fs from "node:fs";' }, ["models/a.ts imports node:fs"]],
    ["a folder without a place", { "misc/a.ts": "" }, ["misc/a.ts: misc is no known layer"]],
    [
      "a circle within a layer",
      {
        "nn/a.ts": 'import type { B } from "./b.ts";',
        "nn/b.ts": 'import { c } from "./c.ts";',
        "nn/c.ts": 'export { a } from "./a.ts";',
      },
      ["circular: nn/a.ts -> nn/b.ts -> nn/c.ts -> nn/a.ts"],
    ],
    [
      "nothing wrong",
      { "cli/a.ts": 'import { x } from "../kernels/x.ts";\n// import "../nowhere/x.ts";\nimport fs from "node:fs";' },
      [],
    ],
  ])("finds %s", (_, sources, expected) => {
    expect(violations(new Map(Object.entries(sources)))).toEqual(expected);
  });
});
