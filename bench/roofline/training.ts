/** The training step on one thread: engines in turn, slice by slice, and medians over the rounds. */
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
  /** Speed over that of the WebAssembly build. */
  readonly over_wasm: number | undefined;
}

/** For so long steps are made before they are measured: until then code is compiled meanwhile. */
const WARM_SECONDS = 2;

/** Measures steps of one size on these engines. */
export async function measureSteps(size: StepSize, engines: readonly LaneEngine[], rounds: number) {
  const dataset = datasetFor(size);
  const peaks = peakMeter();
  const operations = operationsOfStep(optionsFor(dataset, size.batch, "wasm"));
  const lanes = engines.map((engine) => ({
    engine,
    plain: new Lane(dataset, size, engine, false),
    timed: new Lane(dataset, size, engine, true),
    seen: [] as Seen[],
  }));
  for (const { plain, timed } of lanes) {
    for (const lane of [plain, timed]) {
      const start = performance.now();
      while (performance.now() - start < WARM_SECONDS * 1000) await lane.run();
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const { plain, timed, seen } of lanes) {
      seen.push({ peak: peaks(), plain: await plain.run(), timed: await timed.run() });
    }
  }
  for (const { plain, timed } of lanes) for (const lane of [plain, timed]) await lane.close();
  const ofWasm = lanes.find(({ engine }) => engine === "wasm")?.seen;
  const reports = lanes.map(({ engine, seen }) => reportOf(size, engine, seen, ofWasm, operations));
  return { reports, peaks: lanes.flatMap(({ seen }) => seen.map(({ peak }) => peak)) };
}

type Run = Awaited<ReturnType<Lane["run"]>>;

interface Seen {
  readonly peak: Peaks;
  readonly plain: Run;
  readonly timed: Run;
}

function reportOf(
  size: StepSize,
  engine: LaneEngine,
  seen: readonly Seen[],
  ofWasm: readonly Seen[] | undefined,
  operations: ReturnType<typeof operationsOfStep>,
): StepReport {
  const middle = (value: (seen: Seen, round: number) => number) => median(seen.map(value));
  const rate = ({ plain }: Seen) => operations.products / plain.seconds / 1e9;
  const steps = stepsOfSlice(size);
  const parts = seen.map(({ plain, timed }) => {
    const { kernels, feeding, call } = timed.times;
    return shares(breakdown(plain.seconds * steps, kernels, call!, feeding), plain.seconds * steps);
  });
  const inside = ({ plain }: Seen, round: number) =>
    ((parts[round].products ?? 0) + (parts[round].recurrence ?? 0)) * plain.seconds;
  const counted = operations.products + operations.gates;
  return {
    ...size,
    engine,
    samples_per_s: middle(({ plain }) => size.batch / plain.seconds),
    gflops: middle(rate),
    machine_share: middle((each) => rate(each) / machinePeak(each.peak)),
    engine_share: middle((each) => rate(each) / each.peak[engine]!),
    products_and_gates_share: middle((each, round) => counted / inside(each, round) / 1e9 / machinePeak(each.peak)),
    calls: Object.values(seen[0].timed.times.kernels).reduce((sum, { calls }) => sum + calls, 0) / steps,
    time: medianOf(parts),
    over_wasm: ofWasm && middle(({ plain }, round) => ofWasm[round].plain.seconds / plain.seconds),
  };
}
