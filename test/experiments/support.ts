/** Experiments on data small enough to train in seconds, and what they leave behind. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ExperimentOutcome, type RunExperimentOptions, runExperiment } from "dien";

export const SETTINGS = {
  "train.epochs": 2,
  "train.batch_size": 50,
  "train.learning_rate": 0.01,
  "train.shards": 2,
  "model.embedding.size": 4,
  "model.head.layers": [8, 4],
};

export type Options = Omit<RunExperimentOptions, "name">;

/** Runs an experiment that nobody interrupts. */
export async function finish(name: string, options: Options): Promise<ExperimentOutcome> {
  const outcome = await runExperiment({ name, ...options });
  if (outcome.interrupted) throw new Error("nobody interrupted this experiment");
  return outcome;
}

/** The rows of a report's data. */
export function readRows(outcome: ExperimentOutcome, name: string): Record<string, unknown>[] {
  return JSON.parse(readFileSync(join(outcome.folder, "data", `${name}.json`), "utf8"));
}
