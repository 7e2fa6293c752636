/** A dataset in memory whose users all have sequences of one length and several samples each. */
import { type Dataset, type Samples, sharedFloat32 } from "../src/dataset/dataset.ts";
import { Random } from "../src/tensor/random.ts";
import { fixedLengthDataset, shared } from "./fixed-length-dataset.ts";

/** So many impressions after the whole sequence, or a sample for each behaviour with those before it as its history. */
export type UserSamples = number | "every behaviour";

const BEHAVIOURS = 100_000;

/** `users` with sequences of `length` behaviours, and their training samples, those of a user together. */
export function usersDataset(length: number, users: number, kind: UserSamples): Dataset {
  // Negatives are sampled from behaviours: from those of a few users most would be the user's own, and refused.
  const dataset = fixedLengthDataset(length, Math.max(users, Math.ceil(BEHAVIOURS / length)));
  const each = kind === "every behaviour" ? length : kind;
  const count = users * each;
  const random = new Random(count);
  const userOf = (i: number) => Math.floor(i / each);
  const label = sharedFloat32(count);
  for (let i = 0; i < count; i++) label[i] = random.integer(2);
  const position = shared(count, (i) => (kind === "every behaviour" ? i % each : length));
  const [{ size: items }] = dataset.schema.item;
  const train: Samples = {
    count,
    row: shared(count, (i) => i),
    label,
    sequence: shared(count, userOf),
    position,
    length: position,
    item: shared(count, () => 1 + random.integer(items - 1)),
    user: [shared(count, (i) => dataset.train.user[0][userOf(i)])],
    context: [],
  };
  return { ...dataset, train };
}
