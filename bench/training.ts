/**
 * How fast the engine is on this machine, and how far from what the machine can do.
 *
 * Rates of one run are comparable with each other, not with those of another run: clock rates and other load change. So
 * what is compared is measured alternately, and medians of ratios are reported.
 */
import { cpus, loadavg } from "node:os";
import Table from "cli-table3";
import { measureGemm } from "./gemm.ts";
import { type KernelTime, profileStep } from "./profile.ts";
import { measureSteps, type StepReport } from "./step.ts";

const HISTORIES = [10, 50, 100];
const THREADS = 2;

const json = process.argv.includes("--json");
const note = (text: string) => process.stderr.write(`${text}\n`);
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function show(head: string[], rows: (string | number)[][]): void {
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  table.push(...rows);
  process.stdout.write(`${table.toString()}\n`);
}

note("products");
const gemm = measureGemm();
const step: Record<string, StepReport> = {};
const profile: Record<string, KernelTime[]> = {};
for (const history of HISTORIES) {
  note(`training step, history ${history}`);
  step[history] = await measureSteps(history, THREADS);
  profile[history] = profileStep(history);
}
const scalings = Object.values(step).map((report) => report.thread_scaling);
const report = {
  machine: { cpu: cpus()[0].model, cores: cpus().length, node: process.version, load: loadavg()[0] },
  ...gemm,
  threads: THREADS,
  step,
  thread_scaling: scalings.sort((a, b) => a - b)[scalings.length >> 1],
  profile,
};

if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
else {
  const { machine } = report;
  process.stdout.write(
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${machine.load.toFixed(1)}\n\n`,
  );
  process.stdout.write(`Products, against the best 128-bit rate (${gemm.best_gflops.toFixed(1)} GFLOP/s a core)\n`);
  show(
    ["form", "m x n x k", "GFLOP/s", "share"],
    gemm.shapes.map((s) => [s.form, `${s.m} x ${s.n} x ${s.k}`, s.gflops.toFixed(1), percent(s.share)]),
  );
  process.stdout.write(`\nTraining step of DIEN, batch 128, against ${THREADS} threads x the product's rate\n`);
  show(
    ["history", "samples/s", "GFLOP/s", "share", `${THREADS} threads / 1`],
    Object.entries(step).map(([history, s]) => [
      history,
      Math.round(s.samples_per_s),
      s.gflops.toFixed(1),
      percent(s.share),
      s.thread_scaling.toFixed(2),
    ]),
  );
  process.stdout.write(
    "\nWhere the time of a step goes (one thread; timing itself costs some of it, within `other`)\n",
  );
  const share = (history: number, kernel: string) => profile[history].find((row) => row.kernel === kernel)?.share ?? 0;
  const most = (kernel: string) => Math.max(...HISTORIES.map((history) => share(history, kernel)));
  const kernels = [...new Set(Object.values(profile).flatMap((rows) => rows.map((row) => row.kernel)))]
    .filter((kernel) => most(kernel) > 0.01)
    .sort((a, b) => most(b) - most(a));
  show(
    ["kernel", ...HISTORIES.map((history) => `history ${history}`)],
    kernels.map((kernel) => [kernel, ...HISTORIES.map((history) => percent(share(history, kernel)))]),
  );
}
