/** Scoring a dataset with a trained run. */
import { availableParallelism } from "node:os";
import type { Split } from "../data/dataset.ts";
import { openDataset } from "../data/read.ts";
import { UserError } from "../errors.ts";
import { evaluateScores, type Metrics } from "../evaluate/metrics.ts";
import { describeDataset } from "./describe.ts";
import { loadWeights, type ModelDescription, readModelDescription } from "./model-folder.ts";
import { Team } from "./team.ts";

/** Which run to score on which part of which data. */
export interface EvaluateOptions {
  /** Folder of the run, and of the dataset. */
  readonly run: string;
  readonly data: string;
  readonly split: Split;
  readonly threads?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Metrics of a run's best model on a part of a dataset.
 * @throws UserError where the run or the dataset cannot be read, or the dataset's fields are not the model's
 */
export async function evaluateRun(options: EvaluateOptions): Promise<Metrics & { readonly seconds: number }> {
  const { run, data, split, threads = availableParallelism(), onProgress } = options;
  const model = await readModelDescription(run);
  const { schema, config } = model;
  const dataset = await openDataset(data);
  if (!sameFields(model, await describeDataset(data, dataset, config))) {
    throw new UserError(
      `${data} does not fit ${run}: its fields or vocabularies are not those the model was trained on`,
    );
  }
  const start = performance.now();
  const team = new Team({ schema, config, threads, training: false }, dataset);
  try {
    await loadWeights(run, team.workspace);
    const score = await team.score(split, onProgress);
    const { label, sequence } = dataset[split];
    return { ...evaluateScores({ label, score, group: sequence }), seconds: (performance.now() - start) / 1000 };
  } finally {
    await team.close();
  }
}

/** Whether ids mean the same in both: fields, vocabularies and catalogue. */
function sameFields(a: ModelDescription, b: ModelDescription): boolean {
  const text = ({ schema, vocabularies, catalogue }: ModelDescription) =>
    JSON.stringify([schema, vocabularies, catalogue.values, catalogue.ids]);
  return text(a) === text(b);
}
