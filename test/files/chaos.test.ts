/** Processes that write to one place at once and are killed at any moment (every single step: publish.test.ts). */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writeFileAside } from "../../src/files/aside.ts";
import { publishFolder } from "../../src/files/publish.ts";
import { Random } from "../../src/tensor/random.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const [out, file] = [join(folder, "out"), join(folder, "file")];
const PARTS = ["a", "b", "c"];
const ROUNDS = 5;

const built = (name: string) => JSON.stringify(join(process.cwd(), "dist/files", name));
const WRITER = `
  import { writeFileSync } from "node:fs";
  import { publishFolder } from ${built("publish.js")};
  import { writeFileAside } from ${built("aside.js")};
  const busy = (error) => { if (error.code !== "file.in-use") throw error; };
  console.log("ready");
  for (let n = 0; ; n++) {
    const text = process.pid + " " + n;
    await publishFolder(${JSON.stringify(out)}, async () => {}, async (path) => {
      for (const part of ${JSON.stringify(PARTS)}) writeFileSync(path + "/" + part, text);
    }).catch(busy);
    await writeFileAside(${JSON.stringify(file)}, text + " end").catch(busy);
  }`;

async function writer(): Promise<ChildProcess> {
  const args = ["--input-type=module", "-e", WRITER];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return child;
}

it("nothing is lost or half-written, and the next command leaves nothing of the killed behind", async () => {
  const random = new Random(10);
  const writers = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    const children = await Promise.all([writer(), writer()]);
    await new Promise((resolve) => setTimeout(resolve, random.integer(120)));
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(children.map((child) => child.exitCode ?? child.signalCode ?? once(child, "exit")));
    expect(children.map(({ signalCode }) => signalCode)).toEqual(["SIGKILL", "SIGKILL"]);
    if (existsSync(out)) {
      const texts = new Set(PARTS.map((part) => readFileSync(join(out, part), "utf8")));
      expect(texts.size).toBe(1);
      for (const text of texts) writers.add(text);
    }
    if (existsSync(file)) expect(readFileSync(file, "utf8")).toMatch(/^\d+ \d+ end$/);
  }
  expect(writers.size).toBeGreaterThan(1);
  const fill = async (path: string) => writeFileSync(join(path, "a"), "last");
  await publishFolder(out, async () => {}, fill);
  await writeFileAside(file, "last");
  expect(readdirSync(folder).sort()).toEqual(["file", "out"]);
});
