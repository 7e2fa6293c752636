/** What is trained on: the first steps of an epoch of a dataset, or histories that all have one length. */
import { basename } from "node:path";
import type { ItemCatalogue, LoadedPortion } from "../../src/dataset/dataset.ts";
import { type MaskThresholds, readMaskThresholds } from "../../src/dataset/masking.ts";
import { DatasetStream } from "../../src/dataset/stream.ts";
import { STEPS_PER_CHUNK } from "../../src/engine/workspace.ts";
import { type RunConfig, resolveConfig } from "../../src/run/config.ts";
import { evenMasks, fixedLengthDataset, OWN_HISTORIES } from "../fixed-length-dataset.ts";

export interface Work {
  readonly name: string;
  readonly config: RunConfig;
  readonly catalogue: ItemCatalogue;
  readonly loaded: LoadedPortion;
  readonly masks: MaskThresholds;
  readonly steps: number;
}

/** Behaviours of the steps of a round, and its steps at most. */
const BEHAVIOURS = 100_000;
const MOST_STEPS = STEPS_PER_CHUNK;

/** DIEN with default settings on the batches of a dataset. */
export async function workOnDataset(directory: string): Promise<Work> {
  const dataset = await DatasetStream.open(directory, { portionBudget: 2 ** 30 });
  try {
    const config = resolveConfig({ model: { name: "dien" } });
    const [portion] = await dataset.epochPortions(config.train.seed, 1);
    const loaded = await dataset.load("train", portion, new SharedArrayBuffer(dataset.bytesOf(portion)));
    const masks = await readMaskThresholds(dataset, 1);
    const { schema, itemFields, popularity } = dataset;
    const steps = Math.min(MOST_STEPS, Math.floor(portion.samples / config.train.batch_size));
    if (steps === 0) throw new Error(`${directory}: fewer than ${config.train.batch_size} training samples`);
    return { name: basename(directory), config, catalogue: { schema, itemFields, popularity }, loaded, masks, steps };
  } finally {
    await dataset.close();
  }
}

/** The same on samples of which each has its own history of `length` behaviours. */
export function workOnHistories(length: number): Work {
  const config = resolveConfig({ model: { name: "dien" }, train: OWN_HISTORIES });
  const { batch_size: batch } = config.train;
  const steps = Math.max(1, Math.min(MOST_STEPS, Math.round(BEHAVIOURS / (length * batch))));
  const dataset = fixedLengthDataset(length, steps * batch);
  const { schema, itemFields, popularity, sequences, train: samples } = dataset;
  const catalogue = { schema, itemFields, popularity };
  const loaded = { sequences, samples };
  return { name: `histories of ${length}`, config, catalogue, loaded, masks: evenMasks(dataset), steps };
}
