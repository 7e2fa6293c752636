/** Opens a dataset as the configuration of a run has it: how much of it is in memory, how long its histories are. */
import type { Manifest } from "../dataset/manifest.ts";
import { DatasetStream } from "../dataset/stream.ts";
import type { RunConfig } from "./config.ts";

/** Two portions are held at a time: the one at work, and the one that is loaded ahead. */
const PORTIONS = 2;

/**
 * @param manifest of an earlier opening by the same command
 * @throws UserError where `data` is no dataset, or another than before
 */
export function openDatasetOf(
  { train }: Pick<RunConfig, "train">,
  data: string,
  manifest?: Manifest,
): Promise<DatasetStream> {
  return DatasetStream.open(data, {
    portionBudget: (train.buffer_mb * 2 ** 20) / PORTIONS,
    maxHistory: train.max_history,
    manifest,
  });
}
