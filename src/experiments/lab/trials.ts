/**
 * Training runs of an experiment on disk: `OUT/runs/DATASET/VARIANT/seed-N`. A finished run is never trained again, and
 * neither is one that a search stopped, which `stopped.json` in the run's folder records.
 */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { failure, isFailure } from "../../errors/failure.ts";
import { writeFileAside } from "../../files/aside.ts";
import { readSealedJson, sealedJson } from "../../files/sealed.ts";
import { whatIsWrong } from "../../options/problems.ts";
import { configKeys, differingKey, type RunConfig, resolveConfig, settingsByKey } from "../../run/config.ts";
import { assign, type Tree } from "../../run/dotted.ts";
import type { FailureReason } from "../../run/failure.ts";
import { runPlace, withLock } from "../../run/lock.ts";
import { readModelOf } from "../../run/model-folder.ts";
import { holdsFiles, readRunConfig, runFiles } from "../../run/run-folder.ts";
import { checkFinished, epochSchema, readSummary, type TrainSummary } from "../../run/summary.ts";
import type { LabDataset } from "./datasets.ts";

/** A model under a name: trained with several seeds it becomes a row of a table. */
export interface Variant {
  /** Part of the run's folder. */
  readonly name: string;
  /** Its name in tables. */
  readonly label: string;
  /** Values by dotted key, `model.name` among them. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** One run to train. */
export interface Trial {
  readonly dataset: LabDataset;
  readonly variant: Variant;
  readonly seed: number;
}

/** A trial that was trained to its end. */
export interface TrainedRun extends Trial {
  readonly folder: string;
  readonly summary: TrainSummary;
}

export function trialName({ dataset, variant, seed }: Trial): string {
  return `${dataset.name} ${variant.name} seed ${seed}`;
}

/** The folder of all runs in that of an experiment. */
export const RUNS = "runs";

export function trialFolder(out: string, { dataset, variant, seed }: Trial): string {
  return join(out, RUNS, dataset.name, variant.name, `seed-${seed}`);
}

/**
 * What a trial sets, by dotted key: the shared `settings` that its model has, then what makes the variant, which wins.
 */
export function trialSettings(
  { settings: own }: Variant,
  settings: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const known = configKeys(String(own["model.name"]));
  return { ...Object.fromEntries(Object.entries(settings).filter(([key]) => known.has(key))), ...own };
}

/** The resolved configuration of a trial. */
export function trialConfig(
  { variant, seed }: Pick<Trial, "variant" | "seed">,
  settings: Readonly<Record<string, unknown>>,
): RunConfig {
  const tree: Tree = {};
  for (const [key, value] of Object.entries(trialSettings(variant, settings))) assign(tree, key, value);
  assign(tree, "train.seed", seed);
  return resolveConfig(tree);
}

/**
 * The value of a numeric key in the configuration of a variant.
 * @throws Error where the key is no number of its model
 */
export function numberOf(variant: Variant, settings: Readonly<Record<string, unknown>>, key: string): number {
  const value = settingsByKey(trialConfig({ variant, seed: 1 }, settings)).get(key);
  if (typeof value !== "number") throw new Error(`${variant.name} has no number ${key}`);
  return value;
}

/** What there is of a trial: nothing, a run to go on with, or a finished run. */
export type RunState =
  | { readonly state: "absent" | "begun" }
  | { readonly state: "finished"; readonly summary: TrainSummary };

/** Where a trial's run is, or will be, and how it is trained. */
export interface RunPlace {
  readonly trial: Trial;
  readonly folder: string;
  readonly config: RunConfig;
}

/**
 * Looks for a trial's run.
 * @throws UserError where the folder holds a run of another configuration or another dataset, or no run but other
 * files, or where a finished run lacks its scores
 */
export async function findRun({ trial, folder, config }: RunPlace): Promise<RunState> {
  const files = runFiles(folder);
  if (!existsSync(files.config)) {
    if (await holdsFiles(folder)) throw failure("run.other-files", { path: folder });
    return { state: "absent" };
  }
  const stored = await readRunConfig(folder);
  const difference = differingKey(stored, config);
  if (difference !== undefined) {
    throw failure("run.other-setting", { path: folder, key: difference });
  }
  const summary = await readSummary(folder);
  if (summary || existsSync(files.model)) {
    const model = await readModelOf(folder, stored);
    if (model.dataset !== trial.dataset.fingerprint) {
      throw failure("run.other-dataset", { path: folder, dataset: trial.dataset.folder });
    }
    await checkFinished(folder, "model", model.sha256);
  }
  if (summary === undefined) return { state: "begun" };
  if (!existsSync(files.scores)) {
    throw failure("run.scores-gone", { path: folder, scores: files.scores });
  }
  return { state: "finished", summary };
}

/**
 * Puts away what a run that has ended needs no more: its checkpoint, and what a kill at its very end left. Another process
 * that is at that end right now does so itself.
 */
export async function tidy(folder: string): Promise<void> {
  if (![dirname(runFiles(folder).checkpoint), runPlace(folder).lock].some((path) => existsSync(path))) return;
  await withLock(folder, () => dropCheckpoint(folder)).catch((error) => {
    if (!isFailure(error, "run.in-training")) throw error;
  });
}

/** Frees the disk of what only an unfinished run needs, two thirds of all that a run keeps. */
export async function dropCheckpoint(folder: string): Promise<void> {
  await rm(dirname(runFiles(folder).checkpoint), { recursive: true, force: true });
}

/** How a trial of a search ended without a model: stopped before its last epoch, or by a failure of its settings. */
export interface Stop {
  readonly reason: "early" | FailureReason;
  /** Validation AUC of the epochs that it finished. */
  readonly validAuc: readonly number[];
}

const stopSchema = z.object({
  valid_auc: z.array(epochSchema.shape.valid_auc),
  reason: z.enum(["early", "diverged", "too large"]),
});

/** Path of the note about a trial that was stopped. */
export const stopFile = (run: string) => join(run, "stopped.json");

/** How the trial in a folder was stopped; undefined where it was not. */
export async function readStop(run: string): Promise<Stop | undefined> {
  const path = stopFile(run);
  if (!existsSync(path)) return undefined;
  const { value } = await readSealedJson(path);
  const { data } = stopSchema.safeParse(value);
  if (!data) throw failure("file.damaged", { path, problem: whatIsWrong(stopSchema, value) });
  return { reason: data.reason, validAuc: data.valid_auc };
}

export async function writeStop(run: string, { reason, validAuc }: Stop): Promise<void> {
  await writeFileAside(stopFile(run), sealedJson({ valid_auc: validAuc, reason }));
}
