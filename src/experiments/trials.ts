/** Training runs of an experiment on disk: `OUT/runs/DATASET/VARIANT/seed-N`. A finished run is never trained again. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { readJson, readText, writeFileAside } from "../files.ts";
import { metricsSchema } from "../train/checkpoint.ts";
import { configKeys, differingKey, type RunConfig, resolveConfig } from "../train/config.ts";
import { assign, type Tree } from "../train/dotted.ts";
import { readModelDescription } from "../train/model-folder.ts";
import { readRunConfig, runFiles } from "../train/run-folder.ts";
import { readSummary, type TrainSummary } from "../train/summary.ts";
import type { LabDataset } from "./datasets.ts";
import type { Variant } from "./variants.ts";

const STOPPED = "stopped.json";
const stoppedSchema = z.object({ valid_auc: z.array(z.number()) });
const epochLine = z.object({ train_loss: z.number(), valid: metricsSchema });

/** One run to train. */
export interface Trial {
  readonly dataset: LabDataset;
  readonly variant: Variant;
  readonly seed: number;
}

/** A trained one. */
export interface Run extends Trial {
  readonly folder: string;
  readonly summary: TrainSummary;
}

export function trialName({ dataset, variant, seed }: Trial): string {
  return `${dataset.name} ${variant.name} seed ${seed}`;
}

export function trialFolder(out: string, { dataset, variant, seed }: Trial): string {
  return join(out, "runs", dataset.name, variant.name, `seed-${seed}`);
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
  threads?: number,
): RunConfig {
  const tree: Tree = {};
  for (const [key, value] of Object.entries(trialSettings(variant, settings))) assign(tree, key, value);
  assign(tree, "train.seed", seed);
  if (threads !== undefined) assign(tree, "train.threads", threads);
  return resolveConfig(tree);
}

/** What there is of a trial: nothing, a run to go on with, or a finished run. */
export type Found =
  | { readonly state: "absent" | "begun" }
  | { readonly state: "finished"; readonly summary: TrainSummary };

/** Where a trial's run is, or will be, and how it is trained. */
export interface Place {
  readonly trial: Trial;
  readonly folder: string;
  readonly config: RunConfig;
}

/**
 * Looks for a trial's run.
 * @throws UserError where the folder holds a run of another configuration or another dataset
 */
export async function findRun({ trial, folder, config }: Place): Promise<Found> {
  if (!existsSync(runFiles(folder).config)) return { state: "absent" };
  const stored = await readRunConfig(folder);
  const difference = differingKey(stored, config);
  if (difference !== undefined) {
    throw new UserError(`${folder} holds a run with another '${difference}': choose another --out, or remove the run`);
  }
  const summary = await readSummary(folder);
  if (summary === undefined) return { state: "begun" };
  if ((await readModelDescription(folder)).dataset !== trial.dataset.fingerprint) {
    throw new UserError(`${folder} holds a run on another dataset than ${trial.dataset.folder}: choose another --out`);
  }
  return { state: "finished", summary };
}

/** What a search wrote of a trial that it stopped: the validation AUC of its epochs. Undefined where it did not. */
export async function readStopped(folder: string): Promise<number[] | undefined> {
  const path = join(folder, STOPPED);
  if (!existsSync(path)) return undefined;
  const parsed = stoppedSchema.safeParse(await readJson(path));
  if (!parsed.success) throw new UserError(`${path} is damaged: ${parsed.error.issues[0].message}`);
  return parsed.data.valid_auc;
}

export async function writeStopped(folder: string, validAuc: readonly number[]): Promise<void> {
  await writeFileAside(join(folder, STOPPED), `${JSON.stringify({ valid_auc: validAuc })}\n`);
}

/** The validation AUC of the finished epochs of a run that is not finished, from its log. */
export async function epochsSoFar(folder: string): Promise<number[]> {
  const { metrics } = runFiles(folder);
  if (!existsSync(metrics)) return [];
  const lines = (await readText(metrics)).split("\n").filter((line) => line !== "");
  return lines.flatMap((line) => {
    const epoch = epochLine.safeParse(JSON.parse(line));
    return epoch.success ? [epoch.data.valid.auc] : [];
  });
}

/** Frees the disk of what only an unfinished run needs, two thirds of all that a run keeps. */
export async function dropCheckpoint(folder: string): Promise<void> {
  await rm(dirname(runFiles(folder).checkpoint), { recursive: true, force: true });
}
