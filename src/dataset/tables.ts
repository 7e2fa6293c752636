/**
 * The tables of a dataset folder, or stretches of them, into typed arrays: every reference is checked, so that nothing
 * later can index out of a table.
 */
import { join } from "node:path";
import type { DuckDBConnection, DuckDBVector } from "@duckdb/node-api";
import { UserError } from "../errors.ts";
import type { Field } from "../features/schema.ts";
import { type LoadedPortion, type Sequences, type Split, sharedInt32 } from "./dataset.ts";
import type { Manifest } from "./manifest.ts";
import { Popularity } from "./negatives.ts";
import { listVector, type Rows, readParquet, type Wanted } from "./parquet.ts";

/** A dataset folder, and a connection to read it with. */
export interface Folder {
  readonly connection: DuckDBConnection;
  readonly directory: string;
  readonly manifest: Manifest;
}

/** items.parquet: the vocabulary ids of each catalogue row, per item field. */
export async function readCatalogue({ connection, directory, manifest }: Folder): Promise<Int32Array[]> {
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

/**
 * Goes through sequences.parquet once: how many behaviours each sequence has, and what negatives are drawn from (see
 * `ItemCatalogue`).
 */
export async function readPopularity({
  connection,
  directory,
  manifest,
}: Folder): Promise<{ lengths: Int32Array; popularity: Int32Array }> {
  const path = join(directory, "sequences.parquet");
  const { counts } = manifest;
  const lengths = new Int32Array(counts.sequences);
  const popularity = new Popularity(counts.trainingBehaviours);
  let behaviours = 0;
  let learned = 0;
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
      const own = training.getItem(i) as number | null;
      if (own === null || own < 0 || own > length) {
        throw new UserError(`${path} is damaged: row ${row + i} has ${length} behaviours, ${own} of them for training`);
      }
      lengths[row + i] = length;
      behaviours += length;
      if (learned + own > counts.trainingBehaviours) throw differs(path, manifest, "more");
      const first = list.getEntryOffset(i);
      for (let j = 0; j < own; j++) popularity.add(itemOf(values, first + j, path, row + i, manifest));
      learned += own;
    }
  });
  checkRows(path, rows, counts.sequences);
  if (behaviours > counts.behaviours) throw differs(path, manifest, "more");
  if (behaviours < counts.behaviours || learned < counts.trainingBehaviours) throw differs(path, manifest, "fewer");
  return { lengths, popularity: popularity.items };
}

function differs(path: string, { counts }: Manifest, how: string): UserError {
  return new UserError(
    `${path} has ${how} behaviours than dataset.json says: ${counts.behaviours}, ${counts.trainingBehaviours} of them for training`,
  );
}

function itemOf(values: DuckDBVector, at: number, path: string, row: number, { counts }: Manifest): number {
  const item = values.getItem(at) as number | null;
  if (item === null || item < 0 || item > counts.items) {
    throw new UserError(`${path} is damaged: row ${row} names item ${item} of a catalogue of ${counts.items}`);
  }
  return item;
}

/**
 * Reads a stretch of sequences.parquet into `into`, as its sequences `at.sequence` and following, whose behaviours begin
 * at `at.behaviour`. Returns the place after the last behaviour.
 */
export async function readSequences(
  { connection, directory, manifest }: Folder,
  only: Rows,
  into: Sequences,
  at: { readonly sequence: number; readonly behaviour: number },
): Promise<number> {
  const path = join(directory, "sequences.parquet");
  const { offsets, items, unclicked } = into;
  let next = at.behaviour;
  const wanted: Wanted[] = [
    { name: "items", type: "INTEGER[]" },
    ...(unclicked ? [{ name: "unclicked", type: "INTEGER[]" } as const] : []),
  ];
  const rows = await readParquet(
    connection,
    path,
    wanted,
    ([lists, others], row, count) => {
      const list = listVector(lists);
      const other = unclicked && listVector(others);
      for (let i = 0; i < count; i++) {
        const length = list.getEntryLength(i);
        if (next + length > items.length) throw differs(path, manifest, "more");
        if (other && other.getEntryLength(i) !== length) {
          throw new UserError(
            `${path} is damaged: row ${only.first + row + i} has ${length} items, ${other.getEntryLength(i)} unclicked`,
          );
        }
        copyItems(list.childVector, list.getEntryOffset(i), items, next, length, only.first + row + i);
        if (other) {
          copyItems(other.childVector, other.getEntryOffset(i), unclicked, next, length, only.first + row + i);
        }
        next += length;
        offsets[at.sequence + row + i + 1] = next;
      }
    },
    only,
  );
  checkRows(path, rows, only.count);
  return next;

  function copyItems(from: DuckDBVector, first: number, into: Int32Array, at: number, length: number, row: number) {
    for (let j = 0; j < length; j++) into[at + j] = itemOf(from, first + j, path, row, manifest);
  }
}

/** A stretch of a split's samples, and where in a portion it goes. */
export interface SampleStretch extends Rows {
  /** The portion's sample that the first one becomes. */
  readonly at: number;
  /** What to add to the sequences that the samples name, to get those of the portion. */
  readonly shift: number;
}

/** Reads samples into a portion, whose sequences are there already: all of a split, or a stretch of it. */
export async function readSamples(
  { connection, directory, manifest }: Folder,
  split: Split,
  { samples, sequences }: LoadedPortion,
  stretch?: SampleStretch,
): Promise<void> {
  const { first, count, at, shift } = stretch ?? { first: 0, count: samples.count, at: 0, shift: 0 };
  const { counts, fields, maxHistory, window } = manifest;
  const path = join(directory, `${split}.parquet`);
  const { row, label, sequence, position, length, item, user, context, probability } = samples;
  const own = <T extends Int32Array | Float32Array>(array: T): T => array.subarray(at, at + count) as T;
  await readColumns(
    connection,
    path,
    count,
    [
      { name: "label", type: "INTEGER", values: own(label), most: 1 },
      { name: "sequence", type: "INTEGER", values: own(sequence), most: counts.sequences - 1 },
      { name: "position", type: "INTEGER", values: own(position), most: counts.behaviours },
      { name: "length", type: "INTEGER", values: own(length), most: maxHistory },
      { name: "item", type: "INTEGER", values: own(item), most: counts.items },
      ...fields.user.map((field, index) => idColumn(field, own(user[index]))),
      ...fields.context.map((field, index) => idColumn(field, own(context[index]))),
      ...(probability ? [probabilityColumn(own(probability))] : []),
    ],
    stretch,
  );
  for (let i = at; i < at + count; i++) {
    row[i] = first + i - at;
    sequence[i] += shift;
    const s = sequence[i];
    const available = sequences.offsets[s + 1] - sequences.offsets[s];
    const most = Math.min(position[i], maxHistory);
    if (position[i] > available || length[i] > most || (length[i] < most && window === null)) {
      throw new UserError(
        `${path} is damaged: row ${row[i]} has position ${position[i]} and length ${length[i]} in a sequence of ${available}`,
      );
    }
  }
}

/**
 * Goes through a split: tells the sequence, the label and the history's length of one sample after the other.
 * @throws UserError also where samples do not stand in the order of their sequences
 */
export async function scanSamples(
  { connection, directory, manifest }: Folder,
  split: Split,
  tell: (row: number, sequence: number, label: number, length: number) => void,
): Promise<void> {
  const path = join(directory, `${split}.parquet`);
  const { counts, maxHistory } = manifest;
  const wanted: Wanted[] = [
    { name: "sequence", type: "INTEGER" },
    { name: "label", type: "INTEGER" },
    { name: "length", type: "INTEGER" },
  ];
  let last = 0;
  const rows = await readParquet(connection, path, wanted, ([sequences, labels, lengths], row, count) => {
    if (row + count > counts[split]) return;
    for (let i = 0; i < count; i++) {
      const sequence = checked(path, "sequence", sequences.getItem(i), counts.sequences - 1, row + i);
      if (sequence < last) {
        throw new UserError(`${path} is damaged: row ${row + i} is of an earlier sequence than the row before it`);
      }
      last = sequence;
      const label = checked(path, "label", labels.getItem(i), 1, row + i);
      tell(row + i, sequence, label, checked(path, "length", lengths.getItem(i), maxHistory, row + i));
    }
  });
  checkRows(path, rows, counts[split]);
}

/** A numeric column, whose values must lie in [0, most]. */
interface BoundedColumn {
  readonly name: string;
  readonly type: "INTEGER" | "FLOAT";
  readonly values: Int32Array | Float32Array;
  readonly most: number;
}

function idColumn({ name, size }: Field, values: Int32Array): BoundedColumn {
  return { name, type: "INTEGER", values, most: size - 1 };
}

function probabilityColumn(values: Float32Array): BoundedColumn {
  return { name: "probability", type: "FLOAT", values, most: 1 };
}

async function readColumns(
  connection: DuckDBConnection,
  path: string,
  expected: number,
  columns: readonly BoundedColumn[],
  only?: Rows,
): Promise<void> {
  const first = only?.first ?? 0;
  const take = (vectors: readonly DuckDBVector[], row: number, count: number) => {
    if (row + count > expected) return;
    columns.forEach((column, index) => {
      copyNumbers(path, column, vectors[index], row, count, first);
    });
  };
  checkRows(path, await readParquet(connection, path, columns, take, only), expected);
}

function copyNumbers(
  path: string,
  { name, values, most }: BoundedColumn,
  from: DuckDBVector,
  row: number,
  count: number,
  first: number,
): void {
  for (let i = 0; i < count; i++) values[row + i] = checked(path, name, from.getItem(i), most, first + row + i);
}

/** A number of a file, which must lie in [0, most]. */
function checked(path: string, name: string, value: unknown, most: number, row: number): number {
  if (typeof value === "number" && value >= 0 && value <= most) return value;
  throw new UserError(`${path} is damaged: row ${row} has ${name} ${value}, expected 0 to ${most}`);
}

/** @throws UserError where a file has not as many rows as the manifest says. */
export function checkRows(path: string, found: number, expected: number): void {
  if (found !== expected) throw new UserError(`${path} has ${found} rows, dataset.json says ${expected}`);
}
