/**
 * Opens a dataset folder: Parquet straight into shared typed arrays, every reference checked, so that nothing later
 * can index out of a table.
 */
import { join } from "node:path";
import type { DuckDBConnection, DuckDBVector } from "@duckdb/node-api";
import { UserError } from "../errors.ts";
import type { Field } from "../features/schema.ts";
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
import { listVector, readParquet, type Wanted, withDuckDB } from "./parquet.ts";

/**
 * Reads a dataset folder into memory.
 * @throws UserError where `directory` is no dataset, has another format version, or its files are damaged or do not
 *   agree with the manifest.
 */
export async function openDataset(directory: string): Promise<Dataset & { manifest: Manifest }> {
  const manifest = await readManifest(directory);
  const schema = schemaOf(manifest);
  return withDuckDB(async (connection) => {
    const itemFields = await readCatalogue(connection, directory, manifest);
    const { sequences, popularity } = await readSequences(connection, directory, manifest);
    const read = {} as Record<Split, Samples>;
    for (const split of SPLITS) read[split] = await readSamples(connection, directory, manifest, split, sequences);
    return { manifest, schema, sequences, itemFields, popularity, ...read };
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

/** items.parquet: the vocabulary ids of each catalogue row. */
async function readCatalogue(connection: DuckDBConnection, directory: string, manifest: Manifest) {
  const path = join(directory, "items.parquet");
  const rows = manifest.counts.items + 1;
  const fields = manifest.fields.item.map(() => sharedInt32(rows));
  const numbers = new Int32Array(rows);
  await readColumns(connection, path, rows, [
    { name: "row", type: "INTEGER", values: numbers, most: rows - 1 },
    ...manifest.fields.item.map((field, index) => idColumn(field, fields[index])),
  ]);
  const odd = numbers.findIndex((value, row) => value !== row);
  if (odd >= 0) throw new UserError(`${path} is damaged: row ${odd} calls itself ${numbers[odd]}`);
  return fields;
}

/** sequences.parquet: every user's behaviours, and those of the training part once more. */
async function readSequences(connection: DuckDBConnection, directory: string, manifest: Manifest) {
  const path = join(directory, "sequences.parquet");
  const { counts } = manifest;
  const offsets = sharedInt32(counts.sequences + 1);
  const items = sharedInt32(counts.behaviours);
  const popularity = sharedInt32(counts.trainingBehaviours);
  let next = 0;
  let nextPopular = 0;
  const differs = (how: string) =>
    new UserError(
      `${path} has ${how} behaviours than dataset.json says: ${counts.behaviours}, ${counts.trainingBehaviours} of them for training`,
    );
  const wanted: Wanted[] = [
    { name: "items", type: "INTEGER[]" },
    { name: "training", type: "INTEGER" },
  ];
  const rows = await readParquet(connection, path, wanted, ([lists, training], row, count) => {
    const list = listVector(lists);
    const values = list.childVector;
    if (row + count > counts.sequences) return;
    for (let i = 0; i < count; i++) {
      const length = list.getEntryLength(i);
      const learned = training.getItem(i) as number | null;
      if (learned === null || learned < 0 || learned > length) {
        throw new UserError(
          `${path} is damaged: row ${row + i} has ${length} behaviours, ${learned} of them for training`,
        );
      }
      if (next + length > counts.behaviours || nextPopular + learned > counts.trainingBehaviours) throw differs("more");
      const first = list.getEntryOffset(i);
      for (let j = 0; j < length; j++) {
        const item = values.getItem(first + j) as number | null;
        if (item === null || item < 0 || item > counts.items) {
          throw new UserError(
            `${path} is damaged: row ${row + i} names item ${item} of a catalogue of ${counts.items}`,
          );
        }
        items[next + j] = item;
      }
      popularity.set(items.subarray(next, next + learned), nextPopular);
      nextPopular += learned;
      next += length;
      offsets[row + i + 1] = next;
    }
  });
  checkRows(path, rows, counts.sequences);
  if (next !== counts.behaviours || nextPopular !== counts.trainingBehaviours) throw differs("fewer");
  return { sequences: { offsets, items } satisfies Sequences, popularity };
}

/** train.parquet, valid.parquet or test.parquet. */
async function readSamples(
  connection: DuckDBConnection,
  directory: string,
  { counts, fields, maxHistory, window, probability }: Manifest,
  split: Split,
  { offsets }: Sequences,
): Promise<Samples> {
  const path = join(directory, `${split}.parquet`);
  const count = counts[split];
  const samples = {
    count,
    label: sharedFloat32(count),
    sequence: sharedInt32(count),
    position: sharedInt32(count),
    length: sharedInt32(count),
    item: sharedInt32(count),
    user: fields.user.map(() => sharedInt32(count)),
    context: fields.context.map(() => sharedInt32(count)),
    ...(probability ? { probability: sharedFloat32(count) } : {}),
  } satisfies Samples;
  const { label, sequence, position, length, item } = samples;
  await readColumns(connection, path, count, [
    { name: "label", type: "INTEGER", values: label, most: 1 },
    { name: "sequence", type: "INTEGER", values: sequence, most: counts.sequences - 1 },
    { name: "position", type: "INTEGER", values: position, most: counts.behaviours },
    { name: "length", type: "INTEGER", values: length, most: maxHistory },
    { name: "item", type: "INTEGER", values: item, most: counts.items },
    ...fields.user.map((field, index) => idColumn(field, samples.user[index])),
    ...fields.context.map((field, index) => idColumn(field, samples.context[index])),
    ...(samples.probability ? [probabilityColumn(samples.probability)] : []),
  ]);
  for (let i = 0; i < count; i++) {
    const row = sequence[i];
    const available = offsets[row + 1] - offsets[row];
    const most = Math.min(position[i], maxHistory);
    if (position[i] > available || length[i] > most || (length[i] < most && window === null)) {
      throw new UserError(
        `${path} is damaged: row ${i} has position ${position[i]} and length ${length[i]} in a sequence of ${available}`,
      );
    }
  }
  return samples;
}

/** A numeric column, whose values must lie in [0, most]. */
interface NumberColumn {
  readonly name: string;
  readonly type: "INTEGER" | "FLOAT";
  readonly values: Int32Array | Float32Array;
  readonly most: number;
}

function idColumn({ name, size }: Field, values: Int32Array): NumberColumn {
  return { name, type: "INTEGER", values, most: size - 1 };
}

function probabilityColumn(values: Float32Array): NumberColumn {
  return { name: "probability", type: "FLOAT", values, most: 1 };
}

async function readColumns(
  connection: DuckDBConnection,
  path: string,
  expected: number,
  columns: readonly NumberColumn[],
): Promise<void> {
  const rows = await readParquet(connection, path, columns, (vectors, row, count) => {
    if (row + count > expected) return;
    columns.forEach((column, index) => {
      copyNumbers(path, column, vectors[index], row, count);
    });
  });
  checkRows(path, rows, expected);
}

function copyNumbers(
  path: string,
  { name, values, most }: NumberColumn,
  from: DuckDBVector,
  row: number,
  count: number,
) {
  for (let i = 0; i < count; i++) {
    const value = from.getItem(i) as number | null;
    if (value === null || !(value >= 0 && value <= most)) {
      throw new UserError(`${path} is damaged: row ${row + i} has ${name} ${value}, expected 0 to ${most}`);
    }
    values[row + i] = value;
  }
}

function checkRows(path: string, found: number, expected: number): void {
  if (found !== expected) throw new UserError(`${path} has ${found} rows, dataset.json says ${expected}`);
}
