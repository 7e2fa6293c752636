/**
 * Checkpoints: one file with weights, moments and progress. A run that goes on from a checkpoint ends bit-identical to
 * one that was never stopped.
 */
import { existsSync } from "node:fs";
import { z } from "zod";
import { stateTensors } from "../engine/state.ts";
import type { Workspace } from "../engine/workspace.ts";
import { failure } from "../errors/failure.ts";
import { runFiles } from "../run/run-folder.ts";
import { readTensors, writeTensors } from "../run/tensor-document.ts";
import { type Progress, progressSchema } from "./progress.ts";

/** Since version 3 losses have names. */
const HEADER = { format: "dien-checkpoint", version: 3 } as const;

const headerSchema = z.object({ format: z.literal(HEADER.format), version: z.int() });

export async function writeCheckpoint(run: string, workspace: Workspace, progress: Progress): Promise<void> {
  await writeTensors(runFiles(run).checkpoint, stateTensors(workspace), { ...HEADER, ...progress });
}

/**
 * Restores the latest state of a run into the workspace; undefined where the run was stopped before its first
 * checkpoint.
 */
export async function readCheckpoint(run: string, workspace: Workspace): Promise<Progress | undefined> {
  const path = runFiles(run).checkpoint;
  if (!existsSync(path)) return undefined;
  return await readTensors(path, stateTensors(workspace), (about) => parseProgress(path, about));
}

/** Where the latest state of a run is, without its weights; undefined before the first checkpoint. */
export async function readProgress(run: string): Promise<Progress | undefined> {
  const path = runFiles(run).checkpoint;
  if (!existsSync(path)) return undefined;
  return await readTensors(path, new Map(), (about) => parseProgress(path, about));
}

function parseProgress(path: string, about: unknown): Progress {
  const { version } = headerSchema.safeParse(about).data ?? {};
  if (version !== undefined && version !== HEADER.version) {
    const expected = `a checkpoint of version ${HEADER.version}`;
    throw failure("file.other-version", { path, expected, found: `version ${version}` });
  }
  const progress = version === undefined ? undefined : progressSchema.safeParse(about).data;
  if (!progress) throw failure("file.damaged", { path, problem: `it is no checkpoint of version ${HEADER.version}` });
  return progress;
}
