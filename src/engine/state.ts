/** The state of a workspace, weights and moments, as named tensors; and its weights as files of a run. */
import { existsSync } from "node:fs";
import { z } from "zod";
import type { Placed } from "../autograd/parameters.ts";
import { failure } from "../errors/failure.ts";
import { runFiles } from "../run/run-folder.ts";
import type { StoredTensor } from "../run/safetensors.ts";
import { checkFinished } from "../run/summary.ts";
import { checkTensors, readTensors, writeTensors } from "../run/tensor-document.ts";
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

/** What the file of a run's weights says of itself. */
const aboutSchema = z.object({
  /** The seal of the model.json that they belong to, and the epoch after which they were these. */
  model: z.string(),
  epoch: z.int(),
});
type AboutWeights = z.output<typeof aboutSchema>;
type ExpectedWeights = Pick<AboutWeights, "model"> & Partial<AboutWeights>;

/** Writes the weights as they are in memory as the run's model. */
export async function saveWeights(run: string, workspace: Workspace, about: AboutWeights): Promise<void> {
  await writeTensors(runFiles(run).weights, weightTensors(workspace), about);
}

/**
 * Fills the workspace's parameters from the run's model; returns what tells the file from any other.
 * @param expected what they must belong to
 * @throws UserError where there are none yet, they are damaged, or belong to something else
 */
export function loadWeights(run: string, workspace: Workspace, expected: ExpectedWeights): Promise<string> {
  return loadTensors(run, weightTensors(workspace), expected);
}

async function loadTensors(
  run: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  expected: ExpectedWeights,
): Promise<string> {
  const { weights } = runFiles(run);
  if (!existsSync(weights))
    throw failure("run.lacks", { path: run, what: "trained model", reason: "no epoch has ended yet" });
  return await readTensors(weights, tensors, (about, sum) => {
    checkAbout(run, expected, about);
    return sum;
  });
}

/** Reads all weights of a run without keeping them. @throws UserError as `loadFinalWeights` */
export async function checkWeights(run: string, model: string): Promise<void> {
  const sum = await checkTensors(runFiles(run).weights, (about, sum) => {
    checkAbout(run, { model }, about);
    return sum;
  });
  await checkFinished(run, "weights", sum);
}

function checkAbout(run: string, expected: ExpectedWeights, stored: unknown): void {
  const { weights: path, model } = runFiles(run);
  const about = aboutSchema.safeParse(stored).data;
  if (about?.model !== expected.model) throw failure("file.damaged", { path, problem: `it is not of ${model}` });
  if (about.epoch === (expected.epoch ?? about.epoch)) return;
  const problem = `expected the weights of epoch ${expected.epoch}, found those of epoch ${about.epoch}`;
  throw failure("file.damaged", { path, problem });
}

/** As `loadWeights`; those of a finished run must also be the ones that its summary is about. */
export async function loadFinalWeights(run: string, workspace: Workspace, model: string): Promise<void> {
  await loadFinalTensors(run, weightTensors(workspace), model);
}

/** As `loadFinalWeights`, into any place. */
export async function loadFinalTensors(
  run: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  model: string,
): Promise<void> {
  const sum = await loadTensors(run, tensors, { model });
  await checkFinished(run, "weights", sum);
}
