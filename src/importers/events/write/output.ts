/**
 * The second pass over the sorted log: the files of the dataset, row by row, through tables of the database.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { SPLITS, type Split } from "../../../dataset/dataset.ts";
import { FileWriter, makeFolders } from "../../../dataset/file-writer.ts";
import { type Contents, itemsFile, samplesFile, sequencesFile } from "../../../dataset/layout.ts";
import { NegativeSampler } from "../../../dataset/negatives.ts";
import { writeVocabulary } from "../../../dataset/vocabulary.ts";
import { NEGATIVE_STREAM } from "../../protocols.ts";
import { codeOf, type Learned, type LogReader, readLog } from "../learn/learn.ts";
import { samplesOf, unclickedOf } from "../log/histories.ts";
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
  for (const split of SPLITS) writers[split] = await SampleWriter.create(writing, samplesFile(contents, split));
  const sequences = await SequenceWriter.create(writing, sequencesFile(contents));
  const rows = learned.itemIds[0].length;
  const sampler = learned.popularity && new NegativeSampler(learned.popularity, rows);
  const ids = new Int32Array(fields.length);
  await readLog(
    reading,
    reader,
    (sequence, log, columns) => {
      const { items, times, training, samples } = samplesOf(log, rule);
      sequences.add(items, times, training, contents.unclicked ? unclickedOf(log) : []);
      sampler?.mark(log.item, log.from, log.to);
      for (const { row, split, position, length, place } of samples) {
        for (let f = 0; f < fields.length; f++) {
          ids[f] = fields[f].ids[codeOf(reader.fields[f], sequence, columns, row)];
        }
        const [time, item] = [log.time[row], log.item[row]];
        const label = sampler === undefined ? log.label[row] : 1;
        writers[split].add({ label, time, sequence, position, length, item }, ids);
        if (sampler === undefined) continue;
        const negative = sampler.draw(item, seed, NEGATIVE_STREAM, sequence, place);
        writers[split].add({ label: 0, time, sequence, position, length, item: negative }, ids);
      }
    },
    onStep,
  );
  for (const split of SPLITS) await writers[split].finish(folder);
  const unclicked = sequences.unclicked;
  await sequences.finish(folder, sequencesFile({ ...contents, unclicked }));
  return unclicked;
}

async function writeItems(
  connection: DuckDBConnection,
  folder: string,
  contents: Contents,
  { itemIds }: Learned,
): Promise<void> {
  const writer = await FileWriter.create(connection, itemsFile(contents), ["row", "key"]);
  const ids = contents.fields.item.map(({ name }, index) => [name, itemIds[index]] as const);
  writer.append(itemIds[0].length, Object.fromEntries(ids));
  await writer.finish(folder, {
    query: `SELECT 0 AS row, '' AS key UNION ALL SELECT row, key FROM catalogue`,
  });
}
