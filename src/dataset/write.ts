/**
 * Writes a dataset folder (docs/data-format.md): what every importer ends in.
 *
 * Vocabularies and popularity are learned on the training part alone, so nothing of validation or test leaks into them.
 */

import { withDuckDB } from "../database/open.ts";
import { type OnProgress, SPLITS } from "./dataset.ts";
import { type FileValues, makeFolders, writeFile } from "./file-writer.ts";
import { writeAside } from "./folder.ts";
import { historyLength } from "./history.ts";
import { type FormatFile, itemsFile, samplesFile, sequencesFile } from "./layout.ts";
import { importedSchema, type Manifest } from "./manifest.ts";
import { trainingBehaviours } from "./negatives.ts";
import { Segments } from "./segments.ts";
import { SequenceRows } from "./sequence-rows.ts";
import type { DatasetSource, RawField, RawSamples } from "./source.ts";
import { categoryOf } from "./transform.ts";
import { describeField, type LearnedField, rankByCount, writeVocabulary } from "./vocabulary.ts";
import { writeManifest } from "./write-manifest.ts";

/**
 * Writes `source` to the folder `out`, replacing a dataset that is there; returns its manifest.
 * @throws UserError where `out` is taken by something else or cannot be written.
 */
export async function writeDataset(
  out: string,
  source: DatasetSource,
  onProgress?: OnProgress,
  segments?: Segments,
): Promise<Manifest> {
  return await writeAside(out, (folder) => writeDatasetFiles(folder, source, onProgress, segments));
}

/** Writes the files of `source` to an empty folder; returns the manifest. @throws UserError where the disk refuses */
export async function writeDatasetFiles(
  folder: string,
  source: DatasetSource,
  onProgress?: OnProgress,
  segments = new Segments(source.maxHistory),
): Promise<Manifest> {
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
  const rows = new SequenceRows(source, segments);
  const manifest = importedSchema.parse({
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
      users: source.users.length,
      sequences: rows.count,
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
  return await withDuckDB(async (connection) => {
    const written = () => onProgress?.("write", ++done, files);
    const write = async (file: FormatFile, values: FileValues) => {
      await writeFile(connection, folder, file, values);
      written();
    };
    await makeFolders(folder);
    for (const vocabulary of all) {
      await writeVocabulary(connection, folder, vocabulary);
      written();
    }
    const { user, item, context } = vocabularies;
    const [{ values: keys }] = source.itemFields;
    await write(itemsFile(manifest), {
      row: Int32Array.from(keys, (_, row) => row),
      key: keys.map((value) => value ?? ""),
      ...byName(item, ({ ids }) => ids),
    });
    const { begins, ends, repeated, training } = rows;
    await write(sequencesFile(manifest), {
      user: Array.from(rows.user, (user) => source.users[user]),
      items: { values: source.items, begins, ends },
      times: { values: source.times, begins, ends },
      ...{ repeated, training },
    });
    for (const split of SPLITS) {
      const samples = source.samples[split];
      const { sequence, item, time, probability } = samples;
      await write(samplesFile(manifest, split), {
        ...rows.placesOf(samples),
        ...{ time, item },
        label: Int32Array.from(samples.label),
        length: historyLengths(samples, source),
        ...byName(user, ({ ids }) => sequence.map((row) => ids[row])),
        ...byName(context, ({ ids }, index) => samples.context[index].map((code) => ids[code])),
        ...(probability && { probability }),
      });
    }
    return await writeManifest(folder, manifest);
  });
}

/** The columns of fields, by name. */
function byName(
  fields: readonly LearnedField[],
  valuesOf: (field: LearnedField, index: number) => Int32Array,
): FileValues {
  return Object.fromEntries(fields.map((field, index) => [field.name, valuesOf(field, index)]));
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
function learnVocabulary(field: RawField, uses: Int32Array): LearnedField {
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
