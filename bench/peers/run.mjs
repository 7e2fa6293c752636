/**
 * `dien train` against the same DIEN in eager PyTorch (dien.py): alternately, on one dataset, with equal threads.
 *
 *   node bench/peers/run.mjs --data DIR [--rounds 3] [--epochs 1] [--threads 2] [--python python3] [--json]
 *
 * Needs `npm run build` before, and Python; see README.md. Progress goes to stderr.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import Table from "cli-table3";

const here = dirname(fileURLToPath(import.meta.url));
const main = join(here, "..", "..", "dist", "cli", "main.js");
const venv = join(here, ".venv");
const python = join(venv, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");

const { values: options } = parseArgs({
  options: {
    data: { type: "string" },
    rounds: { type: "string", default: "3" },
    epochs: { type: "string", default: "1" },
    threads: { type: "string", default: String(availableParallelism()) },
    python: { type: "string", default: "python3" },
    attention: { type: "string", default: "bilinear" },
    auxiliary: { type: "string", default: "dot" },
    json: { type: "boolean", default: false },
  },
});
if (options.data === undefined) throw new Error("--data DIR is needed: a folder that `dien prepare` wrote");
if (!existsSync(main)) throw new Error("dist/ is missing: run `npm run build` first");

await makeEnvironment();
const peers = { dien: trainDien, pytorch: trainPytorch };
const runs = { dien: [], pytorch: [] };
const scratch = await mkdtemp(join(tmpdir(), "dien-peers-"));
try {
  for (let round = 1; round <= Number(options.rounds); round++) {
    for (const [name, train] of Object.entries(peers)) {
      const result = await train(join(scratch, `${name}-${round}`));
      const samplesPerSecond = median(result.epochs.map((epoch) => epoch.samples_per_s));
      runs[name].push({ samples_per_s: samplesPerSecond, test_auc: result.test.auc });
      process.stderr.write(`round ${round}, ${name}: ${Math.round(samplesPerSecond)} samples/s\n`);
    }
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
const medians = Object.fromEntries(
  Object.entries(runs).map(([name, all]) => [name, median(all.map((run) => run.samples_per_s))]),
);
const ratio = medians.dien / medians.pytorch;
if (options.json) {
  const machine = { cpu: cpus()[0].model, cores: availableParallelism(), node: process.version, load: loadavg()[0] };
  const { threads, rounds, epochs, attention, auxiliary } = options;
  const settings = { threads: Number(threads), rounds: Number(rounds), epochs: Number(epochs), attention, auxiliary };
  console.log(JSON.stringify({ machine, settings, runs, medians, ratio }));
} else {
  const table = new Table({ head: ["", "samples/s", "test AUC"], style: { head: [] } });
  for (const [name, all] of Object.entries(runs)) {
    for (const run of all) table.push([name, Math.round(run.samples_per_s), run.test_auc.toFixed(4)]);
  }
  console.log(table.toString());
  console.log(`medians: dien / pytorch = ${ratio.toFixed(1)}, ${options.threads} threads each`);
}

async function makeEnvironment() {
  if (!existsSync(python)) await run(options.python, ["-m", "venv", venv]);
  await run(python, ["-m", "pip", "install", "--quiet", "-r", join(here, "requirements.txt")]);
}

async function trainDien(out) {
  const { data, epochs, threads, attention, auxiliary } = options;
  const forms = ["--set", `model.attention.form=${attention}`, "--set", `model.auxiliary.form=${auxiliary}`];
  // Neither program masks values here: the speeds in README.md are without masks.
  const same = ["--set", "train.mask_unknown=0"];
  const flags = ["--data", data, "--model", "dien", "--out", out, "--epochs", epochs, "--threads", threads, "--json"];
  return await run(process.execPath, [main, "train", ...flags, ...forms, ...same]);
}

async function trainPytorch() {
  const { data, epochs, threads, attention, auxiliary } = options;
  const forms = ["--attention", attention, "--auxiliary", auxiliary];
  const flags = ["--data", data, "--epochs", epochs, "--threads", threads, "--mask-unknown", "0"];
  return await run(python, [join(here, "dien.py"), ...flags, ...forms]);
}

/** The JSON in the last line that a program prints, if it prints any. */
async function run(command, flags) {
  const child = spawn(command, flags, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  child.stdout.on("data", (piece) => {
    output += piece;
  });
  child.stderr.on("data", (piece) => {
    errors += piece;
  });
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  if (code !== 0) throw new Error(`${command} ${flags.join(" ")} ended with ${code}:\n${errors}`);
  const last = output.trim().split("\n").at(-1);
  return last.startsWith("{") ? JSON.parse(last) : undefined;
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
