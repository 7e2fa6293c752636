/** Whether the folder of a run is as it was written, and its files belong together; of an unfinished one, as far as it is. */
import { existsSync } from "node:fs";
import { relative } from "node:path";
import { checkWeights } from "../engine/state.ts";
import { readStop, stopFile } from "../experiments/lab/trials.ts";
import { hashFile } from "../files/digest.ts";
import { readAnyCalibration, readCalibration } from "../run/calibration.ts";
import { readCurve } from "../run/curve.ts";
import { checkLog } from "../run/metrics-log.ts";
import { readModelDescription, readModelOf } from "../run/model-folder.ts";
import { readRunConfig, runFiles } from "../run/run-folder.ts";
import { checkScores } from "../run/scores.ts";
import { checkFinished, readSummary } from "../run/summary.ts";
import { checkTensors } from "../run/tensor-document.ts";
import { checkCheckpoint } from "../training/checkpoint.ts";
import { type FileVerdict, judge, type Verification } from "./verified.ts";

/** Looks at all files of a run. */
export async function verifyRun(run: string): Promise<Verification> {
  const files = runFiles(run);
  const verdicts: FileVerdict[] = [];
  const look = <T>(path: string, checked: string, work: () => Promise<T>) =>
    judge(verdicts, relative(run, path), checked, work);
  const isFinished = existsSync(files.summary);
  /** A finished run has all files, any other those that it came to write. */
  const isThere = (path: string) => isFinished || existsSync(path);

  const config = await look(files.config, "seal, settings", () => readRunConfig(run));
  // Weights and checkpoint are of no use without it.
  const model = [files.model, files.weights, files.checkpoint].some(isThere)
    ? await look(files.model, "seal, ids, config.yaml", () =>
        config ? readModelOf(run, config) : readModelDescription(run),
      )
    : undefined;
  const summary = isFinished
    ? await look(files.summary, "seal, model.json", async () => {
        const summary = await readSummary(run);
        if (model) await checkFinished(run, "model", model.sha256);
        return summary;
      })
    : undefined;
  /** What is of no model that can be read may still be whole in itself. */
  const lookAtTensors = <T>(path: string, check: (model: string) => Promise<T>) =>
    look(path, "header, tensors, model.json", () =>
      model ? check(model.sha256) : checkTensors(path, () => undefined),
    );
  if (isThere(files.weights)) await lookAtTensors(files.weights, (model) => checkWeights(run, model));
  // Of a run in training the weights may be others by now; whoever applies it looks.
  if (existsSync(files.calibration)) {
    await look(files.calibration, "seal, knots, weights", () =>
      summary ? readCalibration(run, summary.weights_sha256) : readAnyCalibration(run),
    );
  }
  const progress = existsSync(files.checkpoint)
    ? await lookAtTensors(files.checkpoint, (model) => checkCheckpoint(run, model))
    : undefined;
  if (isThere(files.metrics)) {
    await look(files.metrics, "lines, sha256 as far as it is known", async () => {
      await readCurve(run);
      if (progress === undefined) return;
      const { bytes, hash } = await hashFile(files.metrics, progress.log.bytes);
      checkLog(files.metrics, { bytes, sha256: hash.digest("hex") }, progress.log);
    });
  }
  if (isThere(files.scores)) await look(files.scores, "header, tensors", () => checkScores(run));
  const isStopped = existsSync(stopFile(run));
  if (isStopped) await look(stopFile(run), "seal", () => readStop(run));
  const state = isFinished ? "finished" : isStopped ? "stopped" : "unfinished";
  return { path: run, kind: "run", state, files: verdicts };
}
