/** Messages from the main thread to its workers. */
import type { ItemCatalogue, LoadedPortion } from "../dataset/dataset.ts";
import type { MaskThresholds } from "../dataset/masking.ts";
import type { WorkspaceOptions } from "./workspace.ts";

/** What a worker is started with. Memory and dataset are shared, not copied. */
export interface WorkerStart {
  readonly options: WorkspaceOptions;
  readonly memory: WebAssembly.Memory;
  readonly catalogue: ItemCatalogue;
  /** Of a run that masks rare values. */
  readonly masks: MaskThresholds | undefined;
  readonly thread: number;
}

/** The following tasks are about these samples. Not answered. */
export interface OpenTask {
  readonly kind: "open";
  readonly loaded: LoadedPortion;
}

/**
 * Training steps [from, to) of portion number `portion` of an epoch, at learning rate `rate`; at most `STEPS_PER_CHUNK`.
 * Before the portion `done` steps were made.
 */
export interface TrainTask {
  readonly kind: "train";
  readonly epoch: number;
  readonly portion: number;
  readonly from: number;
  readonly to: number;
  readonly done: number;
  readonly rate: number;
}

/** Scores of the samples in `order`, each in the place of its row. */
export interface ScoreTask {
  readonly kind: "score";
  readonly order: Int32Array;
  readonly scores: Float32Array;
}

/** What means of losses are over. */
export interface LossTotals {
  readonly samples: number;
  /** (t, t+1) pairs of behaviours. */
  readonly pairs: number;
}

/** Losses of the samples in `order`: shares[piece, loss] of the means over `totals`, for each `SCORE_BATCH` samples. */
export interface MeasureTask {
  readonly kind: "measure";
  readonly order: Int32Array;
  readonly totals: LossTotals;
  readonly shares: Float64Array;
}

export type Task = OpenTask | TrainTask | ScoreTask | MeasureTask;
