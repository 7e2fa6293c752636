/**
 * The second pass over the sorted log: the files of the dataset, row by row, through tables of the database.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { ROW_GROUP, SPLITS, type Split } from "../../../dataset/dataset.ts";
import { NegativeSampler } from "../../../dataset/negatives.ts";
import { type Column, copyToParquet, TableWriter } from "../../../dataset/parquet.ts";
import { writeVocabulary } from "../../../dataset/vocabulary.ts";
import { NEGATIVE_STREAM } from "../../protocols.ts";
import { codeOf, type Learned, type LogReader, readLog } from "../learn/learn.ts";
import type { LearnedField } from "../learn/vocabularies.ts";
import { samplesOf, unclickedOf } from "../log/histories.ts";

/** Rows held before they go out. */
const HELD = 8192;

/**
 * Writes all files of a dataset but its manifest to `folder`.
 * @param connections of the work database: one is read from while the other is written to
 * @param unclicked whether behaviours may have impressions that were not clicked
 * @returns whether any has one
 */
export async function writeFiles(
  { reading, writing }: { readonly reading: DuckDBConnection; readonly writing: DuckDBConnection },
  folder: string,
  reader: LogReader,
  learned: Learned,
  { seed, unclicked }: { readonly seed: number; readonly unclicked: boolean },
  onStep: (done: number) => void,
): Promise<boolean> {
  const { rule } = reader;
  const { user, item, context } = learned.fields;
  await mkdir(join(folder, "vocabulary"));
  for (const vocabulary of [...user, ...item, ...context]) await writeVocabulary(writing, folder, vocabulary);
  await writeItems(writing, folder, learned);

  const fields = [...user, ...context];
  const tables = {} as Record<Split, NumberTable>;
  for (const split of SPLITS) tables[split] = await NumberTable.create(writing, split, sampleColumns(fields));
  const sequences = await SequenceTable.create(writing);
  const rows = learned.itemIds[0].length;
  const sampler = learned.popularity && new NegativeSampler(learned.popularity, rows);
  const sample = new Array<number>(tables.train.width);
  await readLog(
    reading,
    reader,
    (sequence, log, columns) => {
      const { items, times, training, samples } = samplesOf(log, rule);
      sequences.add(items, times, training, unclicked ? unclickedOf(log) : []);
      sampler?.mark(log.item, log.from, log.to);
      for (const { row, split, position, length, place } of samples) {
        sample[0] = sampler === undefined ? log.label[row] : 1;
        sample[1] = log.time[row];
        sample[2] = sequence;
        sample[3] = position;
        sample[4] = length;
        sample[5] = log.item[row];
        for (let f = 0; f < fields.length; f++) {
          sample[6 + f] = fields[f].ids[codeOf(reader.fields[f], sequence, columns, row)];
        }
        tables[split].add(sample);
        if (sampler === undefined) continue;
        sample[0] = 0;
        sample[5] = sampler.draw(log.item[row], seed, NEGATIVE_STREAM, sequence, place);
        tables[split].add(sample);
      }
    },
    onStep,
  );
  for (const split of SPLITS) {
    const query = `SELECT ${tables[split].finish()} FROM "${split}"`;
    await copyToParquet(writing, query, join(folder, `${split}.parquet`), ROW_GROUP.samples);
  }
  await sequences.write(join(folder, "sequences.parquet"));
  return sequences.unclicked;
}

async function writeItems(connection: DuckDBConnection, folder: string, { fields, itemIds }: Learned): Promise<void> {
  const columns = fields.item.map(({ name }, index): Column => ({ name, type: "int32", values: itemIds[index] }));
  const table = await TableWriter.create(connection, "item_ids", columns);
  table.append(itemIds[0].length, columns);
  table.finish();
  const keys = `SELECT 0 AS row, '' AS key UNION ALL SELECT row, key FROM catalogue`;
  await copyToParquet(
    connection,
    `SELECT row, key, ${table.stored} FROM (${keys}) POSITIONAL JOIN item_ids`,
    join(folder, "items.parquet"),
  );
}

type WrittenColumn = { readonly name: string; readonly type: "int32" | "int64" };

function sampleColumns(fields: readonly LearnedField[]): WrittenColumn[] {
  const names = ["label", "time", "sequence", "position", "length", "item", ...fields.map(({ name }) => name)];
  return names.map((name) => ({ name, type: name === "time" ? "int64" : "int32" }));
}

/** A table of numbers that is given rows. */
class NumberTable {
  readonly #table: TableWriter;
  readonly #columns: readonly Column[];
  #filled = 0;

  private constructor(table: TableWriter, columns: readonly Column[]) {
    this.#table = table;
    this.#columns = columns;
  }

  static async create(connection: DuckDBConnection, name: string, columns: readonly WrittenColumn[]) {
    const buffers = columns.map(
      ({ name, type }): Column =>
        type === "int32"
          ? { name, type, values: new Int32Array(HELD) }
          : { name, type, values: new Float64Array(HELD) },
    );
    return new NumberTable(await TableWriter.create(connection, name, columns), buffers);
  }

  get width(): number {
    return this.#columns.length;
  }

  add(row: readonly number[]): void {
    for (let i = 0; i < row.length; i++) (this.#columns[i].values as Float64Array)[this.#filled] = row[i];
    if (++this.#filled === HELD) this.#flush();
  }

  #flush(): void {
    this.#table.append(this.#filled, this.#columns);
    this.#filled = 0;
  }

  /** Completes the table; returns its columns for a SELECT. */
  finish(): string {
    this.#flush();
    this.#table.finish();
    return this.#table.stored;
  }
}

/** The sequences, which come in the order of `users`. */
class SequenceTable {
  readonly #connection: DuckDBConnection;
  readonly #table: TableWriter;
  #offsets = [0];
  #items: number[] = [];
  #times: number[] = [];
  #unclicked: number[] = [];
  #training: number[] = [];
  /** Whether any behaviour has an unclicked impression. */
  unclicked = false;

  private constructor(connection: DuckDBConnection, table: TableWriter) {
    this.#connection = connection;
    this.#table = table;
  }

  static async create(connection: DuckDBConnection): Promise<SequenceTable> {
    const table = await TableWriter.create(connection, "sequences", [
      { name: "items", type: "int32[]" },
      { name: "times", type: "int64[]" },
      { name: "unclicked", type: "int32[]" },
      { name: "training", type: "int32" },
    ]);
    return new SequenceTable(connection, table);
  }

  add(items: readonly number[], times: readonly number[], training: number, unclicked: readonly number[]): void {
    for (const item of items) this.#items.push(item);
    for (const time of times) this.#times.push(time);
    for (let i = 0; i < items.length; i++) {
      const shown = unclicked[i] ?? 0;
      this.#unclicked.push(shown);
      if (shown > 0) this.unclicked = true;
    }
    this.#training.push(training);
    this.#offsets.push(this.#items.length);
    if (this.#items.length >= HELD || this.#training.length >= HELD) this.#flush();
  }

  #flush(): void {
    const offsets = Int32Array.from(this.#offsets);
    this.#table.append(this.#training.length, [
      { name: "items", type: "int32[]", values: Int32Array.from(this.#items), offsets },
      { name: "times", type: "int64[]", values: Float64Array.from(this.#times), offsets },
      { name: "unclicked", type: "int32[]", values: Int32Array.from(this.#unclicked), offsets },
      { name: "training", type: "int32", values: Int32Array.from(this.#training) },
    ]);
    this.#offsets = [0];
    this.#items = [];
    this.#times = [];
    this.#unclicked = [];
    this.#training = [];
  }

  async write(path: string): Promise<void> {
    this.#flush();
    this.#table.finish();
    const columns = `SELECT key AS "user", ${this.#table.stored} FROM users POSITIONAL JOIN sequences`;
    const query = `SELECT "user", items, times, training${this.unclicked ? ", unclicked" : ""} FROM (${columns})`;
    await copyToParquet(this.#connection, query, path, ROW_GROUP.sequences);
  }
}
