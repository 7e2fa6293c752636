/** A dataset in memory whose histories all have one length, for measuring a step at that length. */
import { type Dataset, type Samples, sharedFloat32, sharedInt32 } from "../src/data/dataset.ts";
import { Random } from "../src/tensor/random.ts";

const SIZES = { users: 20_000, items: 20_000, categories: 500 };

/** `count` training samples with histories of `length` behaviours. */
export function fixedLengthDataset(length: number, count: number): Dataset {
  const random = new Random(length);
  const fill = (array: Int32Array, bound: number): Int32Array => array.map(() => 1 + random.integer(bound));
  const offsets = sharedInt32(count + 1).map((_, s) => s * length);
  const items = fill(sharedInt32(count * length), SIZES.items);
  const categories = fill(sharedInt32(SIZES.items + 1), SIZES.categories);
  const samples: Samples = {
    count,
    label: sharedFloat32(count).map(() => random.integer(2)),
    sequence: sharedInt32(count).map((_, s) => s),
    position: sharedInt32(count).fill(length),
    length: sharedInt32(count).fill(length),
    item: fill(sharedInt32(count), SIZES.items),
    user: [fill(sharedInt32(count), SIZES.users)],
    context: [],
  };
  return {
    schema: {
      user: [{ name: "user", size: SIZES.users + 1 }],
      item: [
        { name: "item", size: SIZES.items + 1 },
        { name: "category", size: SIZES.categories + 1 },
      ],
      context: [],
      maxHistory: length,
    },
    sequences: { offsets, items },
    itemFields: [sharedInt32(SIZES.items + 1).map((_, row) => row), categories],
    popularity: items,
    train: samples,
    valid: samples,
    test: samples,
  };
}
