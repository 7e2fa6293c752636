/** A training of its own on one or more threads, which makes the same steps whenever it is asked. */
import { Worker } from "node:worker_threads";
import { Workspace, type WorkspaceOptions } from "../../src/engine/workspace.ts";
import type { Engine } from "../../src/kernels/load.ts";
import { ask } from "../ask.ts";
import type { Work } from "./work.ts";

export interface LaneStart {
  readonly options: WorkspaceOptions;
  readonly memory: WebAssembly.Memory;
  readonly work: Work;
  readonly thread: number;
}

/** The stages of a step, each of which ends at a barrier. */
export const STAGES = ["shards", "sums of gradients", "rows and Adam"] as const;

/** Milliseconds of one thread, [steps, stages]: at work, and then at the barrier. */
export interface ThreadTimes {
  readonly working: Float64Array;
  readonly waiting: Float64Array;
}

export class Lane {
  readonly #workers: readonly Worker[];
  #done = 0;
  readonly #steps: number;

  constructor(work: Work, engine: Engine, threads: number) {
    const options: WorkspaceOptions = {
      schema: work.catalogue.schema,
      config: work.config,
      training: true,
      engine,
      threads,
    };
    const workspace = new Workspace(options);
    workspace.parameters.initialise(workspace.memory, 1);
    workspace.gradients!.initialise();
    const { memory } = workspace.memory;
    this.#steps = work.steps;
    this.#workers = Array.from({ length: threads }, (_, thread) => {
      const workerData: LaneStart = { options, memory, work, thread };
      return new Worker(new URL("./lane-worker.js", import.meta.url), { workerData });
    });
  }

  /** Makes the steps; what each thread did. */
  async run(): Promise<ThreadTimes[]> {
    const done = this.#done;
    this.#done += this.#steps;
    return await Promise.all(this.#workers.map((worker) => ask<ThreadTimes>(worker, done)));
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
