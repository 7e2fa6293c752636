/**
 * Writes a dataset folder (docs/data-format.md): what every importer ends in.
 *
 * Vocabularies and popularity are learned on the training part alone, so nothing of validation or test leaks into them.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type DatasetSource, type OnProgress, type RawField, type RawSamples, ROW_GROUP, SPLITS } from "./dataset.ts";
import { writeAside } from "./folder.ts";
import { historyLength } from "./history.ts";
import type { Manifest } from "./manifest.ts";
import { trainingBehaviours } from "./negatives.ts";
import { type Column, withDuckDB, writeParquet } from "./parquet.ts";
import { categoryOf } from "./transform.ts";
import { describeField, rankByCount, type Vocabulary, writeVocabulary } from "./vocabulary.ts";
import { completeManifest, writeManifest } from "./write-manifest.ts";

/** A field's vocabulary, and the id of each of its raw values, 0 for unknown. */
type Learned = Vocabulary & { readonly ids: Int32Array };

/**
 * Writes `source` to the folder `out`, replacing a dataset that is there; returns its manifest.
 * @throws UserError where `out` is taken by something else or cannot be written.
 */
export async function writeDataset(out: string, source: DatasetSource, onProgress?: OnProgress): Promise<Manifest> {
  const probability = source.samples.train.probability !== undefined;
  if (SPLITS.some((split) => (source.samples[split].probability !== undefined) !== probability)) {
    throw new RangeError("either all samples have a probability or none");
  }
  const { train } = source.samples;
  const behaviours = trainingBehaviours(source, source.training);
  const vocabularies = {
    user: source.userFields.map((field) => learnVocabulary(field, train.sequence)),
    item: source.itemFields.map((field) => learnVocabulary(field, behaviours)),
    context: source.contextFields.map((field, index) => learnVocabulary(field, train.context[index])),
  };
  const manifest = completeManifest({
    importer: source.importer,
    protocol: source.protocol,
    seed: source.seed,
    settings: { ...source.settings },
    maxHistory: source.maxHistory,
    window: source.window ?? null,
    utcOffset: source.utcOffset ?? 0,
    unclicked: false,
    fields: {
      user: vocabularies.user.map(describeField),
      item: vocabularies.item.map(describeField),
      context: vocabularies.context.map(describeField),
    },
    probability,
    ...(source.ceilingAuc !== undefined && { ceilingAuc: source.ceilingAuc }),
    counts: {
      sequences: source.users.length,
      items: source.itemFields[0].values.length - 1,
      behaviours: source.items.length,
      trainingBehaviours: behaviours.length,
      train: train.sequence.length,
      valid: source.samples.valid.sequence.length,
      test: source.samples.test.sequence.length,
    },
    dropped: { ...source.dropped },
    inputs: [...source.inputs],
  });

  const all = [...vocabularies.user, ...vocabularies.item, ...vocabularies.context];
  const files = all.length + 2 + SPLITS.length;
  let done = 0;
  await writeAside(out, (folder) =>
    withDuckDB(async (connection) => {
      const written = () => onProgress?.("write", ++done, files);
      const write = async (path: string, rows: number, columns: readonly Column[], rowGroup?: number) => {
        await writeParquet(connection, path, rows, columns, rowGroup);
        written();
      };
      await mkdir(join(folder, "vocabulary"));
      for (const vocabulary of all) {
        await writeVocabulary(connection, folder, vocabulary);
        written();
      }
      const rows = source.itemFields[0].values.length;
      await write(join(folder, "items.parquet"), rows, [
        { name: "row", type: "int32", values: Int32Array.from({ length: rows }, (_, row) => row) },
        { name: "key", type: "string", values: source.itemFields[0].values.map((value) => value ?? "") },
        ...vocabularies.item.map(({ name, ids }): Column => ({ name, type: "int32", values: ids })),
      ]);
      const sequences: Column[] = [
        { name: "user", type: "string", values: source.users },
        { name: "items", type: "int32[]", values: source.items, offsets: source.offsets },
        { name: "times", type: "int64[]", values: source.times, offsets: source.offsets },
        { name: "training", type: "int32", values: source.training },
      ];
      await write(join(folder, "sequences.parquet"), source.users.length, sequences, ROW_GROUP.sequences);
      for (const split of SPLITS) {
        const samples = source.samples[split];
        const columns = sampleColumns(samples, source, vocabularies.user, vocabularies.context);
        await write(join(folder, `${split}.parquet`), samples.sequence.length, columns, ROW_GROUP.samples);
      }
      await writeManifest(folder, manifest);
    }),
  );
  return manifest;
}

function sampleColumns(
  samples: RawSamples,
  source: DatasetSource,
  user: readonly Learned[],
  context: readonly Learned[],
): Column[] {
  const { sequence, position, item, time, probability } = samples;
  const columns: Column[] = [
    { name: "label", type: "int32", values: Int32Array.from(samples.label) },
    { name: "time", type: "int64", values: time },
    { name: "sequence", type: "int32", values: sequence },
    { name: "position", type: "int32", values: position },
    { name: "length", type: "int32", values: historyLengths(samples, source) },
    { name: "item", type: "int32", values: item },
    ...user.map(({ name, ids }): Column => ({ name, type: "int32", values: sequence.map((row) => ids[row]) })),
    ...context.map(
      ({ name, ids }, index): Column => ({
        name,
        type: "int32",
        values: samples.context[index].map((code) => ids[code]),
      }),
    ),
  ];
  if (probability !== undefined) columns.push({ name: "probability", type: "float32", values: probability });
  return columns;
}

/** How many behaviours each sample's history has. */
function historyLengths(
  { sequence, position, time }: RawSamples,
  { offsets, times, maxHistory, window }: DatasetSource,
): Int32Array {
  const limits = { maxHistory, window: window ?? null };
  return position.map((place, i) => historyLength(times, offsets[sequence[i]], place, time[i], limits));
}

/** Learns from the values that `uses` (indices into them) names. */
function learnVocabulary(field: RawField, uses: Int32Array): Learned {
  const { name, transform = { kind: "category" } } = field;
  const codes = new Map<string, number>();
  const codeOf = field.values.map((value) => {
    const category = categoryOf(transform, value);
    if (category === null) return -1;
    const code = codes.get(category) ?? codes.size;
    if (code === codes.size) codes.set(category, code);
    return code;
  });
  const seen = new Int32Array(codes.size);
  for (const index of uses) if (codeOf[index] >= 0) seen[codeOf[index]]++;
  const { values, counts, ids } = rankByCount([...codes.keys()], seen);
  return {
    name,
    transform,
    values,
    counts,
    ids: Int32Array.from(codeOf, (code) => (code < 0 ? 0 : ids[code])),
    distinct: codes.size,
  };
}
