/**
 * The worker threads of a run, seen from the main thread: it hands out chunks of work and stays free for signals and
 * progress while they run.
 */
import { Worker } from "node:worker_threads";
import { type ItemCatalogue, type LoadedPortion, type Samples, sharedInt32 } from "../dataset/dataset.ts";
import { groupsOf } from "../dataset/groups.ts";
import type { MaskThresholds } from "../dataset/masking.ts";
import { revived } from "../errors/failure.ts";
import { currentSignal } from "../interruption.ts";
import type { LossTotals, OpenTask, Task, TrainTask, WorkerStart } from "./tasks.ts";
import { WorkCounter } from "./work-counter.ts";
import { SCORE_BATCH, Workspace, type WorkspaceOptions } from "./workspace.ts";

/** Worker threads over one workspace and the portions of one dataset. */
export class WorkerPool {
  readonly workspace: Workspace;
  readonly #workers: readonly Worker[];
  readonly #counter: WorkCounter;
  #loaded: LoadedPortion | undefined;
  #failure: Error | undefined;
  #fail: ((error: Error) => void) | undefined;

  /** Plans the memory and starts the workers. Throws UserError where the run does not fit into 4 GiB. */
  constructor(options: WorkspaceOptions, { schema, itemFields, popularity }: ItemCatalogue, masks?: MaskThresholds) {
    this.workspace = new Workspace(options);
    this.workspace.gradients?.initialise();
    this.#counter = new WorkCounter(this.workspace.counterCells);
    const { memory } = this.workspace.memory;
    const catalogue: ItemCatalogue = { schema, itemFields, popularity };
    this.#workers = Array.from({ length: options.threads }, (_, thread) => {
      const workerData: WorkerStart = { options, memory, catalogue, masks, thread };
      // Flags of the parent, like --input-type of `node -e`, are not for a worker.
      const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData, execArgv: [] });
      worker.on("error", (error) => {
        this.#failure = revived(error);
        this.#fail?.(this.#failure);
      });
      return worker;
    });
  }

  /** Steps on the samples of `loaded`. */
  train(loaded: LoadedPortion, task: Omit<TrainTask, "kind">): Promise<void> {
    this.#open(loaded);
    return this.#run({ kind: "train", ...task });
  }

  /** Writes the probability of a click for each sample of `loaded` to the place of its row in `scores`. */
  async score(loaded: LoadedPortion, scores: Float32Array, onProgress?: (done: number) => void): Promise<void> {
    this.#open(loaded);
    const timer = onProgress && setInterval(() => onProgress(this.#counter.done), 200);
    try {
      await this.#run({ kind: "score", order: longestTogether(loaded.samples), scores });
    } finally {
      clearInterval(timer);
    }
  }

  /**
   * The losses on `loaded` as they are now: [pieces, losses] shares of their means over `totals`, each piece's in its own
   * place.
   */
  async measure(loaded: LoadedPortion, totals: LossTotals): Promise<Float64Array> {
    this.#open(loaded);
    const pieces = Math.ceil(loaded.samples.count / SCORE_BATCH);
    const shares = new Float64Array(new SharedArrayBuffer(pieces * this.workspace.losses.length * 8));
    await this.#run({ kind: "measure", order: longestFirst(loaded.samples), totals, shares });
    return shares;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #open(loaded: LoadedPortion): void {
    if (loaded === this.#loaded) return;
    this.#loaded = loaded;
    const task: OpenTask = { kind: "open", loaded };
    for (const worker of this.#workers) worker.postMessage(task);
  }

  async #run(task: Exclude<Task, OpenTask>): Promise<void> {
    if (this.#failure) throw this.#failure;
    this.#counter.reset();
    const signal = currentSignal();
    const interrupt = () => this.#fail?.(signal?.reason);
    signal?.addEventListener("abort", interrupt);
    await new Promise<void>((resolve, reject) => {
      let left = this.#workers.length;
      this.#fail = reject;
      for (const worker of this.#workers) {
        worker.once("message", () => {
          if (--left === 0) resolve();
        });
        worker.postMessage(task);
      }
    }).finally(() => signal?.removeEventListener("abort", interrupt));
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

/** The same, of groups of samples that share a sequence, each by its longest history. */
function longestTogether(samples: Samples): Int32Array {
  const bounds = groupsOf(samples, samples.count);
  const groups = bounds.length - 1;
  const longest = new Int32Array(groups);
  for (let g = 0; g < groups; g++) {
    for (let i = bounds[g]; i < bounds[g + 1]; i++) longest[g] = Math.max(longest[g], samples.length[i]);
  }
  const sorted = Int32Array.from({ length: groups }, (_, g) => g).sort((a, b) => longest[b] - longest[a] || a - b);
  const order = sharedInt32(samples.count);
  let next = 0;
  for (const group of sorted) for (let i = bounds[group]; i < bounds[group + 1]; i++) order[next++] = i;
  return order;
}
