/**
 * The rules of a dataset folder (docs/data-format.md), each in one place: reading a file checks those that are about it, so
 * what these functions return can be used as an index without another check. Reading and validating a folder both use
 * them, so both refuse the same folders for the same reasons. Types and bounds of columns are in layout.ts.
 */
import { join } from "node:path";
import { failure } from "../errors/failure.ts";
import type { Field } from "../features/schema.ts";
import {
  badRow,
  type CheckedRows,
  checkCount,
  type Folder,
  lengthOf,
  type Selection,
  scanFile,
} from "./checked-file.ts";
import { SPLITS, type Split } from "./dataset.ts";
import { itemsFile, samplesFile, sequencesFile, vocabulariesOf, vocabularyFile, WEIGHT } from "./layout.ts";

/** What is returned is waited for before the next rows are read. */
type Take = (rows: CheckedRows) => void | Promise<void>;

/** items.parquet. @throws UserError, as all of these, where the file cannot be read or breaks a rule */
export async function scanItems(folder: Folder, take: Take, selection?: Selection): Promise<void> {
  await scanFile(folder, itemsFile(folder.manifest), selection, (path, rows) => {
    const { row }: Partial<CheckedRows["columns"]> = rows.columns;
    row?.numbers.forEach((number, i) => {
      const expected = rows.first + i;
      if (number !== expected) throw badRow(path, expected, "row", expected, number);
    });
    take(rows);
  });
}

/** sequences.parquet. The items are among what is read; the sums in the manifest are compared where everything is. */
export async function scanSequences(folder: Folder, take: Take, selection?: Selection): Promise<void> {
  const file = sequencesFile(folder.manifest);
  const { counts } = folder.manifest;
  let users = 0;
  /** The user of the row before, where rows say whose they are. */
  let last = -1;
  let behaviours = 0;
  let learned = 0;
  /** Behaviours of the row before; of that before a stretch of rows nothing is known. */
  let before = selection?.rows === undefined ? 0 : Number.POSITIVE_INFINITY;
  await scanFile(folder, file, selection, (path, rows) => {
    const { items } = rows.columns;
    const { times, owner, repeated, training, unclicked }: Partial<CheckedRows["columns"]> = rows.columns;
    for (let i = 0; i < rows.count; i++) {
      const length = lengthOf(items, i);
      const row = rows.first + i;
      if (times) checkLength(path, row, "times", lengthOf(times, i), length);
      if (unclicked) checkLength(path, row, "unclicked", lengthOf(unclicked, i), length);
      const again = repeated?.numbers[i] ?? 0;
      const most = Math.min(before, length);
      if (again > most) throw badRow(path, row, "repeated", `0 to ${most}`, again);
      before = length;
      const own = length - again;
      if (owner) {
        const known = selection?.rows === undefined || last >= 0;
        const isNext = owner.numbers[i] === last ? users > 0 : owner.numbers[i] === last + 1 && again === 0;
        if (known && !isNext) throw badRow(path, row, "owner", `${Math.max(0, last)} or the next`, owner.numbers[i]);
        if (owner.numbers[i] !== last) users++;
        last = owner.numbers[i];
      } else if (again === 0) users++;
      behaviours += own;
      if (training === undefined) continue;
      if (training.numbers[i] > own) throw badRow(path, row, "training", `0 to ${own}`, training.numbers[i]);
      learned += training.numbers[i];
    }
    if (learned <= counts.trainingBehaviours) return take(rows);
  });
  if (selection !== undefined) return;
  const path = join(folder.directory, file.name);
  checkCount(path, "users", users, counts.users);
  checkCount(path, "behaviours", behaviours, counts.behaviours);
  checkCount(path, "behaviours of the training part", learned, counts.trainingBehaviours);
}

/** How far the mean of weights may be off, in parts of it: a billion of them, added in another way, make another sum. */
const MEAN_TOLERANCE = 1e-6;

/**
 * The samples of a split. Sequence, position and length are among what is read. The mean weight in the manifest is compared
 * where everything is.
 * @param lengths [sequences] behaviours of each, as `scanSequences` found them
 */
export async function scanSamples(
  folder: Folder,
  split: Split,
  lengths: Int32Array,
  take: Take,
  selection?: Selection,
): Promise<void> {
  const { maxHistory, window, meanWeight, counts } = folder.manifest;
  const file = samplesFile(folder.manifest, split);
  let last = 0;
  let weight = 0;
  await scanFile(folder, file, selection, (path, rows) => {
    const { sequence, position, length, [WEIGHT]: weights }: CheckedRows["columns"] = rows.columns;
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
      if (weights) weight += weights.numbers[i];
    }
    take(rows);
  });
  if (selection !== undefined || meanWeight === undefined) return;
  const [expected, found] = [meanWeight[split], weight / counts[split]];
  if (Math.abs(found - expected) <= MEAN_TOLERANCE * expected) return;
  const path = join(folder.directory, file.name);
  throw failure("dataset.wrong-count", { path, what: "as mean weight", expected, found });
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
  const { counts } = folder.manifest;
  await scanItems(folder, () => undefined);
  onFile(itemsFile(folder.manifest).name);
  const lengths = new Int32Array(counts.sequences);
  await scanSequences(folder, (rows) => copyLengths(rows, lengths));
  onFile(sequencesFile(folder.manifest).name);
  for (const split of SPLITS) {
    await scanSamples(folder, split, lengths, () => undefined);
    onFile(samplesFile(folder.manifest, split).name);
  }
  for (const field of vocabulariesOf(folder.manifest)) {
    await scanVocabulary(folder, field, () => undefined);
    onFile(vocabularyFile(field).name);
  }
}

/** Puts the number of behaviours of each sequence in its place of `lengths`. */
export function copyLengths({ first, count, columns }: CheckedRows, lengths: Int32Array): void {
  for (let i = 0; i < count; i++) lengths[first + i] = lengthOf(columns.items, i);
}

function checkLength(path: string, row: number, column: string, found: number, expected: number): void {
  if (found !== expected) {
    throw badRow(path, row, column, `one for each of ${expected} behaviours`, `for ${found} behaviours`);
  }
}
