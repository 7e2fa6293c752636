/**
 * A dataset folder that is read in portions: in memory are the catalogue, the lengths of the sequences and the portions
 * at work, however many samples there are. All rules of the format are checked (scan.ts) before a file is made use of:
 * those of the catalogue and the sequences at opening, those of a split when it is first asked for.
 */
import { Database } from "../database/open.ts";
import type { Field, Schema } from "../features/schema.ts";
import type { CellValues } from "../tensor/arrays.ts";
import { type Block, BlockCutter, epochPortions, type Portion, portionsOf } from "./blocks.ts";
import { makeCells, readCells } from "./cells.ts";
import type { CheckedRows, Folder } from "./checked-file.ts";
import type { ItemCatalogue, LoadedPortion, Samples, Sequences, Split } from "./dataset.ts";
import { readCounts, readItemKeys, readUserKeys, readVocabulary } from "./keys.ts";
import { MANIFEST_FILE, WEIGHT } from "./layout.ts";
import { loadBlocks, loadSamples, loadSequences } from "./load.ts";
import { areSame, type Manifest, readManifest, schemaOf } from "./manifest.ts";
import { Popularity } from "./negatives.ts";
import { copyLengths, scanItems, scanSamples, scanSequences } from "./scan.ts";
import { layOutPortion, type PortionShape, type PortionSize, portionBytes } from "./slot.ts";
import { VerifiedFiles, wasChanged } from "./verified-files.ts";

export interface StreamOptions {
  /** Memory of a portion, in bytes: with the seed, it decides the order of the samples of an epoch. */
  readonly portionBudget: number;
  /** Cuts histories to their latest so many behaviours; absent, they are as long as in the folder. */
  readonly maxHistory?: number | undefined;
  /** Whether to read the true probabilities of clicks, which synthetic data have. */
  readonly probability?: boolean;
  /** That of an earlier opening by the same command: another dataset in its place is an error. */
  readonly manifest?: Manifest | undefined;
}

/** What metrics need of a split, [count] each, in the order of its file. */
export interface Targets {
  readonly label: Float32Array;
  /** Which user, by number. */
  readonly user: Int32Array;
  /** 1 where training knows the candidate: its id, which is the first field of items, is not 0. */
  readonly known: Uint8Array;
  /** What it weighs; absent where all weigh the same. */
  readonly weight?: Float32Array;
  /** In the histories, in all, and (t, t+1) pairs of them. */
  readonly behaviours: number;
  readonly pairs: number;
}

/**
 * Small portions are read by many queries about few rows each; else each of them would parse the footer of its file anew.
 * DuckDB builds the extension in, but knows its settings only once it is loaded.
 */
const KEEP_FOOTERS = "LOAD parquet; SET GLOBAL parquet_metadata_cache = true";

/** An open dataset folder. Whatever reads from it throws UserError where a file is damaged. */
export class DatasetStream implements ItemCatalogue {
  readonly directory: string;
  readonly manifest: Manifest;
  readonly schema: Schema;
  readonly itemFields: readonly CellValues[];
  readonly popularity: Int32Array;
  readonly portionBudget: number;
  readonly #database: Database;
  readonly #files: VerifiedFiles;
  /** What reads at this moment. */
  readonly #reading = new Set<Promise<unknown>>();
  readonly #shape: PortionShape;
  /** [sequences] behaviours of each. */
  readonly #lengths: Int32Array;
  /** [sequences] the user of each, by number. */
  readonly #users: Int32Array;
  readonly #blocks = new Map<Split, Promise<readonly Block[]>>();

  private constructor(
    directory: string,
    manifest: Manifest,
    { portionBudget, maxHistory = manifest.maxHistory, probability = false }: StreamOptions,
    database: Database,
    files: VerifiedFiles,
    tables: { itemFields: readonly CellValues[] } & Behaviours,
  ) {
    const schema = schemaOf(manifest);
    this.directory = directory;
    this.manifest = manifest;
    this.schema = { ...schema, maxHistory: Math.min(schema.maxHistory, maxHistory) };
    this.itemFields = tables.itemFields;
    this.popularity = tables.popularity;
    this.portionBudget = portionBudget;
    this.#database = database;
    this.#files = files;
    this.#shape = {
      user: schema.user,
      context: schema.context,
      unclicked: manifest.unclicked,
      probability: manifest.probability && probability,
      weights: manifest.meanWeight !== undefined,
    };
    this.#lengths = tables.lengths;
    this.#users = tables.users;
  }

  /** @throws UserError where `directory` is no dataset, or is damaged. */
  static async open(directory: string, options: StreamOptions): Promise<DatasetStream> {
    const manifest = await readManifest(directory);
    if (options.manifest && !areSame(manifest, options.manifest)) throw wasChanged(directory, MANIFEST_FILE);
    const files = new VerifiedFiles(directory, manifest);
    // One thread: those of a training run are the workers'.
    const database = await Database.open({ temp_directory: "", threads: "1" });
    try {
      const tables = await withFolder(database, { directory, manifest, files }, async (folder) => {
        await folder.connection.run(KEEP_FOOTERS);
        return { itemFields: await readCatalogue(folder), ...(await readBehaviours(folder)) };
      });
      return new DatasetStream(directory, manifest, options, database, files, tables);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Waits for what is being read ahead, whose buffers must not be written to any more, and closes. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#reading);
    this.#database.close();
  }

  /** The portions of an epoch of training, in order; the same for the same seed and epoch. */
  async epochPortions(seed: number, epoch: number): Promise<Portion[]> {
    return epochPortions(this.#shape, await this.#blocksOf("train"), this.portionBudget, seed, epoch);
  }

  /** Portions over a split in the order of its file. */
  async filePortions(split: Split): Promise<Portion[]> {
    return portionsOf(this.#shape, await this.#blocksOf(split), this.portionBudget);
  }

  /** All sequences, whatever the budget. */
  allSequences(): Promise<Sequences> {
    return this.#read(async (folder) => {
      const all = this.#whole(0);
      const { sequences } = this.#allocate(all);
      await loadSequences(folder, all, this.#lengths, sequences, 0);
      return sequences;
    });
  }

  /** All samples of a split, whatever the budget; the sequences that they name are `allSequences`. */
  async allSamples(split: Split): Promise<Samples> {
    await this.#blocksOf(split);
    return await this.#read(async (folder) => {
      const all = this.#whole(this.manifest.counts[split]);
      const { samples } = this.#allocate({ ...all, sequences: 0, behaviours: 0 });
      await loadSamples(folder, split, all, this.#lengths, samples, { sample: 0, sequence: 0 });
      cutHistories(samples, this.schema.maxHistory);
      return samples;
    });
  }

  /** How many behaviours the samples of a split have on average. */
  async meanHistory(split: Split): Promise<number> {
    const { maxHistory } = this.schema;
    let behaviours = 0;
    await this.#read((folder) =>
      scanSamples(
        folder,
        split,
        this.#lengths,
        ({ columns }) => {
          for (const length of columns.length.numbers) behaviours += Math.min(length, maxHistory);
        },
        { columns: ["sequence", "position", "length"] },
      ),
    );
    return behaviours / Math.max(1, this.manifest.counts[split]);
  }

  async targets(split: Split): Promise<Targets> {
    const { maxHistory } = this.schema;
    const count = this.manifest.counts[split];
    const [label, user, known] = [new Float32Array(count), new Int32Array(count), new Uint8Array(count)];
    const weight = this.#shape.weights ? new Float32Array(count) : undefined;
    const [ids] = this.itemFields;
    let behaviours = 0;
    let pairs = 0;
    await this.#read((folder) =>
      scanSamples(
        folder,
        split,
        this.#lengths,
        ({ first, columns }) => {
          label.set(columns.label.numbers, first);
          weight?.set(columns[WEIGHT].numbers, first);
          columns.sequence.numbers.forEach((sequence, i) => {
            user[first + i] = this.#users[sequence];
          });
          columns.item.numbers.forEach((row, i) => {
            known[first + i] = ids[row] > 0 ? 1 : 0;
          });
          for (const length of columns.length.numbers) {
            const kept = Math.min(length, maxHistory);
            behaviours += kept;
            pairs += Math.max(0, kept - 1);
          }
        },
        { columns: ["label", "sequence", "position", "length", "item", ...(weight ? [WEIGHT] : [])] },
      ),
    );
    return { label, user, known, ...(weight && { weight }), behaviours, pairs };
  }

  /** As `readVocabulary`. */
  vocabulary(field: Field): Promise<(string | null)[]> {
    return this.#read((folder) => readVocabulary(folder, field));
  }

  /** As `readCounts`. */
  valueCounts(field: Field): Promise<Int32Array> {
    return this.#read((folder) => readCounts(folder, field));
  }

  /** As `readItemKeys`. */
  itemKeys(): Promise<(string | null)[]> {
    return this.#read(readItemKeys);
  }

  /** As `readUserKeys`. */
  userKeys(): Promise<string[]> {
    return this.#read(readUserKeys);
  }

  /**
   * The behaviours of users in the order of their file: catalogue rows, and times in milliseconds since 1970. What is
   * repeated of the row before comes once; a user may come more than once. `take` may take its time: no more is read
   * meanwhile. Of datasets whose behaviours have times.
   */
  async scanBehaviours(
    take: (user: string, rows: Int32Array, times: Float64Array) => void | Promise<void>,
  ): Promise<void> {
    await this.#read((folder) =>
      scanSequences(folder, async ({ count, columns }) => {
        const { user, items, times, repeated } = columns;
        for (let i = 0; i < count; i++) {
          const begin = items.offsets[i] + repeated.numbers[i];
          const end = items.offsets[i + 1];
          await take(
            user.texts[i],
            Int32Array.from(items.numbers.subarray(begin, end)),
            Float64Array.from(times.numbers.subarray(begin, end)),
          );
        }
      }),
    );
  }

  /** Bytes that a portion of this dataset takes. */
  bytesOf(portion: Portion): number {
    return portionBytes(this.#shape, portion);
  }

  /** Reads a portion of a split into `buffer`, of `bytesOf(portion)` at least. */
  load(split: Split, { blocks, ...size }: Portion, buffer: SharedArrayBuffer): Promise<LoadedPortion> {
    return this.#read(async (folder) => {
      const loaded = layOutPortion(buffer, this.#shape, size);
      await loadBlocks(folder, split, blocks, this.#lengths, loaded);
      cutHistories(loaded.samples, this.schema.maxHistory);
      return loaded;
    });
  }

  /** All sequences and the first `samples` samples of a split as one block. */
  #whole(samples: number): Block {
    const { sequences } = this.manifest.counts;
    const behaviours = this.#lengths.reduce((sum, length) => sum + length, 0);
    return { samples, sequences, behaviours, first: 0, firstSequence: 0 };
  }

  #allocate(size: PortionSize): LoadedPortion {
    return layOutPortion(new SharedArrayBuffer(portionBytes(this.#shape, size)), this.#shape, size);
  }

  #blocksOf(split: Split): Promise<readonly Block[]> {
    const known = this.#blocks.get(split) ?? this.#cut(split);
    this.#blocks.set(split, known);
    return known;
  }

  async #cut(split: Split): Promise<readonly Block[]> {
    const cutter = new BlockCutter(this.#shape, this.#lengths, this.portionBudget);
    await this.#read((folder) =>
      scanSamples(folder, split, this.#lengths, ({ columns }) => {
        for (const sequence of columns.sequence.numbers) cutter.add(sequence);
      }),
    );
    return cutter.finish();
  }

  async #read<T>(body: (folder: Folder) => Promise<T>): Promise<T> {
    const { directory, manifest } = this;
    const reading = withFolder(this.#database, { directory, manifest, files: this.#files }, body);
    this.#reading.add(reading);
    try {
      return await reading;
    } finally {
      this.#reading.delete(reading);
    }
  }
}

/**
 * What `read` gets of a dataset that is not open, without its samples in memory.
 * @throws UserError where `directory` is no dataset, or is damaged
 */
export async function withDataset<T>(directory: string, read: (dataset: DatasetStream) => Promise<T>): Promise<T> {
  const dataset = await DatasetStream.open(directory, { portionBudget: 0 });
  try {
    return await read(dataset);
  } finally {
    await dataset.close();
  }
}

/** The fields of a dataset, and how many behaviours its training samples have on average. */
export async function readShape(directory: string): Promise<{ schema: Schema; meanHistory: number }> {
  return await withDataset(directory, async (dataset) => {
    return { schema: dataset.schema, meanHistory: await dataset.meanHistory("train") };
  });
}

/** What each catalogue row has of every item field. */
async function readCatalogue(folder: Folder): Promise<CellValues[]> {
  const { counts, fields } = folder.manifest;
  const all = fields.item.map((field) => makeCells(field, counts.items + 1, shared));
  await scanItems(folder, ({ first, columns }) => {
    for (const [f, field] of fields.item.entries()) readCells(field, columns[field.name], all[f], first);
  });
  return all;
}

/** An array on a buffer of its own. */
function shared<T>(make: new (buffer: SharedArrayBuffer, at: number, length: number) => T, length: number): T {
  return new make(new SharedArrayBuffer(4 * length), 0, length);
}

/** How many behaviours each sequence has and whose it is, and what negatives are sampled from (see `ItemCatalogue`). */
interface Behaviours {
  readonly lengths: Int32Array;
  readonly users: Int32Array;
  readonly popularity: Int32Array;
}

async function readBehaviours(folder: Folder): Promise<Behaviours> {
  const { counts } = folder.manifest;
  const [lengths, users] = [new Int32Array(counts.sequences), new Int32Array(counts.sequences)];
  const popularity = new Popularity(counts.trainingBehaviours);
  let user = -1;
  await scanSequences(folder, (rows) => {
    copyLengths(rows, lengths);
    const { items, repeated, training } = rows.columns;
    const { owner }: Partial<CheckedRows["columns"]> = rows.columns;
    for (let i = 0; i < rows.count; i++) {
      if (repeated.numbers[i] === 0) user++;
      users[rows.first + i] = owner?.numbers[i] ?? user;
      const begin = items.offsets[i] + repeated.numbers[i];
      for (let j = 0; j < training.numbers[i]; j++) popularity.add(items.numbers[begin + j]);
    }
  });
  return { lengths, users, popularity: popularity.items };
}

/** Runs `body` with a connection of its own: a connection has one result at a time. */
async function withFolder<T>(
  database: Database,
  folder: Omit<Folder, "connection">,
  body: (folder: Folder) => Promise<T>,
): Promise<T> {
  const connection = await database.connect();
  try {
    return await body({ connection, ...folder });
  } finally {
    connection.closeSync();
  }
}

function cutHistories({ count, length }: Samples, most: number): void {
  for (let i = 0; i < count; i++) length[i] = Math.min(length[i], most);
}
