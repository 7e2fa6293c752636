/** A small dataset on disk whose clicks can be learned: users stay with a category, and click what is of it. */

import { openDataset } from "../../src/dataset/read.ts";
import type { DatasetSource, RawSamples } from "../../src/dataset/source.ts";
import { DatasetStream } from "../../src/dataset/stream.ts";
import { writeDataset } from "../../src/dataset/write.ts";
import type { PredictRequest } from "../../src/scoring/request.ts";
import { Random } from "../../src/tensor/random.ts";
import { withLists } from "./source.ts";

const ITEMS = 60;
const CATEGORIES = 6;

export interface SmallDataset {
  readonly users?: number;
  readonly samples?: number;
  readonly seed?: number;
  readonly maxHistory?: number;
  /** The label of all validation samples. Default: that of each. */
  readonly validLabel?: 0 | 1;
  /** What a sample weighs. Default: there are no weights. */
  readonly weightOf?: (label: number, i: number) => number;
  /** Whether there are lists and numbers among the fields. */
  readonly lists?: boolean;
}

/** Histories of 0 to 12 behaviours, three quarters of them of the user's own category. */
export async function writeSmallDataset(
  folder: string,
  { users = 40, samples = 600, seed = 1, maxHistory = 8, validLabel, weightOf, lists = false }: SmallDataset = {},
): Promise<void> {
  const random = new Random(seed);
  const categoryOf = (item: number) => item % CATEGORIES;
  const itemOf = (category: number) =>
    1 + ((category + CATEGORIES - 1) % CATEGORIES) + CATEGORIES * random.integer(ITEMS / CATEGORIES);
  const taste = Array.from({ length: users }, () => random.integer(CATEGORIES));
  const offsets = new Int32Array(users + 1);
  const items: number[] = [];
  for (let u = 0; u < users; u++) {
    const length = random.integer(13);
    for (let i = 0; i < length; i++) items.push(itemOf(random.integer(4) > 0 ? taste[u] : random.integer(CATEGORIES)));
    offsets[u + 1] = items.length;
  }
  const draw = (count: number): RawSamples => {
    const sequence = Int32Array.from({ length: count }, () => random.integer(users));
    const item = Int32Array.from({ length: count }, (_, i) =>
      itemOf(i % 2 === 0 ? taste[sequence[i]] : random.integer(CATEGORIES)),
    );
    const label = Array.from(item, (row, i) => (categoryOf(row) === taste[sequence[i]] ? 1 : 0));
    const position = sequence.map((s) => random.integer(offsets[s + 1] - offsets[s] + 1));
    const hour = Int32Array.from({ length: count }, () => random.integer(3));
    const order = sequence.map((_, i) => i).sort((a, b) => sequence[a] - sequence[b]);
    const sorted = (values: Int32Array) => order.map((i) => values[i]);
    return {
      label: Array.from(order, (i) => label[i]),
      sequence: sorted(sequence),
      position: sorted(position),
      item: sorted(item),
      time: new Float64Array(count),
      context: [sorted(hour)],
      ...(weightOf && { weight: Float32Array.from(order, (i, at) => weightOf(label[i], at)) }),
    };
  };
  const oneLabel = validLabel !== undefined && { label: new Array<number>(200).fill(validLabel) };
  const names = Array.from({ length: users }, (_, u) => `user ${u}`);
  const source: DatasetSource = {
    importer: "test",
    protocol: "test",
    seed,
    settings: {},
    inputs: [],
    dropped: {},
    maxHistory,
    users: names,
    offsets,
    items: Int32Array.from(items),
    times: Float64Array.from(items, (_, i) => i),
    training: Int32Array.from({ length: users }, (_, u) => offsets[u + 1] - offsets[u]),
    userFields: [{ name: "user", values: names }],
    itemFields: [
      { name: "item", values: [null, ...Array.from({ length: ITEMS }, (_, i) => `item ${i + 1}`)] },
      { name: "category", values: [null, ...Array.from({ length: ITEMS }, (_, i) => `category ${categoryOf(i + 1)}`)] },
    ],
    contextFields: [{ name: "hour", values: ["morning", "noon", "night"] }],
    samples: { train: draw(samples), valid: { ...draw(200), ...oneLabel }, test: draw(200) },
  };
  await writeDataset(folder, lists ? withLists(source) : source);
}

/** What `read` gets of an open dataset. */
async function fromDataset<T>(folder: string, read: (stream: DatasetStream) => Promise<T>): Promise<T> {
  const stream = await DatasetStream.open(folder, { portionBudget: 0 });
  try {
    return await read(stream);
  } finally {
    await stream.close();
  }
}

/** The vocabularies of all fields by their names. */
export function loadVocabularies(folder: string): Promise<Record<string, (string | null)[]>> {
  return fromDataset(folder, async (stream) => {
    const { user, item, context } = stream.manifest.fields;
    const vocabularies: Record<string, (string | null)[]> = {};
    for (const field of [...user, ...item, ...context]) vocabularies[field.name] = await stream.vocabulary(field);
    return vocabularies;
  });
}

/** The item keys by catalogue row. */
export function loadItemKeys(folder: string): Promise<(string | null)[]> {
  return fromDataset(folder, (stream) => stream.itemKeys());
}

/** The test samples of a dataset that `writeSmallDataset` wrote, as requests of raw values. */
export async function testRequests(folder: string): Promise<PredictRequest[]> {
  const { test, sequences } = await openDataset(folder);
  const { user: users, hour: hours } = await loadVocabularies(folder);
  const keys = await loadItemKeys(folder);
  return Array.from({ length: test.count }, (_, i) => {
    const first = sequences.offsets[test.sequence[i]];
    const history = Array.from(sequences.items.subarray(first, first + test.position[i]), (row) => keys[row]!);
    const user = users[test.user[0][i]] ?? "never seen";
    return { user, candidate: keys[test.item[i]]!, history, context: { hour: hours[test.context[0][i]]! } };
  });
}
