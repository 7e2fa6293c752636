/**
 * Opens a dataset folder as a whole, and what belongs to its ids: keys and vocabularies.
 */
import { join } from "node:path";
import { UserError } from "../errors.ts";
import {
  type Dataset,
  type Samples,
  type Sequences,
  SPLITS,
  type Split,
  sharedFloat32,
  sharedInt32,
} from "./dataset.ts";
import { type Manifest, readManifest, schemaOf, vocabularyFile } from "./manifest.ts";
import { readParquet, type Wanted, withDuckDB } from "./parquet.ts";
import { checkRows, readCatalogue, readPopularity, readSamples, readSequences } from "./tables.ts";

/**
 * Reads a dataset folder into memory. What may be larger than memory is read by `DatasetStream`.
 * @throws UserError where `directory` is no dataset, has another format version, or its files are damaged or do not
 *   agree with the manifest.
 */
export async function openDataset(directory: string): Promise<Dataset & { manifest: Manifest }> {
  const manifest = await readManifest(directory);
  const { counts, fields, unclicked, probability } = manifest;
  return withDuckDB(async (connection) => {
    const folder = { connection, directory, manifest };
    const itemFields = await readCatalogue(folder);
    const { popularity } = await readPopularity(folder);
    const sequences: Sequences = {
      offsets: sharedInt32(counts.sequences + 1),
      items: sharedInt32(counts.behaviours),
      ...(unclicked && { unclicked: sharedInt32(counts.behaviours) }),
    };
    await readSequences(folder, { first: 0, count: counts.sequences }, sequences, { sequence: 0, behaviour: 0 });
    const read = {} as Record<Split, Samples>;
    for (const split of SPLITS) {
      const count = counts[split];
      read[split] = {
        count,
        row: sharedInt32(count),
        label: sharedFloat32(count),
        sequence: sharedInt32(count),
        position: sharedInt32(count),
        length: sharedInt32(count),
        item: sharedInt32(count),
        user: fields.user.map(() => sharedInt32(count)),
        context: fields.context.map(() => sharedInt32(count)),
        ...(probability && { probability: sharedFloat32(count) }),
      };
      await readSamples(folder, split, { sequences, samples: read[split] });
    }
    return { manifest, schema: schemaOf(manifest), sequences, itemFields, popularity, ...read };
  });
}

/** The vocabulary of a field: value of id i at place i; place 0, the unknown, is null. @throws UserError as above. */
export async function loadVocabulary(directory: string, field: string): Promise<(string | null)[]> {
  const { fields } = await readManifest(directory);
  const known = [...fields.user, ...fields.item, ...fields.context];
  const found = known.find(({ name }) => name === field);
  if (found === undefined) {
    throw new UserError(`${directory} has no field "${field}", only ${known.map(({ name }) => name).join(", ")}`);
  }
  const path = vocabularyFile(directory, field);
  const values: (string | null)[] = new Array(found.size).fill(null);
  const wanted: Wanted[] = [
    { name: "id", type: "INTEGER" },
    { name: "value", type: "VARCHAR" },
  ];
  await withDuckDB(async (connection) => {
    const rows = await readParquet(connection, path, wanted, ([ids, texts], _, count) => {
      for (let i = 0; i < count; i++) {
        const id = ids.getItem(i) as number | null;
        const text = texts.getItem(i) as string | null;
        if (id === null || text === null || id < 1 || id >= found.size || values[id] !== null) {
          throw new UserError(`${path} is damaged: id ${id} of 1..${found.size - 1} has value ${JSON.stringify(text)}`);
        }
        values[id] = text;
      }
    });
    checkRows(path, rows, found.size - 1);
  });
  return values;
}

/** The raw id of each catalogue row, null for row 0, the unknown item. @throws UserError as `openDataset`. */
export async function loadItemKeys(directory: string): Promise<(string | null)[]> {
  const { counts } = await readManifest(directory);
  const path = join(directory, "items.parquet");
  const keys: (string | null)[] = new Array(counts.items + 1).fill(null);
  await withDuckDB(async (connection) => {
    const rows = await readParquet(connection, path, [{ name: "key", type: "VARCHAR" }], ([texts], row, count) => {
      for (let i = 0; i < count; i++) if (row + i > 0) keys[row + i] = texts.getItem(i) as string | null;
    });
    checkRows(path, rows, counts.items + 1);
  });
  return keys;
}

/** The key of the user of each sequence. @throws UserError as `openDataset`. */
export async function loadUserKeys(directory: string): Promise<string[]> {
  const { counts } = await readManifest(directory);
  const path = join(directory, "sequences.parquet");
  const keys: string[] = new Array(counts.sequences).fill("");
  await withDuckDB(async (connection) => {
    const rows = await readParquet(connection, path, [{ name: "user", type: "VARCHAR" }], ([texts], row, count) => {
      for (let i = 0; i < count; i++) keys[row + i] = String(texts.getItem(i));
    });
    checkRows(path, rows, counts.sequences);
  });
  return keys;
}
