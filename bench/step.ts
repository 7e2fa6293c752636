/**
 * The training step of DIEN at fixed history lengths: samples/s, useful GFLOP/s, and how two threads compare with one.
 */
import type { Dataset, LoadedPortion } from "../src/dataset/dataset.ts";
import { flopsOf } from "../src/engine/cost.ts";
import { WorkerPool } from "../src/engine/worker-pool.ts";
import { STEPS_PER_CHUNK, Workspace, type WorkspaceOptions } from "../src/engine/workspace.ts";
import { Activation } from "../src/kernels/contract.ts";
import { loadKernels } from "../src/kernels/load.ts";
import { resolveConfig } from "../src/run/config.ts";
import { createMemory } from "../src/tensor/memory.ts";
import { evenMasks, fixedLengthDataset } from "./fixed-length-dataset.ts";

const BATCH = 128;
/** Too small to move the weights anywhere: every step is like the first. */
export const RATE = 1e-7;

/** Rates of one chunk of steps. */
export interface StepRate {
  readonly samples_per_s: number;
  /** Floating-point operations of the matrix products over real tokens, a second. */
  readonly gflops: number;
}

export function optionsFor(dataset: Dataset, threads: number): WorkspaceOptions {
  const config = resolveConfig({ model: { name: "dien" }, train: { batch_size: BATCH } });
  return { schema: dataset.schema, config, training: true, engine: "wasm", threads };
}

/** Operations of one step, from the tape of a shard: all shards are alike here. */
function flopsOfStep(options: WorkspaceOptions): number {
  const workspace = new Workspace(options);
  const { tape, batch } = workspace.recordForTraining(0, 0);
  const lengths = new Array<number>(workspace.shardSize).fill(options.schema.maxHistory);
  batch.packed.pack(lengths, 0, lengths.length);
  return flopsOf(tape) * options.config.train.shards;
}

class StepBench {
  readonly #flops: number;
  #done = 0;
  readonly #loaded: LoadedPortion;
  readonly #pools: ReadonlyMap<number, WorkerPool>;

  /** Starts a pool for each number of threads, on the same data. */
  constructor(history: number, threads: readonly number[]) {
    const dataset = fixedLengthDataset(history, BATCH * STEPS_PER_CHUNK);
    this.#loaded = { sequences: dataset.sequences, samples: dataset.train };
    this.#flops = flopsOfStep(optionsFor(dataset, 1));
    this.#pools = new Map(
      threads.map((count) => {
        const pool = new WorkerPool(optionsFor(dataset, count), dataset, evenMasks(dataset));
        pool.workspace.parameters.initialise(pool.workspace.memory, 1);
        return [count, pool];
      }),
    );
  }

  /** Runs one chunk of steps with that many threads. */
  async measure(threads: number): Promise<StepRate> {
    const pool = this.#pools.get(threads)!;
    const start = performance.now();
    await pool.train(this.#loaded, {
      epoch: 1,
      portion: 0,
      from: 0,
      to: STEPS_PER_CHUNK,
      done: this.#done,
      rate: RATE,
    });
    const seconds = (performance.now() - start) / 1000;
    this.#done += STEPS_PER_CHUNK;
    return {
      samples_per_s: (BATCH * STEPS_PER_CHUNK) / seconds,
      gflops: (this.#flops * STEPS_PER_CHUNK) / seconds / 1e9,
    };
  }

  async close(): Promise<void> {
    for (const pool of this.#pools.values()) await pool.close();
  }
}

export interface StepReport extends StepRate {
  /** gflops / (threads x the rate of one product of [1280x72] x [72x96] on one thread). */
  readonly share: number;
  /** Speed with all threads over speed with one. */
  readonly thread_scaling: number;
}

const ROUNDS = 15;

/** Measures steps with one and with all threads, and the product, in turn; medians. */
export async function measureSteps(history: number, threads: number): Promise<StepReport> {
  const bench = new StepBench(history, [1, threads]);
  const gemm = gemmRate();
  const rounds: { all: StepRate; share: number; scaling: number }[] = [];
  try {
    // The first rounds warm up: the engine compiles the kernels anew for each thread.
    for (let round = -3; round < ROUNDS; round++) {
      const rate = gemm();
      const one = await bench.measure(1);
      const all = await bench.measure(threads);
      if (round < 0) continue;
      rounds.push({ all, share: all.gflops / (threads * rate), scaling: all.gflops / one.gflops });
    }
  } finally {
    await bench.close();
  }
  const middle = (value: (round: (typeof rounds)[number]) => number) =>
    rounds.map(value).sort((a, b) => a - b)[ROUNDS >> 1];
  return {
    samples_per_s: middle((round) => round.all.samples_per_s),
    gflops: middle((round) => round.all.gflops),
    share: middle((round) => round.share),
    thread_scaling: middle((round) => round.scaling),
  };
}

/** A function that measures the product [1280x72] x [72x96] for some milliseconds, in GFLOP/s. */
function gemmRate(): () => number {
  const [m, n, k] = [1280, 96, 72];
  const { memory } = createMemory((m * k + k * n + m * n) * 4 + 64);
  const kernels = loadKernels(memory);
  const [a, b, c] = [64, 64 + m * k * 4, 64 + (m * k + k * n) * 4];
  const run = (times: number) => {
    for (let i = 0; i < times; i++) kernels.gemmNN(m, n, k, a, k, b, n, c, n, 0, Activation.none, 0);
  };
  run(200);
  return () => {
    const start = performance.now();
    run(50);
    return (50 * 2 * m * n * k) / (performance.now() - start) / 1e6;
  };
}
