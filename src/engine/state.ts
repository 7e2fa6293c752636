/** The state of a workspace, weights and moments, as named tensors; and its weights as files of a run. */
import { existsSync } from "node:fs";
import type { Placed } from "../autograd/parameters.ts";
import { failure } from "../errors/failure.ts";
import { runFiles } from "../run/run-folder.ts";
import type { StoredTensor } from "../run/safetensors.ts";
import { readTensors, writeTensors } from "../run/tensor-document.ts";
import type { Workspace } from "./workspace.ts";

/** The parameters of a workspace as views: writing them reads the memory, reading fills it. */
export function weightTensors({ parameters, memory }: Workspace): Map<string, StoredTensor> {
  return new Map(parameters.placed.map((placed) => [placed.name, view(memory.f32, placed, placed.value)]));
}

function view(f32: Float32Array, { rows, cols }: Placed, pointer: number): StoredTensor {
  return { shape: [rows, cols], data: f32.subarray(pointer / 4, pointer / 4 + rows * cols) };
}

export function stateTensors(workspace: Workspace): Map<string, StoredTensor> {
  const tensors = weightTensors(workspace);
  for (const placed of workspace.parameters.placed) {
    tensors.set(`adam.m.${placed.name}`, view(workspace.memory.f32, placed, placed.m));
    tensors.set(`adam.v.${placed.name}`, view(workspace.memory.f32, placed, placed.v));
  }
  return tensors;
}

/** Writes the weights as they are in memory as the run's model. */
export async function saveWeights(run: string, workspace: Workspace, epoch: number): Promise<void> {
  await writeTensors(runFiles(run).weights, weightTensors(workspace), { epoch });
}

/** Fills the workspace's parameters from the run's model. */
export async function loadWeights(run: string, workspace: Workspace): Promise<void> {
  const { weights } = runFiles(run);
  if (!existsSync(weights))
    throw failure("run.lacks", { path: run, what: "trained model", reason: "no epoch has ended yet" });
  await readTensors(weights, weightTensors(workspace), () => undefined);
}
