/**
 * 100 candidates of one user with 50 behaviours: `loadScorer(run).rank` against onnxruntime (onnx_rank.py), alternately, each on
 * one thread. Of dien the time begins with raw keys, of onnxruntime with ids.
 *
 *   node bench/peers/serve.mjs --run RUN [--rounds 20] [--calls 50] [--engine wasm] [--environments DIR] [--python python3]
 *     [--json]
 *
 * The run must be a `dien` of default size with fields of one id each and histories of 50. Needs `npm run build` before.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { loadavg } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { ENVIRONMENTS, here, pythonOf } from "./environments.mjs";

const { values: options } = parseArgs({
  options: {
    run: { type: "string" },
    rounds: { type: "string", default: "20" },
    calls: { type: "string", default: "50" },
    environments: { type: "string", default: ENVIRONMENTS },
    python: { type: "string", default: "python3" },
    engine: { type: "string", default: "wasm" },
    json: { type: "boolean", default: false },
  },
});
if (options.run === undefined) throw new Error("--run RUN is needed: a run of `dien train --model dien`");
const { loadScorer } = await import("../../dist/index.js");
const { readModelDescription } = await import("../../dist/run/model-folder.js");

const BEHAVIOURS = 50;
const CANDIDATES = 100;
const { schema, catalogue, vocabularies } = await readModelDescription(options.run);
if (schema.maxHistory < BEHAVIOURS || schema.context.length > 0) throw new Error("the run is not of the default kind");
const names = (fields) => fields.map(({ name }) => name).join(",");
// Rows spread over the catalogue; row 0 is the unknown.
const rows = (count, first) =>
  Array.from({ length: count }, (_, i) => 1 + ((first + 37 * i) % (catalogue.values.length - 1)));
const [history, candidates] = [rows(BEHAVIOURS, 5), rows(CANDIDATES, 11)];
const idsOf = (row) => catalogue.ids.map((field) => field[row]);
const user = schema.user.map(({ name }) => vocabularies[name][1]);
const request = {
  user: Object.fromEntries(schema.user.map(({ name }, f) => [name, user[f]])),
  history: history.map((row) => catalogue.values[row]),
  candidates: candidates.map((row) => catalogue.values[row]),
};

const weights = join(options.run, "model", "weights.safetensors");
const args = [join(here, "onnx_rank.py"), weights, names(schema.user), names(schema.item), BEHAVIOURS];
const python = spawn(pythonOf("onnxruntime", options.environments, options.python), args.map(String), {
  stdio: ["pipe", "pipe", "inherit"],
});
const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
const ids = { user: [schema.user.map(() => 1)], history: history.map(idsOf), candidates: candidates.map(idsOf) };
async function onnx(calls) {
  python.stdin.write(`${JSON.stringify({ ...ids, calls })}\n`);
  return JSON.parse((await lines.next()).value);
}
const scorer = await loadScorer(options.run, { engine: options.engine });
function dien(calls) {
  const milliseconds = [];
  let scores;
  for (let i = 0; i < calls; i++) {
    const start = performance.now();
    scores = scorer.rank(request);
    milliseconds.push(performance.now() - start);
  }
  return { scores, milliseconds };
}

const times = { dien: [], onnxruntime: [] };
let difference = 0;
for (let round = -2; round < Number(options.rounds); round++) {
  const [ours, theirs] = [dien(Number(options.calls)), await onnx(Number(options.calls))];
  difference = Math.max(...ours.scores.map((score, i) => Math.abs(score - theirs.scores[i])));
  if (difference > 1e-5) throw new Error(`the scores differ by ${difference}: these are not the same models`);
  if (round < 0) continue;
  times.dien.push(...ours.milliseconds);
  times.onnxruntime.push(...theirs.milliseconds);
}
python.stdin.end();
await once(python, "exit");
const at = (list, share) => list.sort((a, b) => a - b)[Math.floor(share * (list.length - 1))];
const report = Object.fromEntries(
  Object.entries(times).map(([name, list]) => [
    name,
    { least_ms: at(list, 0), p10_ms: at(list, 0.1), p50_ms: at(list, 0.5), p99_ms: at(list, 0.99) },
  ]),
);
const result = { candidates: CANDIDATES, behaviours: BEHAVIOURS, difference, ...report, load: loadavg()[0] };
process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : `${JSON.stringify(result, null, 2)}\n`);
