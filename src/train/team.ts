/**
 * The worker threads of a run, seen from the main thread: it hands out chunks of work and stays free for signals and
 * progress while they run.
 */
import { Worker } from "node:worker_threads";
import { type Dataset, type Samples, type Split, sharedFloat32, sharedInt32 } from "../data/dataset.ts";
import { Cell } from "./meeting.ts";
import type { Task, TrainTask, WorkerStart } from "./tasks.ts";
import { SCORE_BATCH, Workspace, type WorkspaceOptions } from "./workspace.ts";

/** Worker threads over one workspace and one dataset. */
export class Team {
  readonly workspace: Workspace;
  readonly #dataset: Dataset;
  readonly #workers: readonly Worker[];
  #failure: Error | undefined;
  #fail: ((error: Error) => void) | undefined;

  /** Plans the memory and starts the workers. Throws UserError where the run does not fit into 4 GiB. */
  constructor(options: WorkspaceOptions, dataset: Dataset) {
    this.workspace = new Workspace(options);
    this.workspace.gradients?.initialise();
    this.#dataset = dataset;
    const { memory } = this.workspace.memory;
    const { schema, sequences, itemFields, popularity, train, valid, test } = dataset;
    const shared: Dataset = { schema, sequences, itemFields, popularity, train, valid, test };
    this.#workers = Array.from({ length: options.threads }, (_, thread) => {
      const workerData: WorkerStart = { options, memory, dataset: shared, thread };
      // Flags of the parent, like --input-type of `node -e`, are not for a worker.
      const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData, execArgv: [] });
      worker.on("error", (error) => {
        this.#failure = error instanceof Error ? error : new Error(String(error));
        this.#fail?.(this.#failure);
      });
      return worker;
    });
  }

  train(task: Omit<TrainTask, "kind">): Promise<void> {
    return this.#run({ kind: "train", ...task });
  }

  /** Probability of a click for each sample of a split. */
  async score(split: Split, onProgress?: (done: number, total: number) => void): Promise<Float32Array> {
    const samples = this.#dataset[split];
    const scores = sharedFloat32(samples.count);
    const timer = onProgress && setInterval(() => onProgress(this.progress, samples.count), 200);
    try {
      await this.#run({ kind: "score", split, order: longestFirst(samples), scores });
    } finally {
      clearInterval(timer);
    }
    return scores;
  }

  /** The losses on a split as they are now: [pieces, losses] shares of their means, each piece's in its own place. */
  async measure(split: Split): Promise<Float64Array> {
    const samples = this.#dataset[split];
    const pieces = Math.ceil(samples.count / SCORE_BATCH);
    const shares = new Float64Array(new SharedArrayBuffer(pieces * this.workspace.losses.length * 8));
    await this.#run({ kind: "measure", split, order: longestFirst(samples), shares });
    return shares;
  }

  /** Steps or samples done of the task that runs. */
  get progress(): number {
    return Atomics.load(this.workspace.control, Cell.progress);
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  async #run(task: Task): Promise<void> {
    if (this.#failure) throw this.#failure;
    Atomics.store(this.workspace.control, Cell.work, 0);
    Atomics.store(this.workspace.control, Cell.progress, 0);
    await new Promise<void>((resolve, reject) => {
      let left = this.#workers.length;
      this.#fail = reject;
      for (const worker of this.#workers) {
        worker.once("message", () => {
          if (--left === 0) resolve();
        });
        worker.postMessage(task);
      }
    });
  }
}

/**
 * Sample indices by falling history length: batches of like lengths pack best, and the longest are not left to the end.
 */
function longestFirst({ count, length }: Samples): Int32Array {
  const order = sharedInt32(count);
  for (let i = 0; i < count; i++) order[i] = i;
  return order.sort((a, b) => length[b] - length[a] || a - b);
}
