/** How the real command ends before its work is done: signals, terminals and readers that are gone, full disks. */
import { type ChildProcess, execFileSync } from "node:child_process";
import { once } from "node:events";
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
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { prepareSynthetic, resolveConfig, train } from "dien";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/tensor/random.ts";
import { dien, end, start, startWith, until } from "./child.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const onWindows = process.platform === "win32";

let folder: string;
let data: string;
let model: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dien-ending-"));
  data = join(folder, "data");
  model = join(folder, "model");
  await prepareSynthetic({ users: 200, out: data });
  const config = resolveConfig({ model: { name: "base" }, train: { epochs: 1 } });
  await train({ data, out: model, config, threads: 1 });
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** An empty folder. */
function place(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

const trainFor = (run: string, epochs: number, ...more: string[]) => [
  ...["train", "--data", data, "--out", run, "--model", "base", "--threads", "2"],
  ...["--epochs", String(epochs), "--set", `train.patience=${epochs}`, ...more],
];

/** Starts a training that would go on for long, and waits until it is under way. */
async function underway(run: string): Promise<ChildProcess> {
  const child = start(...trainFor(run, 100_000));
  const metrics = join(run, "metrics.jsonl");
  await until(child, () => existsSync(metrics) && readFileSync(metrics).length > 0);
  return child;
}

describe("the first signal", () => {
  it.each(["SIGINT", "SIGHUP"] as const)("%s saves the checkpoint of a training", async (signal) => {
    const run = join(folder, signal);
    const child = await underway(run);
    const ending = end(child);
    child.kill(signal);
    const { code, stderr } = await ending;
    expect(stderr).toMatch(/^interrupted in epoch \d+; the checkpoint is saved, --resume continues from it$/m);
    expect(code).toBe(130);
    expect(readdirSync(run).sort()).toEqual(["checkpoint", "config.yaml", "metrics.jsonl", "model"]);
  });

  it("leaves nothing of a dataset", async () => {
    const path = place("prepare");
    const child = start("prepare", "synthetic", "--users", "20000", "--out", join(path, "data"));
    const ending = end(child);
    await until(child, () => readdirSync(path).length > 0);
    child.kill("SIGTERM");
    const { code, stdout, stderr } = await ending;
    expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
    expect(stderr).toMatch(/^(?:\S+ \d+ %\n)*interrupted\n$/);
    expect(readdirSync(path)).toEqual([]);
  });

  it("ends the wait for requests and leaves no scores", async () => {
    const path = place("scores");
    const argv = ["predict", "--run", model, "--input", "-", "--out", join(path, "scores.jsonl")];
    const child = startWith({ stdio: "pipe" }, ...argv);
    const ending = end(child);
    await until(child, () => readdirSync(path).length > 0);
    child.kill("SIGINT");
    expect(await ending).toMatchObject({ code: 130, stdout: "", stderr: "interrupted\n" });
    expect(readdirSync(path)).toEqual([]);
  });

  it("at any moment leaves results that are whole, or nothing", async () => {
    const requests = join(folder, "requests.jsonl");
    writeFileSync(requests, `${JSON.stringify({ user: "u", candidate: "i", history: [] })}\n`.repeat(100_000));
    const random = new Random(18);
    const commands = {
      log: ["prepare", "synthetic", "--users", "5000", "--log", "log", "--log-format", "parquet"],
      inspect: ["inspect", "--data", data],
      evaluate: ["evaluate", "--run", model, "--data", data],
      predict: ["predict", "--run", model, "--input", requests, "--out", "scores.jsonl"],
      train: trainFor("run", 100_000),
    };
    const whole: Readonly<Record<string, readonly string[]>> = {
      log: ["events.parquet", "features.yaml", "items.parquet", "users.parquet"],
      inspect: [],
      evaluate: [],
      predict: ["scores.jsonl"],
      train: ["checkpoint", "config.yaml", "metrics.jsonl", "model"],
    };
    const interrupted = Object.entries(commands).map(async ([name, argv]) => {
      const [cwd, spills] = [place(name), place(`${name}-spills`)];
      const child = startWith({ cwd, env: { ...process.env, TMPDIR: spills } }, ...argv);
      const ending = end(child);
      const signal = SIGNALS[random.integer(SIGNALS.length)];
      const moment = 200 + 800 * random.uniform();
      await setTimeout(moment);
      child.kill(signal);
      const ended = await ending;
      // Before it listens, it dies of the signal; afterwards only where something does not end in time.
      if (ended.signal === null) expect([0, 130], ended.stderr).toContain(ended.code);
      if (ended.code === 130) expect(ended.stderr).toMatch(/^interrupted\b.*\n$/m);
      const left = readdirSync(cwd, { recursive: true, encoding: "utf8" });
      expect(
        left.filter((file) => /\.(tmp|old|lock)|\block$/.test(file)),
        name,
      ).toEqual([]);
      const names = readdirSync(name === "train" || name === "log" ? join(cwd, left[0] ?? "") : cwd);
      expect(
        names.filter((file) => !whole[name].includes(file)),
        name,
      ).toEqual([]);
      if (name === "log") expect([0, whole.log.length]).toContain(names.length);
      expect(readdirSync(spills), name).toEqual([]);
    });
    await Promise.all(interrupted);
  });
});

describe.skipIf(onWindows)("what does not end by itself", () => {
  /** Starts to wait for the other end of a pipe, which never comes. */
  async function waiting(name: string): Promise<{ child: ChildProcess; path: string }> {
    const path = place(name);
    const pipe = join(folder, `${name}.pipe`);
    execFileSync("mkfifo", [pipe]);
    const child = start("predict", "--run", model, "--input", pipe, "--out", join(path, "scores.jsonl"));
    await until(child, () => readdirSync(path).some((file) => file.includes(".tmp-")));
    return { child, path };
  }

  it("dies of the signal after two seconds, and leaves nothing", async () => {
    const { child, path } = await waiting("patient");
    const ending = end(child);
    const since = performance.now();
    child.kill("SIGTERM");
    expect(await ending).toMatchObject({ signal: "SIGTERM", stdout: "", stderr: "interrupted\n" });
    expect(performance.now() - since).toBeGreaterThan(1900);
    expect(readdirSync(path)).toEqual([]);
  });

  it("dies of the second signal at once, and leaves nothing", async () => {
    const { child, path } = await waiting("impatient");
    const ending = end(child);
    child.kill("SIGINT");
    await setTimeout(100);
    const since = performance.now();
    child.kill("SIGHUP");
    expect(await ending).toMatchObject({ signal: "SIGHUP", stdout: "", stderr: "interrupted\n" });
    expect(performance.now() - since).toBeLessThan(1500);
    expect(readdirSync(path)).toEqual([]);
  });
});

it("says once that it was interrupted where nobody reads its answers", async () => {
  const requests = join(folder, "unread.jsonl");
  writeFileSync(requests, `${JSON.stringify({ user: "u", candidate: "i", history: [] })}\n`.repeat(50_000));
  const child = start("predict", "--run", model, "--input", requests);
  await once(child.stdout!, "readable");
  let stderr = "";
  child.stderr!.on("data", (text) => {
    stderr += text;
  });
  child.kill("SIGINT");
  await once(child, "exit");
  child.stdout!.resume();
  await once(child, "close");
  expect(stderr).toBe("interrupted\n");
});

describe("a training", () => {
  it("that was killed outright and resumed ends as an unbroken one", async () => {
    const unbroken = JSON.parse((await dien(...trainFor(join(folder, "unbroken"), 3, "--json"))).stdout);
    const run = join(folder, "killed");
    const child = start(...trainFor(run, 3));
    const ending = end(child);
    await until(child, () => existsSync(join(run, "checkpoint", "state.safetensors")));
    child.kill("SIGKILL");
    await ending;
    const { code, stdout, stderr } = await dien(...trainFor(run, 3, "--json", "--resume"));
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ weights_sha256: unbroken.weights_sha256, test: unbroken.test });
  });

  it("goes on where nobody reads its progress any more", async () => {
    const child = start(...trainFor(join(folder, "unread"), 2));
    child.stderr?.destroy();
    const { code, stdout } = await end(child);
    expect(code).toBe(0);
    expect(stdout).toContain("best epoch");
  });

  it.skipIf(!existsSync("/dev/full"))("goes on where the disk behind stderr is full", async () => {
    const full = openSync("/dev/full", "w");
    const run = join(folder, "full");
    const { code, stdout } = await end(startWith({ stdio: ["ignore", "pipe", full] }, ...trainFor(run, 2)));
    closeSync(full);
    expect(code).toBe(0);
    expect(stdout).toContain("best epoch");
    expect(readdirSync(run)).toContain("summary.json");
    expect(readdirSync(run)).not.toContain("lock");
  });
});
