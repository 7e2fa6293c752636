/** The training step of DIEN at fixed history lengths: samples/s, useful GFLOP/s, and how two threads compare with one. */
import type { Dataset } from "../src/data/dataset.ts";
import { resolveConfig } from "../src/train/config.ts";
import { Team } from "../src/train/team.ts";
import { STEPS_PER_CHUNK, Workspace, type WorkspaceOptions } from "../src/train/workspace.ts";
import { fixedLengthDataset } from "./shop.ts";

const BATCH = 128;

export interface StepRate {
  readonly samples_per_s: number;
  /** Floating-point operations of the matrix products over real tokens, a second. */
  readonly gflops: number;
}

export function optionsFor(dataset: Dataset, threads: number): WorkspaceOptions {
  const config = resolveConfig({ model: { name: "dien" }, train: { batch_size: BATCH, threads } });
  return { schema: dataset.schema, config, threads, training: true };
}

/** Operations of one step, from the tape of a shard: all shards are alike here. */
export function flopsOfStep(options: WorkspaceOptions): number {
  const workspace = new Workspace(options);
  const { tape, batch } = workspace.shardReplica(0, 0);
  const lengths = new Array<number>(workspace.shardSize).fill(options.schema.maxHistory);
  batch.packed.pack(lengths, 0, lengths.length);
  return tape.flops() * options.config.train.shards;
}

export class StepBench {
  readonly history: number;
  readonly #flops: number;
  readonly #teams: ReadonlyMap<number, Team>;

  /** Starts a team for each number of threads, on the same data. */
  constructor(history: number, threads: readonly number[]) {
    this.history = history;
    const dataset = fixedLengthDataset(history, BATCH * STEPS_PER_CHUNK);
    this.#flops = flopsOfStep(optionsFor(dataset, 1));
    this.#teams = new Map(
      threads.map((count) => {
        const team = new Team(optionsFor(dataset, count), dataset);
        team.workspace.parameters.initialise(team.workspace.memory, 1);
        return [count, team];
      }),
    );
  }

  /** Runs one chunk of steps with that many threads. */
  async measure(threads: number): Promise<StepRate> {
    const team = this.#teams.get(threads)!;
    const start = performance.now();
    await team.train({ epoch: 1, from: 0, to: STEPS_PER_CHUNK, done: 0, rate: 1e-4 });
    const seconds = (performance.now() - start) / 1000;
    return {
      samples_per_s: (BATCH * STEPS_PER_CHUNK) / seconds,
      gflops: (this.#flops * STEPS_PER_CHUNK) / seconds / 1e9,
    };
  }

  async close(): Promise<void> {
    for (const team of this.#teams.values()) await team.close();
  }
}
