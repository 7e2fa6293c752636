/** Imports go one way: a reversed or circular one fails here, and so does Node where a browser must be able to run. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

/**
 * The rooms of src/, from the ground up, each with the rooms right below it: a room may import those and what they may
 * import. A room is a folder or a file by its path in src/; a file belongs to the deepest room that holds it.
 */
const ROOMS: Readonly<Record<string, { below: readonly string[]; browser?: boolean }>> = {
  "format.ts": { below: [], browser: true },
  "suggest.ts": { below: [], browser: true },
  "interruption.ts": { below: [] },
  errors: { below: ["suggest.ts"], browser: true },
  options: { below: ["errors"], browser: true },
  files: { below: ["errors", "interruption.ts"] },
  "lines.ts": { below: ["files"] },
  database: { below: ["files"] },
  store: { below: ["lines.ts", "options"] },
  "ab/experiment": { below: ["options"], browser: true },
  "ab/definition": { below: ["ab/experiment", "files"] },
  "ab/records": { below: ["lines.ts", "options", "database"] },
  "kernels/contract": { below: [], browser: true },
  "kernels/contract.ts": { below: ["kernels/contract"], browser: true },
  "kernels/reference": { below: ["kernels/contract.ts"], browser: true },
  "kernels/wasm": { below: ["kernels/contract.ts"], browser: true },
  "kernels/native": { below: ["kernels/contract.ts"], browser: true },
  kernels: { below: ["kernels/reference", "kernels/wasm", "kernels/native"], browser: true },
  tensor: { below: ["kernels"], browser: true },
  autograd: { below: ["tensor"], browser: true },
  optim: { below: ["autograd"], browser: true },
  features: { below: ["tensor"], browser: true },
  nn: { below: ["autograd", "features"], browser: true },
  models: { below: ["nn"], browser: true },
  statistics: { below: [] },
  "ab/bandit": { below: ["tensor"], browser: true },
  calibration: { below: ["statistics"] },
  report: { below: ["files"] },
  dataset: { below: ["features", "files", "database", "options"] },
  importers: { below: ["dataset", "lines.ts"] },
  "importers/amazon": { below: ["importers"] },
  "importers/events/source": { below: ["dataset"] },
  "ab/load": { below: ["ab/records", "importers/events/source"] },
  "importers/events/features": { below: ["importers/events/source"] },
  "importers/events/guess": { below: ["importers/events/features"] },
  "importers/events/log": { below: ["importers/events/features", "importers"] },
  "importers/events/learn": { below: ["importers/events/log"] },
  "importers/events/write": { below: ["importers/events/learn"] },
  "importers/events": { below: ["importers/events/write", "importers/events/guess"] },
  "importers/taobao": { below: ["importers/events"] },
  "importers/synthetic": { below: ["importers", "statistics"] },
  "inspection/measure": { below: ["dataset", "format.ts"] },
  "inspection/show": { below: ["inspection/measure", "report"] },
  run: { below: ["models", "dataset", "calibration", "lines.ts"] },
  engine: { below: ["run", "optim"] },
  scoring: { below: ["engine", "statistics", "store"] },
  "ab/analysis": { below: ["importers/events/source", "statistics", "ab/experiment", "ab/records"] },
  "ab/show": { below: ["ab/analysis", "report", "format.ts"] },
  "ab/replay": { below: ["ab/analysis", "scoring", "report", "format.ts"] },
  "scoring/pool": { below: ["scoring"] },
  "scoring/show": { below: ["scoring", "report", "format.ts"] },
  "serving/models": { below: ["scoring/pool"] },
  training: { below: ["scoring", "format.ts"] },
  serving: { below: ["serving/models", "store", "report", "ab/records", "ab/definition", "ab/bandit"] },
  client: { below: ["serving"], browser: true },
  market: { below: ["serving", "ab/analysis", "statistics", "importers/synthetic"] },
  "experiments/lab": { below: ["training"] },
  verification: { below: ["experiments/lab"] },
  "experiments/results": { below: ["experiments/lab", "report", "format.ts"] },
  "experiments/paper": { below: ["experiments/results", "market"] },
  "experiments/search": { below: ["experiments/results"] },
  experiments: { below: ["experiments/paper", "experiments/search"] },
  "ab/plan": { below: ["ab/analysis", "inspection/measure", "report", "format.ts"] },
  api: { below: ["statistics", "options", "interruption.ts", "ab/definition", "ab/records", "serving"] },
  "index.ts": {
    below: [
      ...["api", "serving", "experiments", "verification", "inspection/show", "scoring/show"],
      ...["importers/amazon", "importers/taobao", "importers/synthetic"],
    ],
  },
  cli: {
    below: [
      ...["serving", "experiments", "verification", "inspection/show", "ab/plan", "ab/show", "ab/replay", "ab/load"],
      ...["importers/amazon", "importers/taobao", "importers/synthetic"],
      "scoring/show",
    ],
  },
};

/** Folders that are no rooms: they sort the files of the room that holds them. */
const PARTS: readonly string[] = [
  "cli/ab",
  "cli/prepare",
  "errors/catalogue",
  "kernels/native/generated",
  "kernels/wasm/generated",
  "report/plots",
  "serving/experiments",
  "serving/inference",
  "serving/metrics",
  "serving/routes",
];

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

/** The deepest room that holds a file: `importers/events/source/csv.ts` lies in `importers/events/source`. */
function roomOf(file: string): string | undefined {
  for (let path = file; path !== "."; path = dirname(path)) if (Object.hasOwn(ROOMS, path)) return path;
  return undefined;
}

function roomsBelow(room: string, found = new Set<string>()): Set<string> {
  for (const below of ROOMS[room].below) {
    if (found.has(below)) continue;
    found.add(below);
    roomsBelow(below, found);
  }
  return found;
}

/** What is wrong with a set of sources, by path in src/; empty where all is well. */
function violations(sources: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [from, source] of sources) {
    const room = roomOf(from);
    if (room === undefined) {
      found.push(`${from} lies in no known room`);
      continue;
    }
    const allowed = roomsBelow(room);
    const imported: string[] = [];
    graph.set(from, imported);
    for (const name of importsOf(source)) {
      if (!name.startsWith(".")) {
        if (ROOMS[room].browser && !BROWSER_PACKAGES.includes(name)) found.push(`${from} imports ${name}`);
        continue;
      }
      const to = relative("/", resolve("/", dirname(from), name));
      imported.push(to);
      const target = roomOf(to);
      if (target === undefined || (target !== room && !allowed.has(target))) found.push(`${from} imports ${to}`);
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

  it("know every folder of src/ that holds sources, as a room or as a part of one", () => {
    const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    const folders = new Set(files.map((file) => dirname(file)).filter((folder) => folder !== "."));
    const rooms = new Set(Object.keys(ROOMS).filter((room) => !room.endsWith(".ts")));
    expect([...folders].filter((folder) => !rooms.has(folder)).sort()).toEqual([...PARTS].sort());
    expect([...rooms].filter((room) => !existsSync(join("src", room)))).toEqual([]);
  });

  it("of a worker thread are of no package, types aside: each training starts several of them", () => {
    const reached = new Set(["engine/worker.ts"]);
    for (const file of reached) {
      const source = readFileSync(join("src", file), "utf8").replace(/^(?:import|export) type\b[^;]*;/gm, "");
      for (const name of importsOf(source)) {
        if (name.startsWith(".")) reached.add(relative("/", resolve("/", dirname(file), name)));
        else expect(name, file).toMatch(/^node:/);
      }
    }
    expect(reached.size).toBeGreaterThan(50);
  });

  it("of the client are of nothing but itself, types aside", () => {
    for (const file of readdirSync("src/client")) {
      const source = readFileSync(join("src/client", file), "utf8").replace(/^(?:import|export) type\b[^;]*;/gm, "");
      for (const name of importsOf(source)) expect(name, file).toMatch(/^\.\/\w+\.ts$/);
    }
  });

  it("are allowed in one direction between any two rooms", () => {
    for (const room of Object.keys(ROOMS)) expect([...roomsBelow(room)], room).not.toContain(room);
  });

  it.each<[string, Record<string, string>, string[]]>([
    [
      "a reversed edge",
      { "kernels/a.ts": 'import { b } from "../tensor/b.ts";' },
      ["kernels/a.ts imports tensor/b.ts"],
    ],
    [
      "a type, over several lines",
      { "dataset/a.ts": 'import type {\n  A,\n  B,\n} from "../importers/a.ts";' },
      ["dataset/a.ts imports importers/a.ts"],
    ],
    ["a type in place", { "run/a.ts": 'type A = import("../engine/a.ts").A;' }, ["run/a.ts imports engine/a.ts"]],
    ["a re-export", { "engine/a.ts": 'export * from "../training/a.ts";' }, ["engine/a.ts imports training/a.ts"]],
    ["a side effect", { "dataset/a.ts": 'import "../cli/main.ts";' }, ["dataset/a.ts imports cli/main.ts"]],
    [
      "a late import",
      { "statistics/a.ts": 'await import("../dataset/a.ts")' },
      ["statistics/a.ts imports dataset/a.ts"],
    ],
    ["Node in the browser", { "models/a.ts": 'import fs from "node:fs";' }, ["models/a.ts imports node:fs"]],
    ["a package in the browser", { "tensor/a.ts": 'import { parse } from "yaml";' }, ["tensor/a.ts imports yaml"]],
    ["a folder without a place", { "misc/a.ts": "" }, ["misc/a.ts lies in no known room"]],
    [
      "a subfolder that reaches up",
      { "importers/events/source/a.ts": 'import { b } from "../learn/b.ts";' },
      ["importers/events/source/a.ts imports importers/events/learn/b.ts"],
    ],
    [
      "a folder that reaches into its own subfolder",
      { "importers/a.ts": 'import { b } from "./amazon/b.ts";' },
      ["importers/a.ts imports importers/amazon/b.ts"],
    ],
    [
      "one importer in another",
      { "importers/amazon/a.ts": 'import { b } from "../synthetic/b.ts";' },
      ["importers/amazon/a.ts imports importers/synthetic/b.ts"],
    ],
    [
      "measuring that shows",
      { "inspection/measure/a.ts": 'import { b } from "../show/b.ts";' },
      ["inspection/measure/a.ts imports inspection/show/b.ts"],
    ],
    [
      "something outside of src",
      { "engine/a.ts": 'import { b } from "../../test/b.ts";' },
      ["engine/a.ts imports test/b.ts"],
    ],
    [
      "a circle within a room",
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
