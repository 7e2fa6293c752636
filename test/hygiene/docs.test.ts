/** What the documents point to is there, and the page on architecture knows every room. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

const documents = [
  "README.md",
  "SECURITY.md",
  "bench/peers/README.md",
  ...readdirSync("docs", { recursive: true, encoding: "utf8" }).map((name) => join("docs", name)),
].filter((name) => name.endsWith(".md"));

it.each(documents)("%s links to files that exist", (document) => {
  const text = readFileSync(document, "utf8");
  const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map((match) =>
    join(dirname(document), match[1]),
  );
  expect(targets.filter((target) => !existsSync(target))).toEqual([]);
});

/** A link to a heading goes by its words in lower case, with hyphens for spaces and without other signs. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} -]/gu, "")
    .replace(/ /g, "-");

it.each(documents)("%s links to headings that exist", (document) => {
  const text = readFileSync(document, "utf8");
  const targets = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)].map(([, file, anchor]) => ({
    file: file === "" ? document : join(dirname(document), file),
    anchor,
  }));
  const missing = targets.filter(({ file, anchor }) => {
    const headings = [...readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm)].map((match) => anchorOf(match[1]));
    return !headings.includes(anchor);
  });
  expect(missing).toEqual([]);
});

it.each(documents)("%s names sources that exist", (document) => {
  const text = readFileSync(document, "utf8");
  const named = [...text.matchAll(/`((?:src|test|assembly|bench|scripts)\/[\w./-]*)`/g)].map((match) => match[1]);
  const real = named.filter((path) => !path.includes("NAME") && !path.includes(".venv"));
  expect(real.filter((path) => !existsSync(path))).toEqual([]);
});

it("docs/architecture.md has every room", () => {
  const text = readFileSync("docs/architecture.md", "utf8");
  expect(readdirSync("src").filter((room) => !text.includes(`\`src/${room}\``))).toEqual([]);
});

it("the README's npm scripts exist", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
  const text = readFileSync("README.md", "utf8");
  const named = [...text.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test))\b/g)].map((match) => match[1] ?? match[2]);
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});
