/** The README's library example, run as it stands on dumps of a small shop. */
import { execFile } from "node:child_process";
import { mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { writeDumps } from "../../src/importers/synthetic/dumps.ts";
import { shopOptions } from "../../src/importers/synthetic/options.ts";
import { temporaryFolder } from "../support/source.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

it("prepares, trains and scores", async () => {
  const folder = temporaryFolder();
  const readme = await readFile(join(root, "README.md"), "utf8");
  const [, example] = /```ts\n(.*?)```/s.exec(readme)!;
  expect(
    example
      .trim()
      .split("\n")
      .filter((line) => line !== "").length,
  ).toBeLessThanOrEqual(10);
  await writeDumps(folder, shopOptions.parse({ users: 150 }));
  await rename(join(folder, "reviews_Synthetic_5.json.gz"), join(folder, "reviews_Beauty_5.json.gz"));
  await rename(join(folder, "meta_Synthetic.json.gz"), join(folder, "meta_Beauty.json.gz"));
  await mkdir(join(folder, "node_modules"));
  await symlink(root, join(folder, "node_modules", "dien"), "dir");
  await writeFile(join(folder, "example.mjs"), example);
  const { stdout } = await promisify(execFile)(process.execPath, ["example.mjs"], { cwd: folder });
  expect(stdout).toMatch(/^test AUC 0\.\d+\nprobability of a click: 0\.\d+\n$/);
});
