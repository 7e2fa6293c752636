/** What the main thread and its workers say to each other. */
import type { Dataset, Split } from "../data/dataset.ts";
import type { WorkspaceOptions } from "./workspace.ts";

/** What a worker is started with. Memory and dataset are shared, not copied. */
export interface WorkerStart {
  readonly options: WorkspaceOptions;
  readonly memory: WebAssembly.Memory;
  readonly dataset: Dataset;
  readonly thread: number;
}

/** Steps [from, to) of an epoch, after `done` steps of earlier epochs, at learning rate `rate`. */
export interface TrainTask {
  readonly kind: "train";
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  readonly done: number;
  readonly rate: number;
}

/** Scores of the samples in `order`, each at its own place. */
export interface ScoreTask {
  readonly kind: "score";
  readonly split: Split;
  readonly order: Int32Array;
  readonly scores: Float32Array;
}

/** Losses of the samples in `order`: shares[piece, loss] of the means, for each `SCORE_BATCH` samples. */
export interface MeasureTask {
  readonly kind: "measure";
  readonly split: Split;
  readonly order: Int32Array;
  readonly shares: Float64Array;
}

export type Task = TrainTask | ScoreTask | MeasureTask;
