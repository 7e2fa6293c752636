/**
 * The training loop, top to bottom: epochs of steps, checkpoints in between, validation after each epoch. The epoch with
 * the best validation AUC is kept and reported on test; the test samples are read once, at the end.
 *
 * Threads, and the loading of samples, are behind `TrainingSteps`; sums of losses behind `losses.ts`. `progress` is where
 * the run is and all that a checkpoint needs beside the weights.
 */
import type { DatasetStream } from "../dataset/stream.ts";
import type { Machine } from "../engine/machine.ts";
import { loadWeights, saveWeights, weightTensors } from "../engine/state.ts";
import type { WorkerPool } from "../engine/worker-pool.ts";
import { failure, type UserError } from "../errors/failure.ts";
import type { RunConfig, TrainConfig } from "../run/config.ts";
import type { MeasuredLosses } from "../run/losses.ts";
import { type EpochLine, MetricsLog, type StepLine } from "../run/metrics-log.ts";
import { writeScores } from "../run/scores.ts";
import { weightsSha256 } from "../run/sha256.ts";
import { type TrainSummary, writeSummary } from "../run/summary.ts";
import type { WarmStart } from "../run/warm-start.ts";
import { isBest, isOutOfPatience } from "./best-epoch.ts";
import { writeCheckpoint } from "./checkpoint.ts";
import { stepEvent, type TrainEvent } from "./events.ts";
import { Forecast } from "./forecast.ts";
import { areFinite, meanLosses, noLosses, sumOfSteps } from "./losses.ts";
import { noteEpoch, noteSteps, type Progress } from "./progress.ts";
import { SplitEvaluator } from "./split-evaluator.ts";
import { TrainingSteps } from "./steps.ts";

/** A run that is ready to train. */
export interface TrainingRun {
  readonly out: string;
  readonly config: RunConfig;
  /** The seal of its model.json. */
  readonly model: string;
  /** What it took over from another run. */
  readonly from: WarmStart | undefined;
  readonly machine: Machine;
  readonly dataset: DatasetStream;
  /** Holds the weights of `progress`. */
  readonly pool: WorkerPool;
  readonly progress: Progress;
  /** Whether it goes on with an earlier call's progress. */
  readonly resume: boolean;
  readonly checkpointSeconds: number;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: (event: TrainEvent) => void;
}

/** Steps between two lines of the log where there is no learning curve. */
const LOG_EVERY_STEPS = 100;

/** Trains to the end; undefined where the run was aborted, after a checkpoint. */
export async function trainToEnd(run: TrainingRun): Promise<TrainSummary | undefined> {
  const { out, config, model, dataset, pool, progress, checkpointSeconds, signal, onEvent } = run;
  const { workspace } = pool;
  const { losses: terms } = workspace;
  const { engine } = run.machine;
  const { epochs, batch_size: batchSize, shards, patience, curve_steps: curveSteps } = config.train;
  const samples = dataset.manifest.counts.train;
  const logEvery = curveSteps || LOG_EVERY_STEPS;
  const log = await MetricsLog.open(out, progress.log);
  const trainingSteps = new TrainingSteps(dataset, pool, config);
  const validation = new SplitEvaluator(dataset, pool, "valid");
  const forecast = new Forecast();

  if (run.from) onEvent({ kind: "from", ...run.from });
  if (run.resume) onEvent({ kind: "note", text: whereItGoesOn(progress, epochs) });
  if (await validation.hasOneClass()) {
    const text =
      "warning: all validation samples have one label, so the best epoch is that of the lowest logloss, not AUC";
    onEvent({ kind: "note", text });
  }

  let saved = performance.now();
  const saveCheckpoint = async () => {
    // After a loss of power the log must hold all that the checkpoint knows of.
    await log.flush();
    progress.log = log.state;
    await writeCheckpoint(out, workspace, model, progress);
    saved = performance.now();
  };

  while (progress.epoch <= epochs && !isOutOfPatience(progress, patience)) {
    const { epoch } = progress;
    const rate = learningRate(config.train, epoch);
    const steps = await trainingSteps.startEpoch(epoch);

    while (progress.step < steps && !signal?.aborted) {
      const from = progress.step;
      const logAt = from - (from % logEvery) + logEvery;
      const chunk = await trainingSteps.run(from, logAt, progress.stepsDone, rate);
      const { to } = chunk;
      const sums = sumOfSteps(terms, shards, workspace.stepLosses, to - from, (step) => {
        throw diverged(run, "loss", from + step);
      });
      noteSteps(progress, chunk, sums);
      const outlook = forecast.after(chunk, from, steps, dataset.schema, config);
      if (outlook !== undefined) onEvent({ kind: "note", text: outlook });
      onEvent(stepEvent(progress, steps, sums, { terms, epochs, batchSize, samples }));

      if (to === logAt || to === steps) {
        const valid = curveSteps > 0 ? { valid: await validationLosses(run, validation) } : {};
        const line: StepLine = { epoch, step: to, ...meanLosses(progress.unlogged, terms), ...valid, rate, engine };
        await log.append(line);
        progress.unlogged = noLosses(terms);
      }
      if (to === steps || performance.now() - saved > checkpointSeconds * 1000) await saveCheckpoint();
    }
    if (signal?.aborted) {
      await saveCheckpoint();
      return undefined;
    }

    const valid = await validation.metrics(await scoresOf(run, validation));
    if (isBest(valid, progress)) {
      progress.best = { epoch, valid };
      await saveWeights(out, workspace, { model, epoch });
    }
    const line: EpochLine = { epoch, ...meanLosses(progress.epochLosses, terms), valid };
    await log.append({ ...line, engine });
    const { seconds, loadingSeconds: loading_seconds } = progress;
    const cost = { seconds, loading_seconds, samples_per_s: samples / seconds };
    onEvent({ kind: "epoch", ...line, ...cost });
    noteEpoch(progress, steps, { losses: line.losses, valid_auc: valid.auc, ...cost }, terms);
    await saveCheckpoint();
  }

  if (progress.epoch <= epochs) {
    const text = `no better validation AUC in ${patience} epochs: stopped after epoch ${progress.epoch - 1}`;
    onEvent({ kind: "note", text });
  }
  return await reportBestEpoch(run);
}

function whereItGoesOn({ epoch, step }: Progress, epochs: number): string {
  if (epoch > epochs) return `all ${epochs} epochs are done`;
  if (epoch === 1 && step === 0) return "there is no checkpoint yet: the run begins anew";
  return `the run goes on in epoch ${epoch} of ${epochs}, after step ${step}`;
}

/** The learning rate of an epoch, multiplied up: `Math.pow` may differ between engines. */
function learningRate({ learning_rate: first, learning_rate_decay: decay }: TrainConfig, epoch: number): number {
  let rate = first;
  for (let e = 1; e < epoch; e++) rate *= decay;
  return rate;
}

/** A point of the validation curve. */
async function validationLosses(run: TrainingRun, validation: SplitEvaluator): Promise<MeasuredLosses> {
  const sums = await validation.losses();
  if (!areFinite(sums)) throw diverged(run, "valid loss", run.progress.step);
  return meanLosses(sums, run.pool.workspace.losses);
}

async function scoresOf(run: TrainingRun, split: SplitEvaluator): Promise<Float32Array> {
  const score = await split.score();
  if (!score.every(Number.isFinite)) throw diverged(run, "score", run.progress.step);
  return score;
}

/** Reports the best epoch's model on test. The summary comes last: a folder that has one has all the rest. */
async function reportBestEpoch(run: TrainingRun): Promise<TrainSummary> {
  const { out, config, model, machine, dataset, pool, progress } = run;
  const { workspace } = pool;
  const best = progress.best!;
  const weights = await loadWeights(out, workspace, { model, epoch: best.epoch });
  const test = new SplitEvaluator(dataset, pool, "test");
  const score = await scoresOf(run, test);
  const scores = await writeScores(out, score, best.epoch);
  const summary: TrainSummary = {
    model: config.model.name,
    ...(run.from && { from: run.from }),
    seed: config.train.seed,
    threads: machine.threads,
    engines: progress.engines,
    parameters: workspace.parameters.parameters,
    best_epoch: best.epoch,
    valid: best.valid,
    test: await test.metrics(score),
    epochs: progress.epochs,
    weights_sha256: weightsSha256(weightTensors(workspace)),
  };
  await writeSummary(out, summary, { model, weights, scores, metrics: progress.log.sha256 });
  return summary;
}

function diverged({ config, progress: { epoch } }: TrainingRun, loss: string, step: number): UserError {
  return failure("run.diverged", { loss, epoch, step, rate: config.train.learning_rate });
}
