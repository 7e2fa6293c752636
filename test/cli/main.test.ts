/**
 * The real command in processes of its own: exit codes, pipes, what nobody awaits.
 */
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareSynthetic, resolveConfig, train } from "dien";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dien, end, MAIN, start } from "./child.ts";

let folder: string;
let data: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dien-main-"));
  data = join(folder, "data");
  await prepareSynthetic({ users: 50, out: data });
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("exit codes", () => {
  it("are 0 for what is done, and stdout holds the result alone", async () => {
    const { code, stdout, stderr } = await dien("--version");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+ \(kernels: .+\)\n$/);
  });

  it("are 1 for what failed, reported in one line", async () => {
    const nothing = join(folder, "nothing");
    const { code, stdout, stderr } = await dien("train", "--data", nothing, "--out", join(folder, "run"));
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^error: \S*nothing [^\n]+\n$/);
    expect(existsSync(join(folder, "run"))).toBe(false);
  });

  it("are 2 for wrong usage", async () => {
    // What the command line's parser refuses, and what a schema does; all else is in program.test.ts.
    for (const argv of [["tran"], ["train", "--data", data, "--out", "x", "--threads", "0"]]) {
      const { code, stderr } = await dien(...argv);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^error: [^\n]+\n$/);
    }
  });
});

it("what a library warns of is a note of one line", async () => {
  const address = "postgres://user:secret@localhost:1/shop?table=events&sslmode=require";
  const { code, stderr } = await dien("init", "--events", address, "--out", join(folder, "features.yaml"));
  expect(code).toBe(1);
  expect(stderr).toMatch(/^note: [^\n]*SSL modes[^\n]*\nerror: [^\n]*\n$/);
});

describe("pipes", () => {
  it.skipIf(!existsSync("/dev/full"))("that cannot take the result are reported in one line", async () => {
    const full = openSync("/dev/full", "w");
    const argv = [MAIN, "prepare", "synthetic", "--users", "50", "--out", join(folder, "full"), "--json"];
    const { code, stderr } = await end(spawn(process.execPath, argv, { stdio: ["ignore", full, "pipe"] }));
    closeSync(full);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "error: cannot write standard output: no space left on device\n",
    });
  });

  it("may be closed by a reader that has seen enough", async () => {
    const run = join(folder, "piped");
    const config = resolveConfig({ model: { name: "base" }, train: { epochs: 1 } });
    await train({ data, out: run, config, threads: 1 });
    const input = join(folder, "requests.jsonl");
    writeFileSync(input, `${JSON.stringify({ user: "u", candidate: "i", history: [] })}\n`.repeat(50_000));
    const child = start("predict", "--run", run, "--input", input);
    child.stdout?.once("data", () => child.stdout?.destroy());
    const { code, stderr } = await end(child);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

describe("what nobody awaits", () => {
  it.each(["setTimeout(() => { throw new Error('late') })", "Promise.reject(new Error('late'))"])(
    "ends the process with one line: %s",
    async (source) => {
      const preload = join(folder, "late.mjs");
      // Once the command listens.
      const when = 'process.listenerCount("uncaughtException") > 0';
      writeFileSync(
        preload,
        `const timer = setInterval(() => { if (${when}) { clearInterval(timer); ${source} } }, 100);`,
      );
      const argv = ["prepare", "synthetic", "--users", "30000", "--out", join(folder, "late")];
      const { code, stderr } = await end(spawn(process.execPath, ["--import", preload, MAIN, ...argv]));
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(/^error: internal error, please report it: Error: late;[^\n]+\n$/),
      });
      expect(existsSync(join(folder, "late"))).toBe(false);
    },
  );
});
