/** A dataset in memory whose histories all have one length, for measuring a step at that length. */
import { type Dataset, type Samples, sharedFloat32, sharedInt32 } from "../src/dataset/dataset.ts";
import { type MaskThresholds, maskThresholds } from "../src/dataset/masking.ts";
import type { Field } from "../src/features/schema.ts";
import { Random } from "../src/tensor/random.ts";

/** A learning rate too small to move the weights anywhere: every step is like the first. */
export const RATE = 1e-7;

/** What steps on it are trained with: each sample has a history of its own, so there is nothing for batches of users to share. */
export const OWN_HISTORIES = { batches: "samples", shards: 8 } as const;

const SIZES = { users: 20_000, categories: 500 };

/** An array that threads share. */
export function shared(count: number, value: (i: number) => number): Int32Array {
  const array = sharedInt32(count);
  for (let i = 0; i < count; i++) array[i] = value(i);
  return array;
}

/** Masks of a catalogue in which training has every value five times, as often as Amazon's 5-core has an item at least. */
export function evenMasks({ schema }: Dataset): MaskThresholds {
  const counts = (fields: readonly Field[]) => fields.map(({ size }) => new Int32Array(size).fill(5));
  return maskThresholds({ user: counts(schema.user), item: counts(schema.item), context: counts(schema.context) }, 1);
}

/** `count` training samples with histories of `length` behaviours, out of a catalogue of so many items. */
export function fixedLengthDataset(length: number, count: number, catalogue = 20_000): Dataset {
  const random = new Random(length);
  const ids = (count: number, bound: number): Int32Array => shared(count, () => 1 + random.integer(bound));
  const offsets = shared(count + 1, (s) => s * length);
  const items = ids(count * length, catalogue);
  const categories = ids(catalogue + 1, SIZES.categories);
  const label = sharedFloat32(count);
  for (let i = 0; i < count; i++) label[i] = random.integer(2);
  const samples: Samples = {
    count,
    row: shared(count, (i) => i),
    label,
    sequence: shared(count, (s) => s),
    position: sharedInt32(count).fill(length),
    length: sharedInt32(count).fill(length),
    item: ids(count, catalogue),
    user: [ids(count, SIZES.users)],
    context: [],
  };
  return {
    schema: {
      user: [{ name: "user", size: SIZES.users + 1 }],
      item: [
        { name: "item", size: catalogue + 1 },
        { name: "category", size: SIZES.categories + 1 },
      ],
      context: [],
      maxHistory: length,
    },
    sequences: { offsets, items },
    itemFields: [shared(catalogue + 1, (row) => row), categories],
    popularity: items,
    train: samples,
    valid: samples,
    test: samples,
  };
}
