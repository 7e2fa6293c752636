/** Ranking 100 candidates of one user with 50 behaviours, on one thread: from raw keys to probabilities. */
import { flopsOf } from "../../src/engine/cost.ts";
import type { Kernels } from "../../src/kernels/contract.ts";
import { madeModel, madeRequest } from "../serve/made-model.ts";
import { type Breakdown, breakdown, median, medianOf, shares } from "./breakdown.ts";
import { type CallCost, type Clock, callCost, restart, timedKernels } from "./clocks.ts";
import { machinePeak, peakMeter } from "./peak.ts";
import type { LaneEngine } from "./training.ts";

export const CANDIDATES = 100;
export const BEHAVIOURS = 50;
const CALLS = 30;
const ROUNDS = 25;
const WARM_ROUNDS = 5;

export interface RankingReport {
  readonly engine: LaneEngine;
  readonly p50_ms: number;
  readonly gflops: number;
  readonly machine_share: number;
  readonly calls: number;
  readonly time: Breakdown;
  readonly over_wasm: number | undefined;
}

const request = madeRequest(1, CANDIDATES, BEHAVIOURS);

export function measureRanking(engines: readonly LaneEngine[]): RankingReport[] {
  const peaks = peakMeter();
  const lanes = engines.map((engine) => ({ engine, plain: madeModel(BEHAVIOURS, engine), ...timedModel(engine) }));
  const seen = lanes.map(() => [] as { seconds: number; gflops: number; peak: number; time: Breakdown }[]);
  const calls = lanes.map(() => 0);
  for (let round = -WARM_ROUNDS; round < ROUNDS; round++) {
    lanes.forEach(({ plain, timed, clocks, call, operations }, lane) => {
      const peak = machinePeak(peaks());
      const seconds = secondsOf(() => plain.rank(request));
      restart(clocks);
      secondsOf(() => timed.rank(request));
      if (round < 0) return;
      calls[lane] = Object.values(clocks).reduce((sum, clock) => sum + clock.calls, 0) / CALLS;
      const whole = seconds * CALLS;
      const time = shares(breakdown(whole, clocks, call, 0), whole);
      seen[lane].push({ seconds, gflops: operations / seconds / 1e9, peak, time });
    });
  }
  const wasm = engines.indexOf("wasm");
  return lanes.map(({ engine }, lane) => {
    const all = seen[lane];
    return {
      engine,
      p50_ms: 1000 * median(all.map(({ seconds }) => seconds)),
      gflops: median(all.map(({ gflops }) => gflops)),
      machine_share: median(all.map(({ gflops, peak }) => gflops / peak)),
      calls: calls[lane],
      time: medianOf(all.map(({ time }) => time)),
      over_wasm: wasm < 0 ? undefined : median(all.map(({ seconds }, round) => seen[wasm][round].seconds / seconds)),
    };
  });
}

/** Mean seconds of a call. */
function secondsOf(call: () => unknown): number {
  const start = performance.now();
  for (let i = 0; i < CALLS; i++) call();
  return (performance.now() - start) / 1000 / CALLS;
}

/** A model whose kernels have clocks, and what of its work is products. */
function timedModel(engine: LaneEngine) {
  let clocks: Record<string, Clock> = {};
  let call: CallCost | undefined;
  const timed = madeModel(BEHAVIOURS, engine, (kernels: Kernels) => {
    call = callCost(kernels);
    const wrapped = timedKernels(kernels);
    clocks = wrapped.clocks;
    return wrapped.kernels;
  });
  return { timed, clocks, call: call!, operations: operationsOf(timed.workspace) };
}

/** Operations of the products: the user's part once, the candidates' a hundred times. */
function operationsOf(workspace: ReturnType<typeof madeModel>["workspace"]): number {
  const { tape, batch } = workspace.recordForScoring(0);
  const { packed } = batch;
  packed.sequences.pack([BEHAVIOURS], 0, 1);
  packed.pack(new Array<number>(CANDIDATES).fill(BEHAVIOURS), 0, CANDIDATES);
  packed.refer(new Int32Array(CANDIDATES));
  return flopsOf(tape);
}
