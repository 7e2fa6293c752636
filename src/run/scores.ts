/**
 * The scores of a finished run on the test samples: what its reported metrics are of, kept so that runs can be compared
 * sample by sample.
 */
import { existsSync } from "node:fs";
import { z } from "zod";
import { failure } from "../errors/failure.ts";
import { path } from "../options/pieces.ts";
import { checkOptions } from "../options/problems.ts";
import { runFiles } from "./run-folder.ts";
import type { StoredTensor } from "./safetensors.ts";
import { checkFinished } from "./summary.ts";
import { checkTensors, readTensors, writeTensors } from "./tensor-document.ts";

const scoresArguments = z.object({
  run: path,
  count: z
    .int()
    .min(0)
    .max(2 ** 31 - 1),
});

function scoreTensor(scores: Float32Array): Map<string, StoredTensor> {
  return new Map([["score", { shape: [scores.length], data: scores }]]);
}

/** Writes the best epoch's scores [samples], in the order of the dataset; returns what tells the file from any other. */
export async function writeScores(run: string, scores: Float32Array, epoch: number): Promise<string> {
  return await writeTensors(runFiles(run).scores, scoreTensor(scores), { split: "test", epoch });
}

/**
 * The scores of a finished run on the `count` test samples of its dataset, in their order there.
 * @throws UserError where the run has not finished, or its file is damaged or of another number of samples
 */
export async function readScores(run: string, count: number): Promise<Float32Array> {
  checkOptions("readScores", scoresArguments, { run, count });
  const { scores: path } = runFiles(run);
  if (!existsSync(path)) throw failure("run.lacks", { path: run, what: "scores", reason: "the run has not finished" });
  const scores = new Float32Array(count);
  await checkFinished(run, "scores", await readTensors(path, scoreTensor(scores), (_, sum) => sum));
  return scores;
}

/** Reads all scores of a run without keeping them. @throws UserError as `readScores` */
export async function checkScores(run: string): Promise<void> {
  await checkFinished(run, "scores", await checkTensors(runFiles(run).scores, (_, sum) => sum));
}
