/**
 * `npm run bench -- serve [--seconds N] [--candidates N] [--behaviours N] [--json FILE]`: how fast requests are scored, on one
 * thread and without a server, and how fast they are answered over HTTP. The figures for 100 candidates stand beside those
 * for the candidates that are asked for. `--scoring` leaves HTTP out. `--experiment [--pairs N]` measures something else:
 * servers with and without an online experiment, in turns of so many seconds.
 */
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { measureExperiment } from "./experiment.ts";
import { type HttpReport, measureHttp } from "./http.ts";
import { measureScoring } from "./scoring.ts";

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    seconds: { type: "string", default: "60" },
    candidates: { type: "string", default: "20" },
    behaviours: { type: "string", default: "50" },
    scoring: { type: "boolean", default: false },
    experiment: { type: "boolean", default: false },
    pairs: { type: "string", default: "6" },
    json: { type: "string" },
  },
});
const [seconds, candidates, behaviours] = [values.seconds, values.candidates, values.behaviours].map(Number);
const MANY = 100;

const note = (text: string) => process.stderr.write(`${text}\n`);
const machine = () => ({ cpu: cpus()[0].model, cores: cpus().length, node: process.version, load: loadavg()[0] });
const write = (report: object) => {
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
};
const style = { head: [], border: [], compact: true };

if (values.experiment) {
  const pairs = Number(values.pairs);
  const cost = await measureExperiment({ candidates, behaviours, seconds, pairs, note });
  write({ machine: machine(), seconds, candidates, behaviours, ...cost });
  const [p50, p99] = [cost.p50_ratio, cost.p99_ratio].map((ratio) => ratio.toFixed(3));
  process.stdout.write(`Latency under an experiment, as a multiple of that without: p50 ${p50}, p99 ${p99}\n`);
  process.exit();
}

note("scoring");
const scoring = measureScoring();
const { p50_ms, p99_ms } = scoring.find((each) => each.candidates === 100 && each.behaviours === 50)!;
const alone = new Table({ head: ["candidates", "behaviours", "p50 ms", "p99 ms"], style });
for (const each of scoring) {
  alone.push([each.candidates, each.behaviours, each.p50_ms.toFixed(3), each.p99_ms.toFixed(3)]);
}
process.stdout.write(`Scoring alone: one request from raw values to probabilities, one thread\n${alone.toString()}\n`);
const ofScoring = { machine: machine(), scoring, rank_100x50: { p50_ms, p99_ms } };
if (values.scoring) {
  write(ofScoring);
  process.exit();
}

const few = await measureHttp({ candidates, behaviours, seconds, note });
const many = await measureHttp({ candidates: MANY, behaviours, seconds, note });
const report = {
  ...ofScoring,
  ...{ seconds, candidates, behaviours },
  ...few.given,
  stored: few.stored,
  [`candidates_${MANY}`]: { ...many.given, stored: many.stored },
};
write(report);

const rates = ["http_50", "http_100", "http_200", "http_360"] as const;
const table = new Table({
  head: ["candidates", "histories", ...rates.map((rate) => `${rate.slice(5)}/s`), "most/s"],
  style,
});
const row = (count: number, kind: string, found: HttpReport) => {
  const cells = rates.map((rate) => `${found[rate].p50_ms.toFixed(1)} / ${found[rate].p99_ms.toFixed(1)}`);
  table.push([count, kind, ...cells, found.max_rate]);
};
for (const [count, found] of [
  [candidates, few],
  [MANY, many],
] as const) {
  row(count, "given", found.given);
  row(count, "stored", found.stored);
}
process.stdout.write(`Milliseconds of half, and of 99 %, of the requests over HTTP\n${table.toString()}\n`);
