/** Commands, flags and settings that README and docs name exist. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { models } from "../../src/models/registry.ts";
import { configKeys } from "../../src/run/config.ts";
import { dien } from "./harness.ts";

const documents = [
  "README.md",
  ...readdirSync("docs", { recursive: true, encoding: "utf8" }).map((name) => join("docs", name)),
].filter((name) => name.endsWith(".md"));

/** The `dien` command lines in the shell blocks of a document, as words; quoted text holds none. */
function commandLines(text: string): string[][] {
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map((match) => match[1].replace(/\\\n/g, " "));
  return blocks.flatMap((block) => {
    const plain = block.replace(/'[^']*'/gs, "TEXT").replace(/#.*$/gm, "");
    return [...plain.matchAll(/(?:^|\|)\s*(?:npx )?dien ([^|\n]*)/gm)].map((match) => match[1].trim().split(/\s+/));
  });
}

const lines = documents.flatMap((document) => commandLines(readFileSync(document, "utf8")));

it("there are command lines of every kind", () => {
  expect(new Set(lines.map(([command]) => command))).toEqual(
    new Set([
      "init",
      "demo",
      "prepare",
      "inspect",
      "train",
      "evaluate",
      "calibrate",
      "predict",
      "serve",
      "store",
      "ab",
      "experiment",
      "verify",
    ]),
  );
});

it.each([...new Set(lines.map((words) => words.join(" ")))])("dien %s", async (line) => {
  const words = line.split(" ");
  const first = words.findIndex((word) => word.startsWith("--"));
  const bare = words.slice(0, first === -1 ? words.length : first);
  // What follows `verify` are paths.
  const command = bare[0] === "verify" ? ["verify"] : bare;
  const { code, stdout } = await dien([...command, "--help"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`^Usage: dien ${command.join(" ")} \\[options\\]`));
  const flags = words.filter((word) => word.startsWith("--"));
  expect(flags.filter((flag) => !new RegExp(`^  .*${flag}\\b`, "m").test(stdout))).toEqual([]);
});

const keys = new Set([...models.keys()].flatMap((name) => [...configKeys(name).keys()]));

it.each(documents)("settings that %s names", (document) => {
  const text = readFileSync(document, "utf8");
  const named = [...text.matchAll(/\b(?:model|train)\.[a-z_]+(?:\.[a-z_]+)*\b(?![./])/g)].map((match) => match[0]);
  const settings = named.filter((name) => !/\.(?:json|parquet|safetensors|yaml)$/.test(name));
  expect(settings.filter((name) => !keys.has(name))).toEqual([]);
});
