/** Reads a dataset folder as a whole, and what belongs to its ids: keys and vocabularies. */

import { withDuckDB } from "../database/open.ts";
import { failure } from "../errors/failure.ts";
import type { Folder } from "./checked-file.ts";
import type { Dataset } from "./dataset.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { scanItems, scanSequences, scanVocabulary } from "./scan.ts";
import { DatasetStream } from "./stream.ts";

/**
 * Reads a dataset folder into memory: the sequences once, and every split whole. `DatasetStream` reads in portions what
 * may be larger than memory.
 * @throws UserError where `directory` is no dataset, has another format version, or its files are damaged or do not
 *   agree with the manifest.
 */
export async function openDataset(directory: string): Promise<Dataset & { manifest: Manifest }> {
  const stream = await DatasetStream.open(directory, { portionBudget: Number.POSITIVE_INFINITY, probability: true });
  try {
    const { manifest, schema, itemFields, popularity } = stream;
    return {
      ...{ manifest, schema, itemFields, popularity },
      sequences: await stream.allSequences(),
      train: await stream.allSamples("train"),
      valid: await stream.allSamples("valid"),
      test: await stream.allSamples("test"),
    };
  } finally {
    await stream.close();
  }
}

/** The vocabulary of a field: value of id i at place i; place 0, the unknown, is null. @throws UserError as above. */
export async function loadVocabulary(directory: string, field: string): Promise<(string | null)[]> {
  return await withFolder(directory, async (folder) => {
    const { user, item, context } = folder.manifest.fields;
    const known = [...user, ...item, ...context];
    const found = known.find(({ name }) => name === field);
    if (found === undefined) {
      throw failure("dataset.unknown-field", { path: directory, field, known: known.map(({ name }) => name) });
    }
    const values: (string | null)[] = new Array(found.size).fill(null);
    await scanVocabulary(folder, found, ({ columns: { id, value } }) => {
      value.texts.forEach((text, i) => {
        values[id.numbers[i]] = text;
      });
    });
    return values;
  });
}

/** The raw id of each catalogue row, null for row 0, the unknown item. @throws UserError as `openDataset`. */
export async function loadItemKeys(directory: string): Promise<(string | null)[]> {
  return await withFolder(directory, async (folder) => {
    const keys: (string | null)[] = [];
    await scanItems(folder, ({ columns }) => keys.push(...columns.key.texts), { columns: ["key"] });
    keys[0] = null;
    return keys;
  });
}

/** The key of the user of each sequence. @throws UserError as `openDataset`. */
export async function loadUserKeys(directory: string): Promise<string[]> {
  return await withFolder(directory, async (folder) => {
    const keys: string[] = [];
    await scanSequences(folder, ({ columns }) => keys.push(...columns.user.texts), { columns: ["user", "items"] });
    return keys;
  });
}

async function withFolder<T>(directory: string, body: (folder: Folder) => Promise<T>): Promise<T> {
  const manifest = await readManifest(directory);
  return await withDuckDB((connection) => body({ connection, directory, manifest }));
}
