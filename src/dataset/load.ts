/** Blocks of a dataset folder into the memory of a portion: checked rows to the places where batches look for them. */
import type { Block } from "./blocks.ts";
import { readCells } from "./cells.ts";
import { type Folder, lengthOf } from "./checked-file.ts";
import type { LoadedPortion, Samples, Sequences, Split } from "./dataset.ts";
import { samplesFile, sequencesFile, WEIGHT } from "./layout.ts";
import { scanSamples, scanSequences } from "./scan.ts";
import { wasChanged } from "./verified-files.ts";

/**
 * Reads blocks one after the other. The samples name the sequences of the portion.
 * @param lengths [sequences] behaviours of each in the folder, as they were when it was opened
 * @throws UserError where a file cannot be read, is damaged, or is another than it was
 */
export async function loadBlocks(
  folder: Folder,
  split: Split,
  blocks: readonly Block[],
  lengths: Int32Array,
  { sequences, samples }: LoadedPortion,
): Promise<void> {
  let sequence = 0;
  let sample = 0;
  sequences.offsets[0] = 0;
  for (const block of blocks) {
    await loadSequences(folder, block, lengths, sequences, sequence);
    await loadSamples(folder, split, block, lengths, samples, { sample, sequence });
    sequence += block.sequences;
    sample += block.samples;
  }
}

/** The sequences of a block become those from `at` on. @throws UserError as `loadBlocks` */
export async function loadSequences(
  folder: Folder,
  { firstSequence, sequences }: Block,
  lengths: Int32Array,
  { offsets, items, unclicked }: Sequences,
  at: number,
): Promise<void> {
  const { name } = sequencesFile(folder.manifest);
  await scanSequences(
    folder,
    ({ first, count, columns }) => {
      const begin = at + first - firstSequence;
      for (let i = 0; i < count; i++) {
        const length = lengthOf(columns.items, i);
        if (length !== lengths[first + i]) throw wasChanged(folder.directory, name);
        offsets[begin + i + 1] = offsets[begin + i] + length;
      }
      items.set(columns.items.numbers, offsets[begin]);
      unclicked?.set(columns.unclicked.numbers, offsets[begin]);
    },
    { rows: { first: firstSequence, count: sequences }, columns: ["items", "unclicked"] },
  );
}

/**
 * The samples of a block become those from `at.sample` on, and its first sequence is the portion's `at.sequence`.
 * @throws UserError as `loadBlocks`
 */
export async function loadSamples(
  folder: Folder,
  split: Split,
  { first: firstSample, samples, firstSequence, sequences }: Block,
  lengths: Int32Array,
  into: Samples,
  at: { readonly sample: number; readonly sequence: number },
): Promise<void> {
  const { user, context } = folder.manifest.fields;
  const { name: file } = samplesFile(folder.manifest, split);
  const { row, label, sequence, position, length, item, probability, weight } = into;
  const targets = Object.entries({
    ...{ label, sequence, position, length, item },
    ...(probability && { probability }),
    ...(weight && { [WEIGHT]: weight }),
  });
  const fields = [
    ...user.map((field, f) => [field, into.user[f]] as const),
    ...context.map((field, f) => [field, into.context[f]] as const),
  ];
  const mean = folder.manifest.meanWeight?.[split] ?? 1;
  await scanSamples(
    folder,
    split,
    lengths,
    ({ first, count, columns }) => {
      const begin = at.sample + first - firstSample;
      for (const [name, target] of targets) target.set(columns[name].numbers, begin);
      for (const [field, cells] of fields) readCells(field, columns[field.name], cells, begin);
      for (let i = 0; i < count; i++) {
        const own = sequence[begin + i] - firstSequence;
        if (own < 0 || own >= sequences) throw wasChanged(folder.directory, file);
        row[begin + i] = first + i;
        sequence[begin + i] = at.sequence + own;
        if (weight !== undefined) weight[begin + i] /= mean;
      }
    },
    {
      rows: { first: firstSample, count: samples },
      columns: [...targets.map(([name]) => name), ...fields.map(([{ name }]) => name)],
    },
  );
}
