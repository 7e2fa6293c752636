/**
 * The second pass over the sorted log: the files of the dataset, row by row, through tables of the database.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { cellsAt, storedCells } from "../../../dataset/cells.ts";
import { SPLITS, type Split } from "../../../dataset/dataset.ts";
import { FileWriter, makeFolders } from "../../../dataset/file-writer.ts";
import { type Contents, itemsFile, samplesFile, sequencesFile } from "../../../dataset/layout.ts";
import { Segments } from "../../../dataset/segments.ts";
import { fieldOf, writeVocabulary } from "../../../dataset/vocabulary.ts";
import { SampleNegatives } from "../../negatives.ts";
import { type Columns, codeOf, type Learned, type LogReader, readLog } from "../learn/learn.ts";
import { HistoryWalk, type RowTaker, type UserRows } from "../log/histories.ts";
import { NOTHING, type ShownItems, UnclickedWalk } from "../log/unclicked.ts";
import { readInt32 } from "../source/stream.ts";
import { SampleWriter, SequenceWriter } from "./rows.ts";

/**
 * Writes all files of a dataset but its manifest to `folder`.
 * @param connections of the work database: one is read from while the other is written to
 * @param contents of the dataset, where `unclicked` is whether behaviours may have impressions that were not clicked
 * @returns whether any has one
 */
export async function writeFiles(
  { reading, writing }: { readonly reading: DuckDBConnection; readonly writing: DuckDBConnection },
  folder: string,
  reader: LogReader,
  learned: Learned,
  contents: Contents,
  seed: number,
  onStep: (done: number) => void,
): Promise<boolean> {
  const { rule } = reader;
  const { user, item, context } = learned.fields;
  await makeFolders(folder);
  for (const vocabulary of [...user, ...item, ...context]) await writeVocabulary(writing, folder, vocabulary);
  await writeItems(writing, folder, contents, learned);

  const fields = [...user, ...context];
  const writers = {} as Record<Split, SampleWriter>;
  for (const split of SPLITS) writers[split] = await SampleWriter.create(writing, samplesFile(contents, split), fields);
  const segments = new Segments(rule.maxHistory, reader.sizes.segments);
  const sequences = await SequenceWriter.create(writing, sequencesFile(contents), segments);
  const sampler = learned.negatives && reader.own && new SampleNegatives(learned.negatives, reader.own, seed);
  const histories = new HistoryWalk(rule, reader.own);
  const unclicked = new UnclickedWalk();
  const codes = new Int32Array(fields.length);
  let shown = new Int32Array();

  // Of the part at work; set from part to part, so that nothing is made for each.
  let log: UserRows;
  let columns: Columns;
  const taker: RowTaker = {
    sample(row, split, before, history, nth) {
      for (let f = 0; f < fields.length; f++) codes[f] = codeOf(reader.fields[f], log.sequence, columns, row);
      const [time, item] = [log.time[row], log.item[row]];
      const [sequence, position] = [sequences.rowOf(before), sequences.positionOf(before)];
      const length = history.to - history.from;
      const label = sampler === undefined ? log.label[row] : 1;
      const weight = reader.weight === undefined ? 1 : columns[reader.weight][row];
      writers[split].add({ label, time, sequence, position, length, item, weight }, codes);
      if (sampler === undefined) return;
      const negative = sampler.strict(split, item, history, log.sequence, nth);
      writers[split].add({ label: 0, time, sequence, position, length, item: negative, weight }, codes);
    },
    behaviour(row, part) {
      sequences.add(log.item[row], log.time[row], part === "train", shown[row]);
    },
  };
  const writeRows = (part: UserRows, all: Columns, beyond: ShownItems) => {
    [log, columns] = [part, all];
    const behaviours = reader.behaviours[log.sequence];
    if (log.begins) sequences.begin(behaviours);
    if (log.to > shown.length) shown = new Int32Array(2 * log.to);
    if (contents.unclicked) unclicked.take(log, beyond, shown);
    histories.take(log, behaviours, taker);
  };
  /** Of a user whose rows are not in memory together, the database knows what stands in the others. */
  const writePart = async (part: UserRows, all: Columns) => {
    const last = part.time[part.to - 1];
    writeRows(part, all, await shownAt(writing, part.sequence, last));
  };
  const take = (part: UserRows, all: Columns) =>
    part.ends || !contents.unclicked ? writeRows(part, all, NOTHING) : writePart(part, all);
  await readLog(reading, reader, take, onStep);
  for (const split of SPLITS) await writers[split].finish(folder);
  await sequences.finish(folder, sequencesFile({ ...contents, unclicked: sequences.unclicked }));
  return sequences.unclicked;
}

/** What a user was shown at a time and did not click. */
async function shownAt(connection: DuckDBConnection, sequence: number, time: number): Promise<ShownItems> {
  const [greatest = 0, next = 0] = await readInt32(
    connection,
    `SELECT DISTINCT item FROM log WHERE sequence = ${sequence} AND "time" = ${time} AND label = 0 AND item > 0
     ORDER BY item DESC LIMIT 2`,
  );
  return [greatest, next];
}

async function writeItems(
  connection: DuckDBConnection,
  folder: string,
  contents: Contents,
  { fields, itemCodes }: Learned,
): Promise<void> {
  const writer = await FileWriter.create(connection, itemsFile(contents), ["row", "key"]);
  const rows = itemCodes[0].length;
  const columns = fields.item.map((learned, f) => {
    const field = fieldOf(learned);
    return [field.name, storedCells(field, cellsAt(field, learned.cells, itemCodes[f]), rows)] as const;
  });
  writer.append(rows, Object.fromEntries(columns));
  await writer.finish(folder, {
    query: `SELECT 0 AS row, '' AS key UNION ALL SELECT row, key FROM catalogue`,
  });
}
