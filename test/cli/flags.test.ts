/** Flags are made of schemas: nothing of them is written twice, and they give back what was given. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Command } from "commander";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { z } from "zod";
import { eraseFlags } from "../../src/cli/ab/erase.ts";
import { loadFlags } from "../../src/cli/ab/load.ts";
import { planFlags } from "../../src/cli/ab/plan.ts";
import { replayFlags } from "../../src/cli/ab/replay.ts";
import { reportFlags } from "../../src/cli/ab/report.ts";
import { simulateFlags } from "../../src/cli/ab/simulate.ts";
import { calibrateFlags } from "../../src/cli/calibrate.ts";
import type { Context } from "../../src/cli/context.ts";
import { demoFlags } from "../../src/cli/demo.ts";
import { experimentFlags, ownDataFlags } from "../../src/cli/experiment.ts";
import { initFlags } from "../../src/cli/init.ts";
import { inspectFlags } from "../../src/cli/inspect.ts";
import { modelsFlags } from "../../src/cli/models.ts";
import { addOptions } from "../../src/cli/options.ts";
import { predictFlags } from "../../src/cli/predict.ts";
import { createProgram } from "../../src/cli/program.ts";
import { serveFlags } from "../../src/cli/serve.ts";
import { compactFlags, exportFlags, importFlags } from "../../src/cli/store.ts";
import { trainFlags } from "../../src/cli/train.ts";
import { verifyFlags } from "../../src/cli/verify.ts";
import { isAddress } from "../../src/errors/addresses.ts";
import { experiments } from "../../src/experiments/list.ts";
import { amazonOptions } from "../../src/importers/amazon/options.ts";
import { eventsOptions } from "../../src/importers/events/options.ts";
import { syntheticFlags } from "../../src/importers/synthetic/options.ts";
import { taobaoOptions } from "../../src/importers/taobao/options.ts";
import { type Described, describe as describeSchema } from "../../src/options/expected.ts";
import { evaluateOptions } from "../../src/scoring/options.ts";
import { temporaryFolder } from "../support/source.ts";
import { dien } from "./harness.ts";

const folder = temporaryFolder();

/** Options that only table 5 has. */
const MARKET = ["population", "days"];

/** The schema of each command, and the keys of it that are no flags. */
const SCHEMAS: Readonly<Record<string, readonly [z.ZodObject, ...without: string[]]>> = {
  demo: [demoFlags],
  init: [initFlags],
  "prepare events": [eventsOptions, "features", "featuresPath"],
  "prepare amazon": [amazonOptions],
  "prepare taobao": [taobaoOptions],
  "prepare synthetic": [syntheticFlags],
  inspect: [inspectFlags],
  models: [modelsFlags],
  train: [trainFlags],
  evaluate: [evaluateOptions],
  calibrate: [calibrateFlags],
  predict: [predictFlags],
  "experiment table2": [experimentFlags, "user", "model", "trials", ...MARKET],
  "experiment table3": [experimentFlags, "user", "model", "trials", ...MARKET],
  "experiment table4": [experimentFlags, "user", "model", "trials", ...MARKET],
  "experiment figure2": [experimentFlags, "user", "model", "trials", ...MARKET],
  "experiment table5": [ownDataFlags, "seeds", "user", "model", "trials"],
  "experiment figure3": [experimentFlags, "seeds", "model", "trials", ...MARKET],
  "experiment tune": [experimentFlags, "user", ...MARKET],
  serve: [serveFlags],
  "ab plan": [planFlags],
  "ab simulate": [simulateFlags],
  "ab report": [reportFlags],
  "ab replay": [replayFlags],
  "ab load": [loadFlags],
  "ab erase": [eraseFlags],
  "store import": [importFlags],
  "store export": [exportFlags],
  "store compact": [compactFlags],
  verify: [verifyFlags],
};

/** Those that `addOptions` gives every command. */
const COMMON = ["config", "json"];

/** What a schema has flags for, by the name of the flag. */
function flagsOf([schema, ...without]: (typeof SCHEMAS)[string]): Map<string, { key: string; property: Described }> {
  const keys = Object.entries(describeSchema(schema).properties ?? {}).filter(([key]) => !without.includes(key));
  return new Map(
    keys.map(([key, property]) => [
      key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      { key, property: property as Described },
    ]),
  );
}

/** Every command that does something, by its words. */
function commandsOf(parent: Command, words: readonly string[] = []): [string, Command][] {
  if (parent.commands.length === 0) return [[words.join(" "), parent]];
  return parent.commands.flatMap((command) => commandsOf(command, [...words, command.name()]));
}

const program = createProgram({} as Context, () => {});
const commands = new Map(commandsOf(program));

describe("flags", () => {
  it("of every command are those of its schema, in its order, with its defaults", () => {
    expect([...commands.keys()].sort()).toEqual(Object.keys(SCHEMAS).sort());
    expect([...experiments.keys()].map((name) => `experiment ${name}`).every((name) => name in SCHEMAS)).toBe(true);
    for (const [name, command] of commands) {
      const flags = flagsOf(SCHEMAS[name]);
      expect(
        command.options.map((option) => option.name()),
        name,
      ).toEqual([...flags.keys(), ...COMMON]);
      for (const option of command.options) {
        const property = flags.get(option.name())?.property;
        if (property === undefined || property.type === "boolean" || property.type === "array") continue;
        expect(option.defaultValue, `${name} ${option.flags}`).toEqual(property.default);
        expect(option.argChoices, `${name} ${option.flags}`).toEqual(property.enum);
        expect(option.description.length, `${name} ${option.flags}`).toBeGreaterThan(0);
        // A default in words is one that only a computation knows.
        if (option.defaultValue !== undefined) expect(option.description).not.toContain("(default");
      }
    }
  });

  it("are made in one place", () => {
    const files = readdirSync("src/cli", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    const makers = files.filter((file) =>
      /\.(option|requiredOption|addOption|argument|arguments)\(|new Option\(/.test(
        readFileSync(join("src/cli", file), "utf8"),
      ),
    );
    expect(makers).toEqual(["options.ts"]);
  });

  it("have one description each, wherever they stand", () => {
    // What a name means depends on the command, but for these.
    for (const name of ["seed", "memory", "engine", "checkpoint-seconds", "skip-bad-rows", "config", "json"]) {
      const texts = [...commands]
        .filter(([command]) => command !== "train" || name !== "seed")
        .flatMap(([, { options }]) => options.filter((option) => option.name() === name))
        .map(({ description }) => description);
      expect(new Set(texts).size, name).toBe(1);
    }
  });
});

/** Texts of the command line that a property takes, or that it refuses. */
function accepted(property: Described): fc.Arbitrary<unknown> {
  const { type, enum: choices } = property;
  if (choices) return fc.constantFrom(...choices);
  if (isHeader(property)) return fc.constantFrom("none", "user", "user,item, time");
  switch (type) {
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.integer({ min: property.minimum ?? 0, max: Math.min(property.maximum ?? 99_999, 99_999) });
    case "number":
      return fc.double({ min: property.minimum ?? 0, max: 1e6, noNaN: true });
    case "array":
      return fc.uniqueArray(accepted(property.items as Described), { minLength: 1, maxLength: 4 });
    case "string":
      // Where it names a file it must be no address.
      return fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" }).filter((text) => !isAddress(text));
    default:
      return fc.constantFrom("128MB", "0.5GB", "2 gb", "4GB");
  }
}

/** Names of columns, or the word for none. */
const isHeader = ({ value }: Described) => value === "names";

function refused(property: Described): fc.Arbitrary<string> {
  if (isHeader(property)) return fc.constantFrom("", ",", "user,", "user,user");
  if (property.enum) return fc.string().filter((text) => !property.enum?.includes(text));
  switch (property.type) {
    case "integer":
      return fc.constantFrom("", " ", "many", "1.5", "-1", "NaN", "Infinity", "1e99", "0x");
    case "number":
      return fc.constantFrom("", "many", "-1", "NaN", "Infinity", "1,5");
    case "array":
      return property.commas ? refused(property.items as Described) : fc.constant("");
    case "string":
      return fc.constant("");
    default:
      return fc.constantFrom("", "2", "0MB", "-2GB", "2TB", "GB");
  }
}

/** Options that the schema takes: all that it needs, some of what it does not. */
function someOptions(schema: (typeof SCHEMAS)[string]): fc.Arbitrary<Record<string, unknown>> {
  const flags = [...flagsOf(schema).values()];
  const required = describeSchema(schema[0]).required ?? [];
  const model = Object.fromEntries(flags.map(({ key, property }) => [key, accepted(property)]));
  return fc
    .record(model, { requiredKeys: required.filter((key) => key in model) })
    .filter((given) => schema[0].safeParse(given).success);
}

/** The command line that gives `options`. */
function argvOf(options: Readonly<Record<string, unknown>>, schema: (typeof SCHEMAS)[string]): string[] {
  return [...flagsOf(schema)].flatMap(([name, { key, property }]) => {
    const value = options[key];
    if (value === undefined || value === false) return [];
    if (value === true) return [`--${name}`];
    if (!Array.isArray(value)) return [`--${name}=${value}`];
    return property.commas ? [`--${name}=${value.join(",")}`] : value.map((entry) => `--${name}=${entry}`);
  });
}

async function readBack([schema, ...without]: (typeof SCHEMAS)[string], argv: readonly string[]) {
  const command = new Command("it").exitOverride();
  const read = addOptions(command, schema, without);
  command.parse(argv, { from: "user" });
  return await read();
}

/** Experiments that take the same options are one case. */
const cases = Object.keys(SCHEMAS).filter((name) => !/table[34]|figure2/.test(name));

describe.each(cases)("%s", (name) => {
  const entry = SCHEMAS[name];
  const [schema] = entry;

  it("reads back from flags, and from a file, what its schema takes", async () => {
    await fc.assert(
      fc.asyncProperty(someOptions(entry), fc.boolean(), async (given, json) => {
        const expected = { options: schema.parse(given), json };
        const flags = await readBack(entry, [...argvOf(given, entry), ...(json ? ["--json"] : [])]);
        expect(flags).toEqual(expected);
        const path = join(folder, "options.yaml");
        const named = [...flagsOf(entry)].map(([flag, { key }]) => [flag, given[key]]);
        writeFileSync(path, stringify({ ...Object.fromEntries(named), json }));
        expect(await readBack(entry, ["--config", path])).toEqual({ ...expected, config: path });
      }),
      { numRuns: 25 },
    );
  });

  it("takes flags over its file", async () => {
    await fc.assert(
      fc.asyncProperty(someOptions(entry), someOptions(entry), async (given, inFile) => {
        const path = join(folder, "under.yaml");
        const named = [...flagsOf(entry)].map(([flag, { key }]) => [flag, inFile[key]]);
        writeFileSync(path, stringify(Object.fromEntries(named)));
        const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== false));
        const together = schema.safeParse({ ...inFile, ...set });
        fc.pre(together.success);
        const { options } = await readBack(entry, ["--config", path, ...argvOf(given, entry)]);
        expect(options).toEqual(together.data);
      }),
      { numRuns: 15 },
    );
  });

  const flags = [...flagsOf(entry)].filter(([, { property }]) => property.type !== "boolean");

  it.runIf(flags.length > 0)("refuses wrong values with exit code 2, in a line that names the flag", async () => {
    const wrong = fc
      .constantFrom(...flags)
      .chain(([flag, { property }]) => fc.tuple(fc.constant(flag), refused(property)));
    await fc.assert(
      fc.asyncProperty(someOptions(entry), wrong, async (given, [flag, text]) => {
        const { [flagsOf(entry).get(flag)!.key]: _, ...others } = given;
        const argv = [...name.split(" "), ...argvOf(others, entry), `--${flag}=${text}`];
        const { code, stdout, stderr } = await dien(argv);
        expect(stderr).toMatch(/^error: [^\n]+\n$/);
        expect(stderr).toContain(`option '--${flag} <`);
        expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      }),
      { numRuns: 15 },
    );
  });

  it("names each option that it needs and was not given", async () => {
    const needed = [...flagsOf(entry)].filter(([, { key }]) => describeSchema(schema).required?.includes(key));
    for (const [flag, { key }] of needed) {
      const [given] = fc.sample(someOptions(entry), { numRuns: 1, seed: 1 });
      const { [key]: _, ...others } = given;
      const { code, stderr } = await dien([...name.split(" "), ...argvOf(others, entry)]);
      expect(stderr).toMatch(new RegExp(`^error: option '--${flag} <[^']+>' is missing\n$`));
      expect(code).toBe(2);
    }
  });
});

/** Files that a source imports before it runs, without types and without what it loads when it is asked. */
function importsOf(file: string): string[] {
  const source = readFileSync(file, "utf8");
  const statements = source.matchAll(/^(?:import|export)\s+(?!type\b)[^"';=]*?\bfrom\s*"([^"]+)"/gm);
  const bare = source.matchAll(/^import\s*"([^"]+)"/gm);
  return [...statements, ...bare].map((match) => match[1]);
}

it("--help waits for no database", () => {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const walk = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const name of importsOf(file)) {
      if (name.startsWith(".")) walk(join(dirname(file), name));
      else packages.add(name);
    }
  };
  walk("src/cli/main.ts");
  expect(seen).toContain("src/importers/events/options.ts");
  expect([...packages].filter((name) => !name.startsWith("node:")).sort()).toEqual([
    "cli-progress",
    "cli-table3",
    "commander",
    "yaml",
    "zod",
  ]);
});
