/**
 * The real command in processes of its own: exit codes, signals, pipes. Needs `npm run build`, which `npm test` does.
 */
import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Outcome } from "./harness.ts";

const MAIN = resolve("dist/cli/main.js");

let folder: string;
let data: string;
beforeAll(async () => {
  if (!existsSync(MAIN)) throw new Error("dist/cli/main.js is not there: run `npm run build` first");
  folder = mkdtempSync(join(tmpdir(), "dien-main-"));
  data = join(folder, "data");
  const { code, stderr } = await dien("prepare", "synthetic", "--users", "400", "--out", data);
  expect(code, stderr).toBe(0);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function start(...argv: string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...argv], { stdio: ["ignore", "pipe", "pipe"] });
}

/** The outcome of a process; its exit code is negative where a signal ended it. */
function end(child: ChildProcess): Promise<Outcome> {
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
    });
  }
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code) => done({ code: code ?? -1, ...texts }));
  });
}

const dien = (...argv: string[]) => end(start(...argv));

/** Waits until `happened` holds, for as long as the process lives. */
async function until(child: ChildProcess, happened: () => boolean): Promise<void> {
  while (!happened()) {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode} before anything happened`);
    await new Promise((go) => setTimeout(go, 20));
  }
}

describe("exit codes", () => {
  it("are 0 for what is done, and stdout holds the result alone", async () => {
    const { code, stdout, stderr } = await dien("--version");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("are 1 for what failed, reported in one line", async () => {
    const nothing = join(folder, "nothing");
    const { code, stdout, stderr } = await dien("train", "--data", nothing, "--out", join(folder, "run"));
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^error: \S*nothing [^\n]+\n$/);
    expect(existsSync(join(folder, "run"))).toBe(false);
  });

  it("are 2 for wrong usage", async () => {
    for (const argv of [
      ["tran"],
      ["train", "--data", data, "--out", "x", "--threads", "0"],
      ["train", "--modle", "x"],
    ]) {
      const { code, stderr } = await dien(...argv);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^error: [^\n]+\n$/);
    }
  });
});

describe("signals", () => {
  const train = (run: string, ...argv: string[]) =>
    start(
      "train",
      "--data",
      data,
      "--out",
      run,
      "--model",
      "base",
      "--threads",
      "2",
      "--epochs",
      "3",
      "--json",
      ...argv,
    );

  /** Starts a training that would go on for long, and waits until it is under way. */
  async function underway(run: string): Promise<ChildProcess> {
    const argv = [
      "train",
      "--data",
      data,
      "--out",
      run,
      "--model",
      "base",
      "--epochs",
      "100000",
      "--set",
      "train.patience=100000",
    ];
    const child = start(...argv);
    const metrics = join(run, "metrics.jsonl");
    await until(child, () => existsSync(metrics) && readFileSync(metrics).length > 0);
    return child;
  }

  it.each(["SIGINT", "SIGTERM"] as const)("the first %s saves a checkpoint and ends with 130", async (signal) => {
    const run = join(folder, signal);
    const child = await underway(run);
    const ending = end(child);
    child.kill(signal);
    const { code, stderr } = await ending;
    expect(stderr).toContain("the checkpoint is saved, --resume continues from it");
    expect(code).toBe(130);
    expect(existsSync(join(run, "checkpoint", "state.safetensors"))).toBe(true);
  });

  it.each(["SIGINT", "SIGTERM"] as const)(
    "%s while a dataset is made ends with 130 and leaves nothing",
    async (signal) => {
      const place = join(folder, `prepare-${signal}`);
      const child = start("prepare", "synthetic", "--users", "20000", "--out", join(place, "data"));
      const ending = end(child);
      await until(child, () => existsSync(place) && readdirSync(place).length > 0);
      child.kill(signal);
      const { code, stdout, stderr } = await ending;
      expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
      expect(stderr).toMatch(/^(?:\S+ \d+ %\n)*interrupted\n$/);
      expect(readdirSync(place)).toEqual([]);
    },
  );

  it("a signal while predict waits for requests leaves no scores", async () => {
    const run = join(folder, "waiting");
    expect((await dien("train", "--data", data, "--out", run, "--model", "base", "--epochs", "1")).code).toBe(0);
    const place = join(folder, "scores");
    mkdirSync(place);
    const out = join(place, "scores.jsonl");
    const child = spawn(process.execPath, [MAIN, "predict", "--run", run, "--input", "-", "--out", out]);
    const ending = end(child);
    await until(child, () => readdirSync(place).length > 0);
    child.kill("SIGINT");
    expect(await ending).toEqual({ code: 130, stdout: "", stderr: "interrupted\n" });
    expect(readdirSync(place)).toEqual([]);
  });

  it("a run killed outright and resumed ends as an unbroken one", async () => {
    const unbroken = JSON.parse((await end(train(join(folder, "unbroken")))).stdout);
    const run = join(folder, "killed");
    const child = train(run);
    const ending = end(child);
    await until(child, () => existsSync(join(run, "checkpoint", "state.safetensors")));
    child.kill("SIGKILL");
    await ending;
    const { code, stdout, stderr } = await end(train(run, "--resume"));
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ weights_sha256: unbroken.weights_sha256, test: unbroken.test });
  });
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

  it("that nobody reads progress from do not end a training", async () => {
    const child = start("train", "--data", data, "--out", join(folder, "unread"), "--model", "base", "--epochs", "2");
    child.stderr?.destroy();
    const { code, stdout } = await end(child);
    expect(code).toBe(0);
    expect(stdout).toContain("best epoch");
  });

  it("may be closed by a reader that has seen enough", async () => {
    const run = join(folder, "piped");
    expect((await dien("train", "--data", data, "--out", run, "--model", "base", "--epochs", "1")).code).toBe(0);
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
