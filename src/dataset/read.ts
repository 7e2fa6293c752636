/** A dataset folder as a whole. `DatasetStream` reads in portions what may be larger than memory. */
import { checkPath } from "../options/problems.ts";
import type { Dataset } from "./dataset.ts";
import type { Manifest } from "./manifest.ts";
import { DatasetStream } from "./stream.ts";

/**
 * Reads a dataset folder into memory: the sequences once, and every split whole.
 * @throws UserError where `directory` is no dataset, has another format version, or its files are damaged or do not
 *   agree with the manifest.
 */
export async function openDataset(directory: string): Promise<Dataset & { manifest: Manifest }> {
  checkPath("openDataset", "directory", directory);
  const stream = await DatasetStream.open(directory, { portionBudget: Number.POSITIVE_INFINITY, probability: true });
  try {
    return { ...(await readWhole(stream)), manifest: stream.manifest };
  } finally {
    await stream.close();
  }
}

/** All that an open dataset holds. */
export async function readWhole(stream: DatasetStream): Promise<Dataset> {
  const { schema, itemFields, popularity } = stream;
  return {
    ...{ schema, itemFields, popularity },
    sequences: await stream.allSequences(),
    train: await stream.allSamples("train"),
    valid: await stream.allSamples("valid"),
    test: await stream.allSamples("test"),
  };
}
