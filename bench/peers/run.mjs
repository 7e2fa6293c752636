/**
 * `dien train` and other implementations of DIEN: one after the other, round after round, on one dataset.
 *
 *   node bench/peers/run.mjs --data DIR [--threads 1,2] [--rounds 3] [--peers jax,torch,torch-eager,fuxictr,deepctr-torch]
 *     [--engines native,wasm] [--batches users,samples] [--limit N] [--set KEY=VALUE] [--environments DIR] [--python python3] [--json]
 *
 * Needs `npm run build` before, and Python; see README.md. With `--limit` the peers train on so many random samples, for a rate
 * alone: their AUC is then left out. `--set` is for `dien`. Progress goes to stderr.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { ENVIRONMENTS, here, pythonOf } from "./environments.mjs";

/** Settings of `dien`: its defaults, and batches that are composed as the peers' are, of shuffled samples. */
const BATCHES = { users: [], samples: ["train.batches=samples", "train.shards=8"] };

/** A program and the environment that it runs in. */
const PEERS = {
  jax: { program: "jax_dien.py", environment: "jax" },
  torch: { program: "torch_dien.py", environment: "torch" },
  "torch-eager": { program: "torch_eager.py", environment: "torch" },
  fuxictr: { program: "fuxictr_dien.py", environment: "fuxictr" },
  "deepctr-torch": { program: "deepctr_torch_dien.py", environment: "deepctr-torch" },
};

const { values: options } = parseArgs({
  options: {
    data: { type: "string" },
    threads: { type: "string", default: "1" },
    rounds: { type: "string", default: "3" },
    peers: { type: "string", default: Object.keys(PEERS).join(",") },
    engines: { type: "string", default: "wasm" },
    batches: { type: "string", default: Object.keys(BATCHES).join(",") },
    limit: { type: "string", default: "0" },
    set: { type: "string", multiple: true, default: [] },
    environments: { type: "string", default: ENVIRONMENTS },
    python: { type: "string", default: "python3" },
    json: { type: "boolean", default: false },
  },
});
const main = join(here, "..", "..", "dist", "cli", "main.js");
if (options.data === undefined) throw new Error("--data DIR is needed: a folder that `dien prepare` wrote");
if (!existsSync(main)) throw new Error("dist/ is missing: run `npm run build` first");
const list = (text) => text.split(",").filter((name) => name !== "");
for (const [asked, known] of [
  [options.peers, PEERS],
  [options.batches, BATCHES],
]) {
  const unknown = list(asked).filter((name) => !Object.hasOwn(known, name));
  if (unknown.length > 0) throw new Error(`unknown: ${unknown}; there are ${Object.keys(known)}`);
}

/** By name, a function of threads and a scratch folder that gives { samples_per_s, test_auc, versions, ... }. */
const programs = Object.fromEntries([
  ...list(options.engines).flatMap((engine) =>
    list(options.batches).map((batches) => [
      `dien, ${engine}, ${batches}`,
      (threads, out) => trainDien(engine, batches, threads, out),
    ]),
  ),
  ...list(options.peers).map((name) => [name, (threads) => trainPeer(PEERS[name], threads)]),
]);
const [first] = Object.keys(programs);
const results = [];
const scratch = await mkdtemp(join(tmpdir(), "dien-peers-"));
try {
  for (const threads of list(options.threads).map(Number)) {
    const runs = Object.fromEntries(Object.keys(programs).map((name) => [name, []]));
    for (let round = 1; round <= Number(options.rounds); round++) {
      for (const [name, train] of Object.entries(programs)) {
        const load = loadavg()[0];
        const found = await train(threads, join(scratch, `${name}-${threads}-${round}`));
        runs[name].push({ ...found, load });
        const rate = Math.round(found.samples_per_s);
        process.stderr.write(`${threads} threads, round ${round}, ${name}: ${rate} samples/s, AUC ${found.test_auc}\n`);
      }
    }
    results.push({ threads, programs: summary(runs) });
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
const machine = { cpu: cpus()[0].model, cores: availableParallelism(), node: process.version };
if (options.json) console.log(JSON.stringify({ machine, data: options.data, limit: Number(options.limit), results }));
else {
  console.log(
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; compilation and first steps are not counted`,
  );
  for (const { threads, programs } of results) show(threads, programs);
}

/** For each program its rates, their median, and the median over the rounds of the first program's rate over its own. */
function summary(runs) {
  const entries = Object.entries(runs).map(([name, all]) => {
    const rates = all.map((run) => run.samples_per_s);
    const ratio = median(rates.map((rate, round) => runs[first][round].samples_per_s / rate));
    return [name, { samples_per_s: median(rates), ratio, runs: all }];
  });
  return Object.fromEntries(entries);
}

function show(threads, programs) {
  const head = [`${threads} threads`, "samples/s", `${first} / it`, "test AUC", "versions"];
  const table = new Table({ head, style: { head: [], compact: true } });
  for (const [name, { samples_per_s, ratio, runs }] of Object.entries(programs)) {
    const auc = runs[0].test_auc === null ? "" : runs[0].test_auc.toFixed(4);
    const versions = Object.entries(runs[0].versions).map(([of, version]) => `${of} ${version}`);
    table.push([name, Math.round(samples_per_s), ratio.toFixed(2), auc, versions.join(", ")]);
  }
  console.log(table.toString());
}

async function trainDien(engine, batches, threads, out) {
  // No program masks rare values here.
  const settings = ["train.mask_unknown=0", ...BATCHES[batches], ...options.set].flatMap((setting) => [
    "--set",
    setting,
  ]);
  const machine = ["--threads", threads, "--engine", engine];
  const flags = ["--data", options.data, "--model", "dien", "--epochs", "1", "--out", out, "--json"];
  const { epochs, test } = await run(process.execPath, [main, "train", ...flags, ...machine, ...settings]);
  return { samples_per_s: epochs[0].samples_per_s, test_auc: test.auc, versions: { node: process.version } };
}

async function trainPeer({ program, environment }, threads) {
  const python = pythonOf(environment, options.environments, options.python);
  const flags = ["--data", options.data, "--threads", threads, "--limit", options.limit];
  const { test, ...found } = await run(python, [join(here, program), ...flags]);
  return { ...found, test_auc: options.limit === "0" ? test.auc : null };
}

/** The JSON in the last line that a program prints. */
async function run(command, flags) {
  const child = spawn(command, flags.map(String), { stdio: ["ignore", "pipe", "pipe"] });
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
  return JSON.parse(output.trim().split("\n").at(-1));
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
