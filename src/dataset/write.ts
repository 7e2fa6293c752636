/**
 * Writes a dataset folder (docs/data-format.md): what every importer ends in.
 *
 * Vocabularies and popularity are learned on the training part alone, so nothing of validation or test leaks into them.
 */

import { withDuckDB } from "../database/open.ts";
import { cellsAt, storedCells } from "./cells.ts";
import { type OnProgress, SPLITS, type Split } from "./dataset.ts";
import { type FileValues, makeFolders, writeFile } from "./file-writer.ts";
import { writeAside } from "./folder.ts";
import { historyLength } from "./history.ts";
import { type FormatFile, filesOf, itemsFile, samplesFile, sequencesFile, WEIGHT } from "./layout.ts";
import { type LearnedField, learnCells, type RawValues } from "./learned.ts";
import { importedSchema, type Manifest } from "./manifest.ts";
import { trainingBehaviours } from "./negatives.ts";
import { Segments } from "./segments.ts";
import { SequenceRows } from "./sequence-rows.ts";
import type { DatasetSource, RawField, RawSamples } from "./source.ts";
import { describeField, fieldOf, writeVocabulary } from "./vocabulary.ts";
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
    user: await Promise.all(source.userFields.map((field) => learnField(field, train.sequence))),
    item: await Promise.all(source.itemFields.map((field) => learnField(field, behaviours))),
    context: await Promise.all(source.contextFields.map((field, index) => learnField(field, train.context[index]))),
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
    timeFormat: null,
    clock: "time",
    unclicked: false,
    givenHistories: false,
    fields: {
      user: vocabularies.user.map(describeField),
      item: vocabularies.item.map(describeField),
      context: vocabularies.context.map(describeField),
    },
    probability,
    ...(source.samples.train.weight && { meanWeight: meanWeights(source.samples) }),
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
  const files = filesOf(manifest).length;
  let done = 0;
  return await withDuckDB(async (connection) => {
    const written = () => onProgress?.("write", ++done, files);
    const write = async (file: FormatFile, values: FileValues) => {
      await writeFile(connection, folder, file, values);
      written();
    };
    await makeFolders(folder);
    for (const field of all) {
      await writeVocabulary(connection, folder, field);
      if (field.transform.kind !== "value") written();
    }
    const { user, item, context } = vocabularies;
    const [{ values: keys }] = source.itemFields;
    await write(itemsFile(manifest), {
      row: Int32Array.from(keys, (_, row) => row),
      key: keys.map((value) => value ?? ""),
      ...byName(item, () => Int32Array.from(keys, (_, row) => row)),
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
      const { sequence, item, time, probability, weight } = samples;
      await write(samplesFile(manifest, split), {
        ...rows.placesOf(samples),
        ...{ time, item },
        label: Int32Array.from(samples.label),
        length: historyLengths(samples, source),
        ...byName(user, () => sequence),
        ...byName(context, (index) => samples.context[index]),
        ...(probability && { probability }),
        ...(weight && { [WEIGHT]: weight }),
      });
    }
    return await writeManifest(folder, manifest);
  });
}

/** The columns of fields by name; `valuesOf` gives what the rows have: places among the values of the field. */
function byName(fields: readonly CodedField[], valuesOf: (index: number) => Int32Array): FileValues {
  return Object.fromEntries(
    fields.map((learned, index) => {
      const field = fieldOf(learned);
      const rows = valuesOf(index).map((value) => learned.codes[value]);
      return [field.name, storedCells(field, cellsAt(field, learned.cells, rows), rows.length)];
    }),
  );
}

function meanWeights(samples: DatasetSource["samples"]): Record<Split, number> {
  const mean = (split: Split) => {
    const { weight = new Float32Array() } = samples[split];
    return weight.reduce((sum, one) => sum + one, 0) / weight.length;
  };
  return { train: mean("train"), valid: mean("valid"), test: mean("test") };
}

/** How many behaviours each sample's history has. */
function historyLengths(
  { sequence, position, time }: RawSamples,
  { offsets, times, maxHistory, window }: DatasetSource,
): Int32Array {
  const limits = { maxHistory, window: window ?? null };
  return position.map((place, i) => historyLength(times, offsets[sequence[i]], place, time[i], limits));
}

/** A field that has learned, and the code of each of its values: equal ones have the same. */
interface CodedField extends LearnedField {
  readonly codes: Int32Array;
}

/** Learns from the values that `uses` (indices into them) names. */
async function learnField(field: RawField, uses: Int32Array): Promise<CodedField> {
  const { name, values, transform = { kind: "category" }, pooling = "mean" } = field;
  const codeOf = new Map<string, number>();
  const codes = Int32Array.from(values, (value) => {
    if (value === null) return 0;
    const code = codeOf.get(value) ?? codeOf.size + 1;
    if (code > codeOf.size) codeOf.set(value, code);
    return code;
  });
  const counts = new Int32Array(codeOf.size + 1);
  for (const index of uses) counts[codes[index]]++;
  const each: RawValues["each"] = async (take) => {
    for (const [value, code] of codeOf) take(value, code);
  };
  const raw = { each, size: codeOf.size, counts };
  return { ...(await learnCells(name, transform, raw, { least: 1, pooling })), codes };
}
