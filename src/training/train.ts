/**
 * The training loop: epochs of chunks of steps, a checkpoint now and then, validation after each epoch. The best epoch
 * by validation AUC is kept and reported on test; the test split is read once, at the end.
 */
import { existsSync } from "node:fs";
import { SPLITS } from "../dataset/dataset.ts";
import { Feed } from "../dataset/feed.ts";
import type { Manifest } from "../dataset/manifest.ts";
import type { DatasetStream, Targets } from "../dataset/stream.ts";
import { chooseTrainingMachine, type TrainingMachineOptions } from "../engine/machine.ts";
import { TARGET_LOSS } from "../engine/objective.ts";
import { loadWeights, saveWeights, weightTensors } from "../engine/state.ts";
import { WorkerPool } from "../engine/worker-pool.ts";
import { STEPS_PER_CHUNK } from "../engine/workspace.ts";
import { failure, type UserError } from "../errors/failure.ts";
import type { RunConfig } from "../run/config.ts";
import type { StepLine } from "../run/curve.ts";
import { describeDataset, fingerprint } from "../run/describe.ts";
import { withLock } from "../run/lock.ts";
import { describeModel, readModelDescription } from "../run/model-folder.ts";
import { createRun, MetricsLog, readRunConfig, removeLeftovers, runFiles } from "../run/run-folder.ts";
import { writeScores } from "../run/scores.ts";
import { weightsSha256 } from "../run/sha256.ts";
import { type EpochSummary, type ReportedMetrics, type TrainSummary, writeSummary } from "../run/summary.ts";
import { openStream, SplitScorer } from "../scoring/split-scorer.ts";
import { evaluateScores } from "../statistics/metrics.ts";
import { type LossSums, noLosses, type Progress, readCheckpoint, startOfRun, writeCheckpoint } from "./checkpoint.ts";
import { type EpochPlan, type PlannedPortion, planEpoch, portionOfStep } from "./epoch-plan.ts";

/** What to train, on what, and where to. */
export interface TrainOptions extends TrainingMachineOptions {
  /** Dataset folder. */
  readonly data: string;
  /** Folder of the run. */
  readonly out: string;
  /** Of a fresh run; a resumed one has its own in the folder. */
  readonly config: RunConfig;
  /** Goes on from the checkpoint in the folder. The machine may be another than before. */
  readonly resume?: boolean;
  /** Aborting saves a checkpoint and ends the training. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: TrainEvent) => void;
}

/** What happens in a run as it happens: a chunk of steps, an epoch's validation, a remark. Times are in seconds. */
export type TrainEvent =
  | {
      readonly kind: "step";
      readonly epoch: number;
      readonly epochs: number;
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
      readonly auxiliary_loss: number;
      readonly samples_per_s: number;
      readonly seconds_left: number;
    }
  | {
      readonly kind: "epoch";
      readonly epoch: number;
      readonly train_loss: number;
      readonly auxiliary_loss: number;
      readonly valid: ReportedMetrics;
      readonly seconds: number;
      /** Of them, those in which the threads waited for samples. */
      readonly loading_seconds: number;
      readonly samples_per_s: number;
    }
  | { readonly kind: "note"; readonly text: string };

/** What an aborted run tells: `--resume` goes on from here. */
export interface Interruption {
  readonly interrupted: true;
  readonly epoch: number;
  readonly step: number;
}

/** Without a learning curve. */
const LOG_EVERY_STEPS = 100;

/**
 * Trains a model and writes the run's folder.
 * @throws UserError for bad input; where another process trains the run; where the run does not fit into memory
 *   (run.too-large) or a loss is not finite (run.diverged)
 */
export async function train(options: TrainOptions): Promise<TrainSummary | Interruption> {
  const { data, out, resume = false } = options;
  const config = resume ? await readRunConfig(out) : options.config;
  const { engine, threads, checkpointSeconds } = chooseTrainingMachine(options, config.train.shards);
  const dataset = await openStream(data, config);
  let pool: WorkerPool | undefined;
  try {
    for (const split of SPLITS) {
      if (dataset.manifest.counts[split] === 0) throw failure("run.no-samples", { path: data, split });
    }
    // A damaged file is reported before there is a run.
    for (const split of SPLITS) await dataset.filePortions(split);
    const started = new WorkerPool({ schema: dataset.schema, config, training: true, engine, threads }, dataset);
    pool = started;
    started.workspace.parameters.initialise(started.workspace.memory, config.train.seed);
    return await withLock(out, async () => {
      let progress = startOfRun();
      if (resume) {
        await removeLeftovers(out);
        await checkDataset(out, data, dataset.manifest);
        progress = (await readCheckpoint(out, started.workspace)) ?? progress;
      } else await createRun(out, config);
      if (!existsSync(runFiles(out).model)) await describeModel(out, await describeDataset(dataset, config));
      return await new Training({ ...options, checkpointSeconds }, config, threads, dataset, started, progress).run();
    });
  } finally {
    await pool?.close();
    await dataset.close();
  }
}

/** A run goes on with the dataset it began with. */
async function checkDataset(run: string, data: string, manifest: Manifest): Promise<void> {
  if (!existsSync(runFiles(run).model)) return;
  const { dataset } = await readModelDescription(run);
  if (dataset !== fingerprint(manifest)) throw failure("run.other-dataset", { path: run, dataset: data });
}

/**
 * Whether `a` is the better validation result: by AUC, or by logloss where there is one class only and AUC is
 * undefined.
 */
function better(a: ReportedMetrics, b: ReportedMetrics): boolean {
  return Number.isNaN(a.auc) || Number.isNaN(b.auc) ? a.logloss < b.logloss : a.auc > b.auc;
}

class Training {
  readonly #options: TrainOptions & { readonly checkpointSeconds: number };
  readonly #config: RunConfig;
  readonly #threads: number;
  readonly #dataset: DatasetStream;
  readonly #pool: WorkerPool;
  readonly #progress: Progress;
  readonly #feed: Feed;
  readonly #valid: SplitScorer;
  #validTargets: Promise<Targets> | undefined;
  /** Place of the target loss among those of a shard; the others are auxiliary. */
  readonly #target: number;

  constructor(
    options: TrainOptions & { readonly checkpointSeconds: number },
    config: RunConfig,
    threads: number,
    dataset: DatasetStream,
    pool: WorkerPool,
    progress: Progress,
  ) {
    this.#options = options;
    this.#config = config;
    this.#threads = threads;
    this.#dataset = dataset;
    this.#pool = pool;
    this.#progress = progress;
    this.#feed = new Feed(dataset, "train");
    this.#valid = new SplitScorer(dataset, "valid");
    this.#target = pool.workspace.losses.indexOf(TARGET_LOSS);
  }

  async run(): Promise<TrainSummary | Interruption> {
    const { out } = this.#options;
    const { epochs, patience } = this.#config.train;
    const progress = this.#progress;
    const log = await MetricsLog.open(out, progress.metricsBytes);
    while (progress.epoch <= epochs && !this.#outOfPatience()) {
      const plan = await this.#planOf(progress.epoch);
      // Read while the epoch's last portion is at work.
      const after = progress.epoch < epochs ? (await this.#planOf(progress.epoch + 1)).portions[0] : undefined;
      if (!(await this.#trainEpoch(log, plan, after))) {
        await this.#checkpoint(log);
        return { interrupted: true, epoch: progress.epoch, step: progress.step };
      }
      await this.#endEpoch(log, plan.steps);
    }
    if (progress.epoch <= epochs) {
      this.#note(`no better validation AUC in ${patience} epochs: stopped after epoch ${progress.epoch - 1}`);
    }
    return await this.#finish();
  }

  #outOfPatience(): boolean {
    const { epochs, best } = this.#progress;
    return epochs.length - (best?.epoch ?? 0) >= this.#config.train.patience;
  }

  async #planOf(epoch: number): Promise<EpochPlan> {
    const { seed, batch_size: batchSize } = this.#config.train;
    return planEpoch(await this.#dataset.epochPortions(seed, epoch), batchSize);
  }

  /** Trains to the end of the epoch; false where it was aborted before. */
  async #trainEpoch(log: MetricsLog, plan: EpochPlan, after: PlannedPortion | undefined): Promise<boolean> {
    const { signal, checkpointSeconds } = this.#options;
    const { batch_size: batchSize, learning_rate: rate, learning_rate_decay: decay } = this.#config.train;
    const progress = this.#progress;
    const { epoch, stepsDone } = progress;
    const logEvery = this.#config.train.curve_steps || LOG_EVERY_STEPS;
    let epochRate = rate;
    for (let e = 1; e < epoch; e++) epochRate *= decay;
    let saved = performance.now();
    while (progress.step < plan.steps) {
      if (signal?.aborted) return false;
      const start = performance.now();
      const waited = this.#feed.waited;
      const from = progress.step;
      const { number, portion, first, end } = portionOfStep(plan, from);
      const next = plan.portions[number + 1] ?? after;
      const loaded = await this.#feed.take(portion, next?.portion);
      const nextLogged = (Math.floor(from / logEvery) + 1) * logEvery;
      const to = Math.min(end, nextLogged, from + STEPS_PER_CHUNK);
      const steps = { from: from - first, to: to - first, done: stepsDone + first };
      await this.#pool.train(loaded, { epoch, portion: number, ...steps, rate: epochRate });
      progress.seconds += (performance.now() - start) / 1000;
      progress.loadingSeconds += this.#feed.waited - waited;
      const sums = this.#sumLosses(from, to);
      progress.step = to;
      addLosses(progress.epochLosses, sums);
      addLosses(progress.unlogged, sums);
      this.#reportStep(sums, plan.steps, to * batchSize);
      if (to === nextLogged || to === plan.steps) await this.#logLosses(log, epochRate);
      if (to === plan.steps || performance.now() - saved > checkpointSeconds * 1000) {
        await this.#checkpoint(log);
        saved = performance.now();
      }
    }
    return !signal?.aborted;
  }

  /** Logs the mean losses of the steps since the last time and, for a learning curve, those on validation samples. */
  async #logLosses(log: MetricsLog, rate: number): Promise<void> {
    const progress = this.#progress;
    const { epoch, step } = progress;
    const { target, auxiliary, steps } = progress.unlogged;
    const valid = this.#config.train.curve_steps > 0 ? await this.#measureLosses() : undefined;
    const line: StepLine = {
      epoch,
      step,
      loss: target / steps,
      auxiliary_loss: auxiliary / steps,
      ...(valid && { valid: { loss: valid.target, auxiliary_loss: valid.auxiliary } }),
      rate,
    };
    await log.append(line);
    progress.unlogged = noLosses();
  }

  /** Mean losses on the validation samples, with the weights as they are. */
  async #measureLosses(): Promise<LossSums> {
    const { label, pairs } = await this.#targetsOfValid();
    const means = noLosses();
    for (const shares of await this.#valid.measure(this.#pool, { samples: label.length, pairs })) {
      this.#addShares(means, shares);
    }
    if (!Number.isFinite(means.target + means.auxiliary)) throw this.#diverged("valid loss", this.#progress.step);
    return means;
  }

  #targetsOfValid(): Promise<Targets> {
    this.#validTargets ??= this.#dataset.targets("valid");
    return this.#validTargets;
  }

  /** Sums the losses of steps [from, to) over steps and shards, in order. */
  #sumLosses(from: number, to: number): LossSums {
    const { stepLosses, losses } = this.#pool.workspace;
    const perStep = this.#config.train.shards * losses.length;
    const sums = noLosses();
    sums.steps = to - from;
    for (let step = from; step < to; step++) {
      const at = (step - from) * perStep;
      this.#addShares(sums, stepLosses.subarray(at, at + perStep));
      if (!Number.isFinite(sums.target + sums.auxiliary)) throw this.#diverged("loss", step + 1);
    }
    return sums;
  }

  /** Adds shares [rows, losses] of mean losses to `sums`, row by row. */
  #addShares(sums: LossSums, shares: Float64Array): void {
    const { length } = this.#pool.workspace.losses;
    for (let i = 0; i < shares.length; i++) {
      if (i % length === this.#target) sums.target += shares[i];
      else sums.auxiliary += shares[i];
    }
  }

  #diverged(loss: string, step: number): UserError {
    const { epoch } = this.#progress;
    return failure("run.diverged", { loss, epoch, step, rate: this.#config.train.learning_rate });
  }

  #reportStep({ target, auxiliary, steps }: LossSums, stepsOfEpoch: number, samples: number): void {
    const { onProgress } = this.#options;
    const { epoch, step, seconds, epochs: done } = this.#progress;
    const { epochs } = this.#config.train;
    const total = this.#dataset.manifest.counts.train;
    const samplesPerSecond = Math.min(samples, total) / seconds;
    onProgress?.({
      kind: "step",
      epoch,
      epochs,
      step,
      steps: stepsOfEpoch,
      loss: target / steps,
      auxiliary_loss: auxiliary / steps,
      samples_per_s: samplesPerSecond,
      seconds_left: Math.max(0, total * (epochs - done.length) - samples) / samplesPerSecond,
    });
  }

  /** Validates, keeps the model where it is the best so far, and moves on to the next epoch. */
  async #endEpoch(log: MetricsLog, steps: number): Promise<void> {
    const { out, onProgress } = this.#options;
    const progress = this.#progress;
    const { epoch, seconds } = progress;
    const valid = metricsOf(await this.#targetsOfValid(), await this.#score(this.#valid));
    if (progress.best === null || better(valid, progress.best.valid)) {
      progress.best = { epoch, valid };
      await saveWeights(out, this.#pool.workspace, epoch);
    }
    const summary: EpochSummary = {
      train_loss: progress.epochLosses.target / steps,
      auxiliary_loss: progress.epochLosses.auxiliary / steps,
      valid_auc: valid.auc,
      seconds,
      loading_seconds: progress.loadingSeconds,
      samples_per_s: this.#dataset.manifest.counts.train / seconds,
    };
    await log.append({ epoch, train_loss: summary.train_loss, auxiliary_loss: summary.auxiliary_loss, valid });
    onProgress?.({ kind: "epoch", epoch, ...summary, valid });
    progress.epochs.push(summary);
    progress.stepsDone += steps;
    progress.epoch++;
    progress.step = 0;
    progress.epochLosses = noLosses();
    progress.seconds = 0;
    progress.loadingSeconds = 0;
    await this.#checkpoint(log);
  }

  async #checkpoint(log: MetricsLog): Promise<void> {
    this.#progress.metricsBytes = log.bytes;
    await writeCheckpoint(this.#options.out, this.#pool.workspace, this.#progress);
  }

  async #score(passes: SplitScorer): Promise<Float32Array> {
    const score = await passes.score(this.#pool);
    if (!score.every(Number.isFinite)) throw this.#diverged("score", this.#progress.step);
    return score;
  }

  /** Reports the best epoch's model on test. The summary comes last: a folder that has one has all the rest. */
  async #finish(): Promise<TrainSummary> {
    const { out } = this.#options;
    const { best, epochs } = this.#progress;
    const { workspace } = this.#pool;
    await loadWeights(out, workspace);
    const score = await this.#score(new SplitScorer(this.#dataset, "test"));
    const test = metricsOf(await this.#dataset.targets("test"), score);
    await writeScores(out, score, best!.epoch);
    const summary: TrainSummary = {
      model: this.#config.model.name,
      seed: this.#config.train.seed,
      threads: this.#threads,
      parameters: workspace.parameters.parameters,
      best_epoch: best!.epoch,
      valid: best!.valid,
      test,
      epochs,
      weights_sha256: weightsSha256(weightTensors(workspace)),
    };
    await writeSummary(out, summary);
    return summary;
  }

  #note(text: string): void {
    this.#options.onProgress?.({ kind: "note", text });
  }
}

function metricsOf({ label, sequence }: Targets, score: Float32Array): ReportedMetrics {
  const { auc, gauc, logloss } = evaluateScores({ label, score, group: sequence });
  return { auc, gauc, logloss };
}

function addLosses(sums: LossSums, more: LossSums): void {
  sums.target += more.target;
  sums.auxiliary += more.auxiliary;
  sums.steps += more.steps;
}
