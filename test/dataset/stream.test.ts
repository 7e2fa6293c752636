import { join } from "node:path";
import { DuckDBConnection } from "@duckdb/node-api";
import fc from "fast-check";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type Block, BlockCutter, epochPortions, type Portion, portionsOf } from "../../src/dataset/blocks.ts";
import { type Dataset, type LoadedPortion, SPLITS, type Split } from "../../src/dataset/dataset.ts";
import { Feed } from "../../src/dataset/feed.ts";
import { readManifest } from "../../src/dataset/manifest.ts";
import { openDataset } from "../../src/dataset/read.ts";
import { Segments } from "../../src/dataset/segments.ts";
import { type PortionShape, portionBytes } from "../../src/dataset/slot.ts";
import type { DatasetSource, RawSamples } from "../../src/dataset/source.ts";
import { DatasetStream } from "../../src/dataset/stream.ts";
import { writeDataset } from "../../src/dataset/write.ts";
import { inspectDataset } from "../../src/inspection/measure/inspect.ts";
import type { CellValues } from "../../src/tensor/arrays.ts";
import { sources, temporaryFolder, withLists } from "../support/source.ts";

const folder = temporaryFolder();
const datasets: { path: string; whole: Dataset }[] = [];

beforeAll(async () => {
  for (const [index, source] of fc.sample(sources, { numRuns: 6, seed: 5 }).entries()) {
    const path = join(folder, `${index}`);
    await writeDataset(path, withLists(source));
    datasets.push({ path, whole: await openDataset(path) });
  }
}, 60_000);

/** Three cells in all. */
const user = [
  { name: "user", size: 9 },
  { name: "age", size: 0 },
];
const shape: PortionShape = {
  user,
  context: [{ name: "hour", size: 5 }],
  unclicked: true,
  probability: false,
  weights: false,
};

/** Behaviours of each sequence, samples of each, and a budget. */
const cuts = fc.record({
  sequences: fc.array(fc.record({ length: fc.nat(30), samples: fc.nat(6) }), { maxLength: 60 }),
  budget: fc.integer({ min: 1, max: 20_000 }),
});

function cut({ sequences, budget }: { sequences: { length: number; samples: number }[]; budget: number }): Block[] {
  const cutter = new BlockCutter(
    shape,
    Int32Array.from(sequences, ({ length }) => length),
    budget,
  );
  for (const [s, { samples }] of sequences.entries()) for (let i = 0; i < samples; i++) cutter.add(s);
  return cutter.finish();
}

describe("blocks", () => {
  test("follow each other, split a sequence only where they would burst, and say what they hold", () => {
    fc.assert(
      fc.property(cuts, (given) => {
        const blocks = cut(given);
        const ofSamples = given.sequences.flatMap(({ samples }, s) => new Array<number>(samples).fill(s));
        let row = 0;
        for (const block of blocks) {
          expect(block.first).toBe(row);
          row += block.samples;
          expect(block.firstSequence).toBe(ofSamples[block.first]);
          expect(block.firstSequence + block.sequences - 1).toBe(ofSamples[row - 1]);
          const own = given.sequences.slice(block.firstSequence, block.firstSequence + block.sequences);
          expect(block.behaviours).toBe(own.reduce((sum, { length }) => sum + length, 0));
          expect(block.samples === 1 || portionBytes(shape, block) <= given.budget).toBe(true);
          const isCut = ofSamples[row] === ofSamples[row - 1];
          const more = { ...block, samples: block.samples + 1 };
          expect(!isCut || portionBytes(shape, more) > given.budget).toBe(true);
        }
        expect(row).toBe(ofSamples.length);
      }),
    );
  });

  test("fill portions, each within the budget or of a single block, all of them once an epoch", () => {
    fc.assert(
      fc.property(cuts, fc.nat(), fc.nat(9), (given, seed, epoch) => {
        const blocks = cut(given);
        for (const portions of [
          portionsOf(shape, blocks, given.budget),
          epochPortions(shape, blocks, given.budget, seed, epoch),
        ]) {
          const taken = portions.flatMap((portion) => portion.blocks);
          expect([...taken].sort((a, b) => a.first - b.first)).toEqual(blocks);
          for (const portion of portions) {
            expect(portion.blocks.length === 1 || portionBytes(shape, portion) <= given.budget).toBe(true);
            expect([...portion.blocks].sort((a, b) => a.first - b.first)).toEqual(portion.blocks);
            expect(portion.samples).toBe(portion.blocks.reduce((sum, { samples }) => sum + samples, 0));
          }
        }
      }),
    );
  });

  test("come in another order in another epoch, in the same one in the same", () => {
    const sequences = Array.from({ length: 400 }, () => ({ length: 10, samples: 3 }));
    const budget = 5000;
    const blocks = cut({ sequences, budget });
    const order = (seed: number, epoch: number) =>
      epochPortions(shape, blocks, budget, seed, epoch).map(({ blocks }) => blocks.map(({ first }) => first));
    expect(order(1, 1).length).toBeGreaterThan(4);
    expect(order(1, 1)).toEqual(order(1, 1));
    expect(order(1, 1)).not.toEqual(order(1, 2));
    expect(order(1, 1)).not.toEqual(order(2, 1));
  });
});

/** A sample as the model sees it, wherever it lies. */
function describeSample({ samples, sequences }: LoadedPortion, i: number) {
  const end = sequences.offsets[samples.sequence[i]] + samples.position[i];
  const cells = (values: CellValues) => {
    const width = values.length / samples.count;
    return [...values.subarray(i * width, (i + 1) * width)];
  };
  return {
    row: samples.row[i],
    label: samples.label[i],
    item: samples.item[i],
    history: [...sequences.items.subarray(end - samples.length[i], end)],
    user: samples.user.map(cells),
    context: samples.context.map(cells),
    sequence: [
      ...sequences.items.subarray(sequences.offsets[samples.sequence[i]], sequences.offsets[samples.sequence[i] + 1]),
    ],
  };
}

const describeAll = (loaded: LoadedPortion) =>
  Array.from({ length: loaded.samples.count }, (_, i) => describeSample(loaded, i));

async function readAll(stream: DatasetStream, split: Split, portions: readonly Portion[]) {
  const feed = new Feed(stream, split);
  const samples: ReturnType<typeof describeSample>[] = [];
  for (const [i, portion] of portions.entries()) {
    samples.push(...describeAll(await feed.take(portion, portions[i + 1])));
  }
  return samples;
}

test("a dataset in memory as a whole holds its sequences once, checked and then read", async () => {
  const queries = vi.spyOn(DuckDBConnection.prototype, "stream");
  try {
    await openDataset(datasets[0].path);
    expect(queries.mock.calls.filter(([sql]) => String(sql).includes("sequences.parquet")).length).toBe(2);
  } finally {
    queries.mockRestore();
  }
});

describe("a dataset in portions", () => {
  test.each([1, 400, 1500, 1 << 20])("holds what it holds in memory: portions of %i bytes", async (portionBudget) => {
    for (const { path, whole } of datasets) {
      const stream = await DatasetStream.open(path, { portionBudget });
      expect(stream.popularity).toEqual(whole.popularity);
      expect(stream.itemFields).toEqual(whole.itemFields);
      for (const split of SPLITS) {
        const expected = describeAll({ sequences: whole.sequences, samples: whole[split] });
        expect(await readAll(stream, split, await stream.filePortions(split))).toEqual(expected);
        const targets = await stream.targets(split);
        expect([...targets.label]).toEqual([...whole[split].label]);
        expect([...targets.user]).toEqual([...whole[split].sequence]);
        const isKnown = Uint8Array.from(whole[split].item, (row) => Number(whole.itemFields[0][row] > 0));
        expect(targets.known).toEqual(isKnown);
        expect(targets.behaviours).toBe(whole[split].length.reduce((sum, length) => sum + length, 0));
        expect(targets.pairs).toBe(whole[split].length.reduce((sum, length) => sum + Math.max(0, length - 1), 0));
      }
      const mixed = await readAll(stream, "train", await stream.epochPortions(3, 1));
      expect(mixed.sort((a, b) => a.row - b.row)).toEqual(
        describeAll({ sequences: whole.sequences, samples: whole.train }),
      );
      await stream.close();
    }
  });

  test("cuts histories where it is asked to", async () => {
    for (const { path, whole } of datasets) {
      const stream = await DatasetStream.open(path, { portionBudget: 1000, maxHistory: 2 });
      expect(stream.schema.maxHistory).toBe(Math.min(2, whole.schema.maxHistory));
      const cutTo2 = describeAll({ sequences: whole.sequences, samples: whole.train }).map((sample) => ({
        ...sample,
        history: sample.history.slice(-2),
      }));
      expect(await readAll(stream, "train", await stream.filePortions("train"))).toEqual(cutTo2);
      await stream.close();
    }
  });

  test("a damaged file is reported when its portion is taken, not before", async () => {
    const { path } = datasets.find(({ whole }) => whole.train.count > 4)!;
    const stream = await DatasetStream.open(path, { portionBudget: 1 });
    const [first, second] = await stream.filePortions("train");
    const missing: Portion = { ...second, blocks: [{ ...second.blocks[0], first: 1_000_000 }] };
    const feed = new Feed(stream, "train");
    await feed.take(first, missing);
    await expect(feed.take(missing)).rejects.toThrow(/has changed while it was read: train\.parquet /);
    await stream.close();
  });
});

/** A source whose users' samples stand in the order of their positions, as those of every importer. */
function inOrder(source: DatasetSource): DatasetSource {
  const sorted = (samples: RawSamples): RawSamples => {
    const { sequence, position } = samples;
    const order = [...sequence.keys()].sort((a, b) => sequence[a] - sequence[b] || position[a] - position[b]);
    return { ...samples, position: Int32Array.from(order, (i) => position[i]) };
  };
  const { train, valid, test } = source.samples;
  return { ...source, samples: { train: sorted(train), valid: sorted(valid), test: sorted(test) } };
}

describe("users on several rows", () => {
  test("have the samples, histories and popularity that they have on one, in portions of any size", async () => {
    let cut = 0;
    for (const [index, random] of fc.sample(sources, { numRuns: 3, seed: 8 }).entries()) {
      const source = inOrder(random);
      const [one, several] = ["one", "several"].map((name) => join(folder, `${name}-${index}`));
      await writeDataset(one, source);
      await writeDataset(several, source, undefined, new Segments(source.maxHistory, { whole: 2, own: 1 }));
      const whole = await openDataset(one);
      const { counts } = await readManifest(several);
      expect({ ...counts, sequences: 0 }).toEqual({ ...(await readManifest(one)).counts, sequences: 0 });
      if (counts.sequences > counts.users) cut++;
      expect((await openDataset(several)).popularity).toEqual(whole.popularity);
      for (const portionBudget of [1, 600]) {
        const stream = await DatasetStream.open(several, { portionBudget });
        for (const split of SPLITS) {
          const strip = ({ sequence: _, ...sample }: ReturnType<typeof describeSample>) => sample;
          const samples = await readAll(stream, split, await stream.filePortions(split));
          expect(samples.map(strip)).toEqual(
            describeAll({ sequences: whole.sequences, samples: whole[split] }).map(strip),
          );
          expect([...(await stream.targets(split)).user]).toEqual([...whole[split].sequence]);
        }
        expect([...new Set(await stream.userKeys())]).toEqual(source.users);
        await stream.close();
      }
      const inspect = async (path: string) => {
        const { seconds: _, counts, ...found } = await inspectDataset(path);
        return JSON.stringify({ ...found, counts: { ...counts, sequences: 0 } }).replace(/(sequence"?:? ?)\d+/g, "$1");
      };
      expect(await inspect(several)).toBe(await inspect(one));
    }
    expect(cut).toBeGreaterThan(2);
  }, 60_000);
});
