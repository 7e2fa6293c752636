/**
 * Other people's clients against `dien serve`: those of Triton and KServe ask for scores, which must be those of
 * `dien predict` to the bit; schemathesis makes requests of /openapi.json, and looks for answers that it does not allow.
 *
 *   node test/peers/run.mjs [--python python3] [--examples 100]
 *
 * Needs `npm run build` before, Python 3.10 or newer, and packages from PyPI, in an environment beside this file.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: { python: { type: "string", default: "python3" }, examples: { type: "string", default: "100" } },
});
const here = dirname(fileURLToPath(import.meta.url));
const main = join(here, "..", "..", "dist", "cli", "main.js");
const bin = join(here, ".venv", "bin");
const work = await mkdtemp(join(tmpdir(), "dien-clients-"));

/** Runs a program in the scratch folder, and shows what it writes. */
function run(program, ...args) {
  execFileSync(program, args, { cwd: work, stdio: ["ignore", "inherit", "inherit"] });
}
const dien = (...args) => run(process.execPath, main, ...args);

if (!existsSync(bin)) {
  run(options.python, "-m", "venv", join(here, ".venv"));
  run(join(bin, "pip"), "install", "--quiet", "--requirement", join(here, "requirements.txt"));
}
let server;
try {
  dien("prepare", "synthetic", "--users", "300", "--log", "log");
  const tables = ["events", "users", "items"].flatMap((name) => [`--${name}`, `log/${name}.csv`]);
  dien("prepare", "events", "--config", "log/features.yaml", ...tables, "--out", "data");
  dien("train", "--data", "data", "--out", "shop", "--model", "dien", "--epochs", "1");
  await writeFile(
    join(work, "requests.jsonl"),
    (await requests(1000)).map((one) => `${JSON.stringify(one)}\n`).join(""),
  );
  dien("predict", "--run", "shop", "--input", "requests.jsonl", "--out", "scores.jsonl");
  server = spawn(process.execPath, [main, "serve", "--run", "shop", "--port", "0", "--store", "memory:"], {
    cwd: work,
  });
  server.stderr.resume();
  const url = await address(server.stdout);
  run(join(bin, "python"), join(here, "clients.py"), url, "shop", "requests.jsonl", "scores.jsonl");
  const config = join(here, "schemathesis.toml");
  run(join(bin, "schemathesis"), "--config-file", config, "run", `${url}/openapi.json`, "-n", options.examples);
} finally {
  server?.kill();
  await rm(work, { recursive: true, force: true });
}

/** Where a server says that it listens. */
async function address(stdout) {
  for await (const line of createInterface(stdout)) {
    const [, url] = /listens at (\S+)/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error("the server came to its end");
}

/** The latest impressions of the log as requests, each with what its user had looked at before. */
async function requests(count) {
  const users = new Map((await table("users")).map(({ user_id: user, ...others }) => [user, { user, ...others }]));
  const events = await table("events");
  const views = events.filter(({ type }) => type === "view");
  return events
    .filter(({ type }) => type === "ad")
    .sort((a, b) => Date.parse(a.time) - Date.parse(b.time))
    .slice(-count)
    .map(({ user_id, item_id, time, device }) => ({
      user: users.get(user_id),
      candidate: item_id,
      history: views
        .filter((view) => view.user_id === user_id && view.time < time)
        .map((view) => ({ item: view.item_id, time: view.time })),
      context: { device },
      time,
    }));
}

/** Rows of a table, by the names of its columns. */
async function table(name) {
  const [head, ...rows] = (await readFile(join(work, "log", `${name}.csv`), "utf8")).trim().split("\n").map(cellsOf);
  return rows.map((row) => Object.fromEntries(row.map((value, i) => [head[i], value])));
}

function cellsOf(line) {
  const cells = `${line},`.matchAll(/(?:"((?:[^"]|"")*)"|([^,"]*)),/g);
  return [...cells].map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare);
}
