/**
 * Checkpoints: one file with weights, moments and progress. A run that goes on from a checkpoint ends bit-identical to
 * one that was never stopped.
 */
import { existsSync } from "node:fs";
import { z } from "zod";
import { stateTensors } from "../engine/state.ts";
import type { Workspace } from "../engine/workspace.ts";
import { failure } from "../errors/failure.ts";
import { checkVersion } from "../run/format-version.ts";
import { readModelDescription } from "../run/model-folder.ts";
import { runFiles } from "../run/run-folder.ts";
import { checkTensors, readTensors, writeTensors } from "../run/tensor-document.ts";
import { type Progress, progressSchema } from "./progress.ts";

/** Since version 3 losses have names; since version 4 it says of which run it is, and what is in the log. */
const HEADER = { format: "dien-checkpoint", version: 4 } as const;

const checkpointSchema = progressSchema.extend({
  format: z.literal(HEADER.format),
  version: z.literal(HEADER.version),
  model: z.string(),
});

/** @param model the seal of the run's model.json */
export async function writeCheckpoint(
  run: string,
  workspace: Workspace,
  model: string,
  progress: Progress,
): Promise<void> {
  await writeTensors(runFiles(run).checkpoint, stateTensors(workspace), { ...HEADER, model, ...progress });
}

/**
 * Restores the latest state of a run into the workspace; undefined where the run was stopped before its first
 * checkpoint.
 * @param model the seal of the run's model.json
 * @throws UserError where the checkpoint is damaged, or another run's
 */
export async function readCheckpoint(run: string, workspace: Workspace, model: string): Promise<Progress | undefined> {
  const { checkpoint } = runFiles(run);
  if (!existsSync(checkpoint)) return undefined;
  return await readTensors(checkpoint, stateTensors(workspace), (about) => parseProgress(run, model, about));
}

/** Where the latest state of a run is, without its weights; undefined before the first checkpoint. */
export async function readProgress(run: string): Promise<Progress | undefined> {
  const { checkpoint } = runFiles(run);
  if (!existsSync(checkpoint)) return undefined;
  const { sha256 } = await readModelDescription(run);
  return await readTensors(checkpoint, new Map(), (about) => parseProgress(run, sha256, about));
}

/** Reads all of a checkpoint without keeping its tensors. @throws UserError as `readCheckpoint` */
export async function checkCheckpoint(run: string, model: string): Promise<Progress> {
  return await checkTensors(runFiles(run).checkpoint, (about) => parseProgress(run, model, about));
}

function parseProgress(run: string, model: string, about: unknown): Progress {
  const { checkpoint: path, model: modelPath } = runFiles(run);
  checkVersion(path, HEADER, about);
  const { data } = checkpointSchema.safeParse(about);
  if (!data) throw failure("file.damaged", { path, problem: `it is no checkpoint of version ${HEADER.version}` });
  const { format: _, version: __, model: own, ...progress } = data;
  if (own !== model) throw failure("file.damaged", { path, problem: `it is not of ${modelPath}` });
  return progress;
}
