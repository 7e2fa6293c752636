/** Opens a dataset as the configuration of a run has it: how much of it is in memory, how long its histories are. */
import { DatasetStream } from "../dataset/stream.ts";
import type { RunConfig } from "./config.ts";

/** Two portions are held at a time: the one at work, and the one that is loaded ahead. */
const PORTIONS = 2;

/** @throws UserError where `data` is no dataset */
export function openDatasetOf({ train }: Pick<RunConfig, "train">, data: string): Promise<DatasetStream> {
  return DatasetStream.open(data, {
    portionBudget: (train.buffer_mb * 2 ** 20) / PORTIONS,
    maxHistory: train.max_history,
  });
}
