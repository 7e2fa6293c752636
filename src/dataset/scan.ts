/**
 * The files of a dataset folder as numbers and texts, whole files or some of their rows, under every rule of integrity
 * that there is (docs/data-format.md): what comes out of here can be used as an index without another look. Whoever reads
 * a folder or judges it comes through these functions, so all refuse the same folders for the same reasons.
 */
import { join } from "node:path";
import type { DuckDBConnection, DuckDBVector } from "@duckdb/node-api";
import { failure, type UserError } from "../errors/failure.ts";
import type { Field } from "../features/schema.ts";
import { SPLITS, type Split } from "./dataset.ts";
import { type FormatColumn, type FormatFile, itemsFile, samplesFile, sequencesFile, vocabularyFile } from "./layout.ts";
import type { Manifest } from "./manifest.ts";
import { listVector, type RowRange, readParquet } from "./parquet.ts";

/** A dataset folder, and a connection to read it with, which keeps the order of rows. */
export interface Folder {
  readonly connection: DuckDBConnection;
  readonly directory: string;
  readonly manifest: Manifest;
}

/** The values of a column in some rows. */
export interface CheckedColumn {
  /** [rows] numbers within the bounds of the column; of lists, the numbers of all rows one after the other. */
  readonly numbers: Float64Array;
  /** Of lists [rows + 1]: those of row i are numbers[offsets[i] .. offsets[i + 1]). */
  readonly offsets: Int32Array;
  /** [rows] of a column of texts. */
  readonly texts: readonly string[];
}

/** The columns that were asked for, by name. */
type CheckedColumns = Readonly<Record<string, CheckedColumn>>;

/** Consecutive rows of a file. */
export interface CheckedRows extends RowRange {
  readonly columns: CheckedColumns;
}

/** What to read of a file; without it, everything. Rules are kept of what is read. */
export interface Selection {
  readonly rows?: RowRange;
  readonly columns?: readonly string[];
}

type Take = (rows: CheckedRows) => void;

/** items.parquet. @throws UserError, as all of these, where the file cannot be read or breaks a rule */
export async function scanItems(folder: Folder, take: Take, selection?: Selection): Promise<void> {
  await scanFile(folder, itemsFile(folder.manifest), selection, (path, rows) => {
    const { row }: Partial<CheckedColumns> = rows.columns;
    row?.numbers.forEach((number, i) => {
      const expected = rows.first + i;
      if (number !== expected) throw badRow(path, expected, "row", expected, number);
    });
    take(rows);
  });
}

/** sequences.parquet. The items are among what is read; the sums in the manifest are compared where all rows are. */
export async function scanSequences(folder: Folder, take: Take, selection?: Selection): Promise<void> {
  const file = sequencesFile(folder.manifest);
  const { counts } = folder.manifest;
  let behaviours = 0;
  let learned = 0;
  await scanFile(folder, file, selection, (path, rows) => {
    const { items } = rows.columns;
    const { times, training, unclicked }: Partial<CheckedColumns> = rows.columns;
    for (let i = 0; i < rows.count; i++) {
      const length = lengthOf(items, i);
      const row = rows.first + i;
      if (times) checkLength(path, row, "times", lengthOf(times, i), length);
      if (unclicked) checkLength(path, row, "unclicked", lengthOf(unclicked, i), length);
      behaviours += length;
      if (training === undefined) continue;
      if (training.numbers[i] > length) throw badRow(path, row, "training", `0 to ${length}`, training.numbers[i]);
      learned += training.numbers[i];
    }
    if (learned <= counts.trainingBehaviours) take(rows);
  });
  if (selection !== undefined) return;
  const path = join(folder.directory, file.name);
  checkCount(path, "behaviours", behaviours, counts.behaviours);
  checkCount(path, "behaviours of the training part", learned, counts.trainingBehaviours);
}

/**
 * The samples of a split. Sequence, position and length are among what is read.
 * @param lengths [sequences] behaviours of each, as `scanSequences` found them
 */
export async function scanSamples(
  folder: Folder,
  split: Split,
  lengths: Int32Array,
  take: Take,
  selection?: Selection,
): Promise<void> {
  const { maxHistory, window } = folder.manifest;
  let last = 0;
  await scanFile(folder, samplesFile(folder.manifest, split), selection, (path, rows) => {
    const { sequence, position, length } = rows.columns;
    for (let i = 0; i < rows.count; i++) {
      const row = rows.first + i;
      const s = sequence.numbers[i];
      if (s < last) throw badRow(path, row, "sequence", `${last} or more, as the row before it has`, s);
      last = s;
      const before = position.numbers[i];
      if (before > lengths[s]) throw badRow(path, row, "position", `0 to ${lengths[s]}`, before);
      const most = Math.min(before, maxHistory);
      if (length.numbers[i] > most || (length.numbers[i] < most && window === null)) {
        const expected = `${window === null ? "" : "0 to "}${most} at position ${before}`;
        throw badRow(path, row, "length", expected, length.numbers[i]);
      }
    }
    take(rows);
  });
}

/** The vocabulary of a field: ids and texts in any order, each id once. */
export async function scanVocabulary(folder: Folder, field: Field, take: Take): Promise<void> {
  const seen = new Uint8Array(field.size);
  await scanFile(folder, vocabularyFile(field), undefined, (path, rows) => {
    rows.columns.id.numbers.forEach((id, i) => {
      if (seen[id] > 0) throw badRow(path, rows.first + i, "id", "one that no row before it has", id);
      seen[id] = 1;
    });
    take(rows);
  });
}

/**
 * Looks whether a folder keeps all rules.
 * @param onFile called with the name of each file that does
 * @throws UserError for the first rule that it breaks
 */
export async function checkFolder(folder: Folder, onFile: (name: string) => void): Promise<void> {
  const { counts, fields } = folder.manifest;
  await scanItems(folder, () => undefined);
  onFile(itemsFile(folder.manifest).name);
  const lengths = new Int32Array(counts.sequences);
  await scanSequences(folder, (rows) => copyLengths(rows, lengths));
  onFile(sequencesFile(folder.manifest).name);
  for (const split of SPLITS) {
    await scanSamples(folder, split, lengths, () => undefined);
    onFile(samplesFile(folder.manifest, split).name);
  }
  for (const field of [...fields.user, ...fields.item, ...fields.context]) {
    await scanVocabulary(folder, field, () => undefined);
    onFile(vocabularyFile(field).name);
  }
}

/** Puts the number of behaviours of each sequence in its place of `lengths`. */
export function copyLengths({ first, count, columns }: CheckedRows, lengths: Int32Array): void {
  for (let i = 0; i < count; i++) lengths[first + i] = lengthOf(columns.items, i);
}

/** How many numbers the list in a row has. */
export function lengthOf({ offsets }: CheckedColumn, row: number): number {
  return offsets[row + 1] - offsets[row];
}

/** Reads a file by its layout: `take` gets rows whose values are of the right type and within their bounds. */
async function scanFile(
  { connection, directory }: Folder,
  file: FormatFile,
  { rows: only, columns: names }: Selection = {},
  take: (path: string, rows: CheckedRows) => void,
): Promise<void> {
  const path = join(directory, file.name);
  const columns = names === undefined ? file.columns : file.columns.filter(({ name }) => names.includes(name));
  const expected = only?.count ?? file.rows;
  const found = await readParquet(
    connection,
    path,
    columns,
    (vectors, row, count) => {
      if (row + count > expected) return;
      const first = (only?.first ?? 0) + row;
      const checked = columns.map((column, i) => [column.name, check(path, column, vectors[i], first, count)]);
      take(path, { first, count, columns: Object.fromEntries(checked) });
    },
    only,
  );
  if (only === undefined) checkCount(path, "rows", found, expected);
  else if (found !== expected) throw wasChanged(path, only.first + found);
}

/** The error of a row that is another than when the file was opened. */
export function wasChanged(path: string, row: number): UserError {
  return failure("dataset.changed", { path, row });
}

const NO_NUMBERS = new Float64Array();
const NO_OFFSETS = new Int32Array();

function check(path: string, column: FormatColumn, vector: DuckDBVector, first: number, count: number): CheckedColumn {
  if (column.type === "string") return checkTexts(path, column, vector, first, count);
  if (column.type.endsWith("[]")) return checkLists(path, column, vector, first, count);
  const numbers = new Float64Array(count);
  for (let i = 0; i < count; i++) numbers[i] = checkNumber(path, column, vector.getItem(i), first + i);
  return { numbers, offsets: NO_OFFSETS, texts: [] };
}

function checkTexts(path: string, { name }: FormatColumn, vector: DuckDBVector, first: number, count: number) {
  const texts: string[] = [];
  for (let i = 0; i < count; i++) {
    const text = vector.getItem(i);
    if (typeof text !== "string") throw badRow(path, first + i, name, "a text", text);
    texts.push(text);
  }
  return { numbers: NO_NUMBERS, offsets: NO_OFFSETS, texts };
}

function checkLists(path: string, column: FormatColumn, vector: DuckDBVector, first: number, count: number) {
  const lists = listVector(vector);
  const offsets = new Int32Array(count + 1);
  for (let i = 0; i < count; i++) {
    if (lists.getItemVector(i) === null) throw badRow(path, first + i, column.name, "a list", null);
    offsets[i + 1] = offsets[i] + lists.getEntryLength(i);
  }
  const numbers = new Float64Array(offsets[count]);
  const { childVector } = lists;
  for (let i = 0; i < count; i++) {
    const from = lists.getEntryOffset(i) - offsets[i];
    for (let at = offsets[i]; at < offsets[i + 1]; at++) {
      numbers[at] = checkNumber(path, column, childVector.getItem(from + at), first + i);
    }
  }
  return { numbers, offsets, texts: [] };
}

function checkNumber(path: string, { name, bounds }: FormatColumn, value: unknown, row: number): number {
  const [least, most] = bounds!;
  if (typeof value === "number" && value >= least && value <= most) return value;
  throw badRow(path, row, name, `${least} to ${most}`, value);
}

function checkLength(path: string, row: number, column: string, found: number, expected: number): void {
  if (found !== expected) {
    throw badRow(path, row, column, `one for each of ${expected} behaviours`, `for ${found} behaviours`);
  }
}

function badRow(path: string, row: number, column: string, expected: string | number, found: unknown): UserError {
  return failure("dataset.bad-row", { path, row, column, expected: `${expected}`, found: `${found}` });
}

function checkCount(path: string, what: string, found: number, expected: number): void {
  if (found !== expected) throw failure("dataset.wrong-count", { path, what, expected, found });
}
