/** Trains a model on a dataset, into the folder of a run: what must be open and checked before the loop begins. */
import { existsSync } from "node:fs";
import { z } from "zod";
import { SPLITS } from "../dataset/dataset.ts";
import { readMaskThresholds } from "../dataset/masking.ts";
import type { DatasetStream } from "../dataset/stream.ts";
import { chooseTrainingMachine, type TrainingMachineOptions, trainingMachineOptions } from "../engine/machine.ts";
import { WorkerPool } from "../engine/worker-pool.ts";
import { failure } from "../errors/failure.ts";
import { endingItself, withCurrent } from "../interruption.ts";
import { listener, path, signal } from "../options/pieces.ts";
import { checkOptions } from "../options/problems.ts";
import { type RunConfig, resolveConfig } from "../run/config.ts";
import { withLock } from "../run/lock.ts";
import { describeModel, fingerprint } from "../run/model-description.ts";
import { readModelOf, type StoredModel, writeModelDescription } from "../run/model-folder.ts";
import { openDatasetOf } from "../run/open-dataset.ts";
import { checkFresh, createRun, readRunConfig, runFiles } from "../run/run-folder.ts";
import type { TrainSummary } from "../run/summary.ts";
import type { WarmStart } from "../run/warm-start.ts";
import { readCheckpoint } from "./checkpoint.ts";
import type { TrainEvent } from "./events.ts";
import { trainToEnd } from "./loop.ts";
import { noteEngine, type Progress, startOfRun } from "./progress.ts";
import { startFrom } from "./warm-start.ts";

/** The configuration has a check of its own, with better words for what is wrong with it. */
const trainArguments = z.strictObject({
  ...{
    data: path,
    out: path,
    config: z.unknown(),
    from: path.optional(),
    resume: z.boolean().optional(),
    signal,
    onProgress: listener,
  },
  ...trainingMachineOptions.shape,
});

/** What to train, on what, and where to. */
export interface TrainOptions extends TrainingMachineOptions {
  /** Dataset folder. */
  readonly data: string;
  /** Folder of the run. */
  readonly out: string;
  /** Of a fresh run, as `resolveConfig` takes it: it is checked. A resumed run has its own in the folder. */
  readonly config: RunConfig;
  /** A finished run, whose model this one goes on from; the data may be others, model and fields may not. */
  readonly from?: string;
  /** Goes on from the checkpoint in the folder. The machine may be another than before. */
  readonly resume?: boolean;
  /** Aborting saves a checkpoint and ends the training. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: TrainEvent) => void;
}

/** The outcome of an aborted run: where it goes on when it is resumed. */
export interface Interruption {
  readonly interrupted: true;
  readonly epoch: number;
  readonly step: number;
}

/**
 * Trains a model and writes the run's folder.
 * @throws UserError for bad input; where another process trains the run; where the run does not fit into memory
 *   (run.too-large) or a loss is not finite (run.diverged)
 */
export async function train(options: TrainOptions): Promise<TrainSummary | Interruption> {
  checkOptions("train", trainArguments, options);
  const { data, out, from, resume = false, onProgress: onEvent = () => {} } = options;
  const signal = withCurrent(options.signal);
  const config = resume
    ? await readRunConfig(out)
    : resolveConfig(from === undefined ? options.config : { ...options.config, from });
  // Before anything is written: people's folders stay as they are.
  if (!resume) await checkFresh(out);
  const { checkpointSeconds, ...machine } = chooseTrainingMachine(options, config.train.shards);
  const dataset = await openDatasetOf(config, data);
  let pool: WorkerPool | undefined;
  try {
    await checkSplits(dataset);
    const { mask_unknown: strength } = config.train;
    const masks = strength > 0 ? await readMaskThresholds(dataset, strength) : undefined;
    const weighted = dataset.manifest.meanWeight !== undefined;
    pool = new WorkerPool({ schema: dataset.schema, config, training: true, weighted, ...machine }, dataset, masks);
    const opened = pool;
    const trainOpened = async (): Promise<TrainSummary | Interruption> => {
      const { model, from, progress } = await openRun(out, config, dataset, opened, resume);
      noteEngine(progress, machine.engine);
      const run = {
        out,
        config,
        model,
        from,
        machine,
        dataset,
        pool: opened,
        progress,
        resume,
        checkpointSeconds,
        signal,
        onEvent,
      };
      return (await trainToEnd(run)) ?? { interrupted: true, epoch: progress.epoch, step: progress.step };
    };
    return await withLock(out, () => endingItself(trainOpened));
  } finally {
    await pool?.close();
    await dataset.close();
  }
}

/** Every split has samples; a damaged file is found before there is a run. */
async function checkSplits(dataset: DatasetStream): Promise<void> {
  const { directory: path, manifest } = dataset;
  for (const split of SPLITS) {
    if (manifest.counts[split] === 0) throw failure("run.no-samples", { path, split });
  }
  for (const split of SPLITS) await dataset.filePortions(split);
}

/**
 * Makes the folder of a fresh run, or reads that of a resumed one; fills the weights and returns where the run is, the seal
 * of its model.json, and what it took over from another run.
 */
async function openRun(
  out: string,
  config: RunConfig,
  dataset: DatasetStream,
  { workspace }: WorkerPool,
  resume: boolean,
): Promise<{ model: string; from: WarmStart | undefined; progress: Progress }> {
  const files = runFiles(out);
  workspace.parameters.initialise(workspace.memory, config.train.seed);
  const stored = resume && existsSync(files.model) ? await readOwnModel(out, config, dataset) : undefined;
  const description = stored ?? (await describeModel(dataset, config));
  // Before the first checkpoint the weights are still those that the run begins with.
  const begins = config.from !== undefined && !existsSync(files.checkpoint);
  const from = begins ? await startFrom(config.from, dataset.directory, description, workspace) : stored?.from;
  if (stored && from?.weights_sha256 !== stored.from?.weights_sha256) {
    throw failure("run.other-start", { path: out, from: config.from! });
  }
  if (!resume) await createRun(out, config);
  const model = stored?.sha256 ?? (await writeModelDescription(out, { ...description, ...(from && { from }) }));
  const progress = await readCheckpoint(out, workspace, model);
  return { model, from, progress: progress ?? startOfRun(workspace.losses) };
}

/** A run goes on with the configuration and the data that it began with. */
async function readOwnModel(
  run: string,
  config: RunConfig,
  { directory, manifest }: DatasetStream,
): Promise<StoredModel> {
  const model = await readModelOf(run, config);
  if (model.dataset !== fingerprint(manifest)) throw failure("run.other-dataset", { path: run, dataset: directory });
  return model;
}
