/**
 * `npm run bench [-- roofline] [--history 10,50,100] [--batch 128,1024] [--engine wasm,native] [--rounds 7] [--json]`: how far
 * training and ranking are from what the machine can do, and where their time goes.
 *
 * What is compared is measured in turn, round after round, and medians of ratios are shown: clock rates and other load change
 * from one moment to the next, a ratio hardly does.
 */
import { parseArgs } from "node:util";
import { machine, note, percent, print, printMachine, table } from "../show.ts";
import { type Breakdown, median } from "./breakdown.ts";
import { KINDS } from "./kinds.ts";
import { machinePeak, PEAKS, type Peak, type Peaks } from "./peak.ts";
import { BEHAVIOURS, CANDIDATES, measureRanking, type RankingReport } from "./ranking.ts";
import { ENGINES_HERE, type LaneEngine, measureSteps, type StepReport } from "./training.ts";

const named = process.argv[2] === "roofline";
const { values } = parseArgs({
  args: process.argv.slice(named ? 3 : 2),
  options: {
    history: { type: "string", default: "10,50,100" },
    batch: { type: "string", default: "128,1024" },
    engine: { type: "string", default: ENGINES_HERE.join(",") },
    rounds: { type: "string", default: "7" },
    json: { type: "boolean", default: false },
  },
});
const numbers = (text: string) => text.split(",").map(Number);
const engines = values.engine.split(",").map((engine) => {
  if (ENGINES_HERE.includes(engine as LaneEngine)) return engine as LaneEngine;
  throw new Error(`engine ${engine} does not run here; ${ENGINES_HERE.join(", ")} do`);
});

const steps: StepReport[] = [];
const peaksSeen: Peaks[] = [];
for (const history of numbers(values.history)) {
  for (const batch of numbers(values.batch)) {
    note(`training step, history ${history}, batch ${batch}`);
    const { reports, peaks } = await measureSteps({ history, batch }, engines, Number(values.rounds));
    steps.push(...reports);
    peaksSeen.push(...peaks);
  }
}
note("ranking");
const ranking = measureRanking(engines);
const peaks = Object.fromEntries(
  Object.keys(peaksSeen[0]).map((name) => [name, median(peaksSeen.map((seen) => seen[name as Peak]!))]),
) as Peaks;

if (values.json) print(JSON.stringify({ machine: machine(), peaks, steps, ranking }));
else show();

function show(): void {
  printMachine();
  print("Best rates of one core, multiplications and additions in registers");
  const best = machinePeak(peaks);
  const rate = (name: Peak) => [PEAKS[name], `${peaks[name]!.toFixed(1)} GFLOP/s`];
  print(table(["with", "rate"], (Object.keys(peaks) as Peak[]).map(rate)));
  print(
    `\nTraining step of DIEN on one thread; operations are those of its matrix products, shares of ${best.toFixed(0)}`,
  );
  print("GFLOP/s. Products and gates: their operations over the time in their kernels");
  const head = ["history", "batch", "engine", "samples/s", "/ wasm", "GFLOP/s", "of the machine", "of its engine"];
  print(table([...head, "products and gates"], steps.map(rateRow)));
  print("\nWhere the time of a step goes, one thread");
  timeTable(["history", "batch", "engine"], steps, ({ history, batch, engine }) => [history, batch, engine]);
  print(`\nRanking ${CANDIDATES} candidates of a user with ${BEHAVIOURS} behaviours, one thread, from raw keys`);
  print(table(["engine", "half within", "/ wasm", "GFLOP/s", "of the machine"], ranking.map(rankingRow)));
  timeTable(["engine"], ranking, ({ engine }) => [engine]);
}

function rateRow(step: StepReport): (string | number)[] {
  return [
    step.history,
    step.batch,
    step.engine,
    Math.round(step.samples_per_s),
    step.over_wasm?.toFixed(2) ?? "",
    step.gflops.toFixed(1),
    percent(step.machine_share),
    percent(step.engine_share),
    percent(step.products_and_gates_share),
  ];
}

function rankingRow({ engine, p50_ms, over_wasm, gflops, machine_share }: RankingReport): string[] {
  return [engine, `${p50_ms.toFixed(2)} ms`, over_wasm?.toFixed(2) ?? "", gflops.toFixed(1), percent(machine_share)];
}

/** A row for each report, a column for each kind of work that any of them has. */
function timeTable<R extends { time: Breakdown; calls: number }>(
  head: readonly string[],
  reports: readonly R[],
  about: (report: R) => (string | number)[],
): void {
  const columns = [...KINDS, "calls", "feed", "JavaScript"] as const;
  const used = columns.filter((part) => reports.some(({ time }) => (time[part] ?? 0) > 0));
  const rows = reports.map((report) => [
    ...about(report),
    ...used.map((part) => percent(report.time[part] ?? 0)),
    Math.round(report.calls),
  ]);
  print(table([...head, ...used, "number of calls"], rows));
}
