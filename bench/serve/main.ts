/**
 * `npm run bench -- serve [--seconds N] [--candidates N] [--behaviours N] [--json FILE]`: how fast requests are answered on
 * this machine. The figures for 100 candidates stand beside those for the candidates that are asked for.
 */
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { type HttpReport, measureHttp } from "./http.ts";

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    seconds: { type: "string", default: "60" },
    candidates: { type: "string", default: "20" },
    behaviours: { type: "string", default: "50" },
    json: { type: "string" },
  },
});
const [seconds, candidates, behaviours] = [values.seconds, values.candidates, values.behaviours].map(Number);
const MANY = 100;

const note = (text: string) => process.stderr.write(`${text}\n`);
const few = await measureHttp({ candidates, behaviours, seconds, note });
const many = await measureHttp({ candidates: MANY, behaviours, seconds, note });
const report = {
  machine: { cpu: cpus()[0].model, cores: cpus().length, node: process.version, load: loadavg()[0] },
  ...{ seconds, candidates, behaviours },
  ...few.given,
  stored: few.stored,
  [`candidates_${MANY}`]: { ...many.given, stored: many.stored },
};
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);

const rates = ["http_50", "http_100", "http_200", "http_360"] as const;
const table = new Table({
  head: ["candidates", "histories", ...rates.map((rate) => `${rate.slice(5)}/s`), "most/s"],
  style: { head: [], border: [], compact: true },
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
