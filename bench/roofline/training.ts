/** The training step: engines and numbers of threads in turn, slice by slice, and medians over the rounds. */
import { engineSupported } from "../../src/kernels/load.ts";
import { type Breakdown, breakdown, median, medianOf, shares } from "./breakdown.ts";
import { datasetFor, Lane, operationsOfStep, optionsFor, type StepSize, stepsOfSlice } from "./lane.ts";
import { machinePeak, type Peaks, peakMeter } from "./peak.ts";

export const ENGINES_HERE = (["wasm", "native"] as const).filter(engineSupported);
export type LaneEngine = (typeof ENGINES_HERE)[number];

export interface StepReport extends StepSize {
  readonly engine: LaneEngine;
  readonly samples_per_s: number;
  /** Operations of the matrix products a second; as a share of the machine's best rate, and of the engine's. */
  readonly gflops: number;
  readonly machine_share: number;
  readonly engine_share: number;
  /** Operations of products and gates, over the time of these kernels, as a share of the machine's best rate. */
  readonly products_and_gates_share: number;
  /** Calls of kernels in a step. */
  readonly calls: number;
  readonly time: Breakdown;
  /** Speed of two threads over that of one; share of their time that they wait for each other. */
  readonly two_threads: number;
  readonly waiting: number;
  /** Speed over that of the WebAssembly build. */
  readonly over_wasm: number | undefined;
}

const WARM_ROUNDS = 2;

/** Measures steps of one size on these engines. */
export async function measureSteps(size: StepSize, engines: readonly LaneEngine[], rounds: number) {
  const dataset = datasetFor(size);
  const peaks = peakMeter();
  const operations = operationsOfStep(optionsFor(dataset, size.batch, "wasm", 1));
  const lanes = engines.map((engine) => ({
    engine,
    one: new Lane(dataset, size, engine, 1),
    timed: new Lane(dataset, size, engine, 1, true),
    two: new Lane(dataset, size, engine, 2),
    seen: [] as Seen[],
  }));
  const peaksSeen: Peaks[] = [];
  for (let round = -WARM_ROUNDS; round < rounds; round++) {
    for (const { one, timed, two, seen } of lanes) {
      const peak = peaks();
      const [plain, observed, both] = [await one.run(), await timed.run(), await two.run()];
      if (round < 0) continue;
      peaksSeen.push(peak);
      seen.push({ peak, one: plain, timed: observed, two: both });
    }
  }
  for (const { one, timed, two } of lanes) for (const lane of [one, timed, two]) await lane.close();
  const ofWasm = lanes.find(({ engine }) => engine === "wasm")?.seen;
  const reports = lanes.map(({ engine, seen }) => reportOf(size, engine, seen, ofWasm, operations));
  return { reports, peaks: peaksSeen };
}

type Run = Awaited<ReturnType<Lane["run"]>>;

interface Seen {
  readonly peak: Peaks;
  readonly one: Run;
  readonly timed: Run;
  readonly two: Run;
}

function reportOf(
  size: StepSize,
  engine: LaneEngine,
  seen: readonly Seen[],
  ofWasm: readonly Seen[] | undefined,
  operations: ReturnType<typeof operationsOfStep>,
): StepReport {
  const middle = (value: (seen: Seen, round: number) => number) => median(seen.map(value));
  const rate = ({ one }: Seen) => operations.products / one.seconds / 1e9;
  const steps = stepsOfSlice(size);
  const parts = seen.map(({ one, timed }) => {
    const [{ kernels, feeding, call }] = timed.threads;
    return shares(breakdown(one.seconds * steps, kernels, call!, feeding), one.seconds * steps);
  });
  const inside = ({ one }: Seen, round: number) =>
    ((parts[round].products ?? 0) + (parts[round].recurrence ?? 0)) * one.seconds;
  const counted = operations.products + operations.gates;
  return {
    ...size,
    engine,
    samples_per_s: middle(({ one }) => size.batch / one.seconds),
    gflops: middle(rate),
    machine_share: middle((each) => rate(each) / machinePeak(each.peak)),
    engine_share: middle((each) => rate(each) / each.peak[engine]!),
    products_and_gates_share: middle((each, round) => counted / inside(each, round) / 1e9 / machinePeak(each.peak)),
    calls: Object.values(seen[0].timed.threads[0].kernels).reduce((sum, { calls }) => sum + calls, 0) / steps,
    time: medianOf(parts),
    two_threads: middle(({ one, two }) => one.seconds / two.seconds),
    waiting: middle(({ two: { threads } }) => {
      const sum = (part: "waiting" | "seconds") => threads.reduce((total, thread) => total + thread[part], 0);
      return sum("waiting") / sum("seconds");
    }),
    over_wasm: ofWasm && middle(({ one }, round) => ofWasm[round].one.seconds / one.seconds),
  };
}
