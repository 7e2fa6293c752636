import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { BatchAssembler, trainingOrder } from "../../src/dataset/batching.ts";
import { type Dataset, type LoadedPortion, type Samples, SPLITS } from "../../src/dataset/dataset.ts";
import { Marks } from "../../src/dataset/marks.ts";
import { ATTEMPTS, NegativeSampler, Popularity } from "../../src/dataset/negatives.ts";
import { openDataset } from "../../src/dataset/read.ts";
import { writeDataset } from "../../src/dataset/write.ts";
import { Batch, type BatchOptions } from "../../src/features/batch.ts";
import { type CellValues, widthOf } from "../../src/tensor/arrays.ts";
import { Arena, createMemory } from "../../src/tensor/memory.ts";
import { below, mix } from "../../src/tensor/random.ts";
import { sources, temporaryFolder, withLists } from "../support/source.ts";

const folder = temporaryFolder();
const MAX_SAMPLES = 8;
const datasets: Dataset[] = [];

beforeAll(async () => {
  for (const [index, source] of fc.sample(sources, { numRuns: 12, seed: 11 }).entries()) {
    const path = join(folder, `${index}`);
    await writeDataset(path, withLists(source));
    datasets.push(await openDataset(path));
  }
});

function makeBatch(dataset: Dataset, options: BatchOptions = {}): Batch {
  const memory = createMemory(1 << 20);
  return new Batch(memory, new Arena(0, 1 << 20), dataset.schema, MAX_SAMPLES, options);
}

function portionOf({ sequences }: Dataset, samples: Samples): LoadedPortion {
  return { sequences, samples };
}

/** A dataset, some of its samples of one split in any order, and a place to start. */
const selections = fc
  .record({
    dataset: fc.nat(11),
    split: fc.constantFrom(...SPLITS),
    picks: fc.array(fc.nat(1000), { maxLength: 20 }),
    from: fc.nat(20),
    seed: fc.nat(1000),
    epoch: fc.nat(5),
  })
  .map(({ dataset: which, split, picks, from, seed, epoch }) => {
    const dataset = datasets[which];
    const samples = dataset[split];
    const indices = Int32Array.from(samples.count === 0 ? [] : picks, (pick) => pick % samples.count);
    const start = Math.min(from, indices.length);
    return {
      dataset,
      samples,
      indices,
      from: start,
      count: Math.min(MAX_SAMPLES, indices.length - start),
      seed,
      epoch,
    };
  });

/** What stands in a row. */
const cellsAt = (cells: CellValues, row: number, width: number) => [...cells.subarray(row * width, (row + 1) * width)];

/** Token number of step t of a row, counted the slow way. */
function tokenOf(lengths: readonly number[], row: number, t: number): number {
  let token = 0;
  for (let step = 0; step < t; step++) token += lengths.filter((length) => length > step).length;
  return token + lengths.slice(0, row).filter((length) => length > t).length;
}

describe("BatchAssembler.fill", () => {
  test("agrees with a slow reading of the format", () => {
    fc.assert(
      fc.property(selections, ({ dataset, samples, indices, from, count, seed, epoch }) => {
        const batch = makeBatch(dataset);
        new BatchAssembler(dataset, MAX_SAMPLES).fill(batch, portionOf(dataset, samples), indices, from, count, {
          seed,
          epoch,
        });
        const chosen = [...indices.subarray(from, from + count)];
        const rows = chosen
          .map((sample, place) => ({ sample, place }))
          .sort((a, b) => samples.length[b.sample] - samples.length[a.sample] || a.place - b.place)
          .map(({ sample }) => sample);
        const lengths = rows.map((sample) => samples.length[sample]);
        expect(batch.packed.samples.count).toBe(count);
        expect(batch.packed.tokens.count).toBe(lengths.reduce((a, b) => a + b, 0));
        rows.forEach((sample, row) => {
          expect(batch.labels.values[row]).toBe(samples.label[sample]);
          for (const kind of ["user", "context"] as const) {
            samples[kind].forEach((cells, field) => {
              const width = widthOf(dataset.schema[kind][field]);
              expect(cellsAt(batch[kind][field].values, row, width)).toEqual(cellsAt(cells, sample, width));
            });
          }
          const s = samples.sequence[sample];
          const whole = [...dataset.sequences.items].slice(
            dataset.sequences.offsets[s],
            dataset.sequences.offsets[s + 1],
          );
          // Strictly before the position: the behaviour at it, which a positive is, never shows.
          const history = whole.slice(0, samples.position[sample]).slice(-dataset.schema.maxHistory);
          dataset.itemFields.forEach((cells, field) => {
            const width = widthOf(dataset.schema.item[field]);
            const of = (item: number) => cellsAt(cells, item, width);
            expect(cellsAt(batch.candidate[field].values, row, width)).toEqual(of(samples.item[sample]));
            const found = history.map((_, t) => cellsAt(batch.history[field].values, tokenOf(lengths, row, t), width));
            expect(found).toEqual(history.map(of));
          });
        });
      }),
    );
  });

  test("lays shared sequences out so that every sample finds its history, and the negatives of a sequence alone", () => {
    fc.assert(
      fc.property(selections, ({ dataset, samples, indices, from, count, seed, epoch }) => {
        const assembler = new BatchAssembler(dataset, MAX_SAMPLES);
        const [shared, plain] = [{ sequences: MAX_SAMPLES }, {}].map((sharing) => makeBatch(dataset, sharing));
        // Side by side, as an epoch of users has them.
        indices.sort((a, b) => a - b);
        for (const batch of [shared, plain]) {
          assembler.fill(batch, portionOf(dataset, samples), indices, from, count, { seed, epoch });
        }
        const { packed } = shared;
        const { sequences } = packed;
        const chosen = Array.from(packed.order.subarray(0, count), (place) => indices[from + place]);
        const given = [...indices.subarray(from, from + count)];
        const begins = given.map(
          (sample) => `${samples.sequence[sample]} ${samples.position[sample] - samples.length[sample]}`,
        );
        expect(sequences.samples.count).toBe(begins.filter((begin, i) => begin !== begins[i - 1]).length);
        expect(plain.packed.lengths.subarray(0, count)).toEqual(packed.lengths.subarray(0, count));
        for (let row = 0; row < count; row++) {
          const s = packed.sequence[row];
          const holders = chosen.filter((_, other) => packed.sequence[other] === s);
          expect(shared.keys[s]).toBe(samples.row[Math.min(...holders)]);
          expect(sequences.lengths[s]).toBe(Math.max(...holders.map((sample) => samples.length[sample])));
          dataset.schema.item.forEach((shape, field) => {
            const width = widthOf(shape);
            expect(shared.candidate[field].values).toEqual(plain.candidate[field].values);
            for (let t = 0; t < packed.lengths[row]; t++) {
              const [own, common] = [plain.packed.offsets[t] + row, sequences.offsets[t] + s];
              const expected = cellsAt(plain.history[field].values, own, width);
              expect(cellsAt(shared.history[field].values, common, width)).toEqual(expected);
              if (plain.keys[row] !== shared.keys[s]) continue;
              const negative = cellsAt(plain.negatives[field].values, own, width);
              expect(cellsAt(shared.negatives[field].values, common, width)).toEqual(negative);
            }
          });
        }
      }),
    );
  });

  test("samples the same negatives however samples are grouped, and others in another epoch", () => {
    fc.assert(
      fc.property(selections, ({ dataset, samples, indices, from, count, seed, epoch }) => {
        const assembler = new BatchAssembler(dataset, MAX_SAMPLES);
        const together = makeBatch(dataset);
        assembler.fill(together, portionOf(dataset, samples), indices, from, count, { seed, epoch });
        const { order, lengths, offsets } = together.packed;
        for (let row = 0; row < count; row++) {
          const alone = makeBatch(dataset);
          assembler.fill(alone, portionOf(dataset, samples), indices, from + order[row], 1, { seed, epoch });
          dataset.schema.item.forEach((shape, field) => {
            const width = widthOf(shape);
            for (let t = 0; t < lengths[row]; t++) {
              const ofRow = cellsAt(together.negatives[field].values, offsets[t] + row, width);
              expect(ofRow).toEqual(cellsAt(alone.negatives[field].values, t, width));
            }
          });
        }
      }),
    );
    const { dataset, indices } = manyItems();
    const sampled = (seed: number, epoch: number) => {
      const batch = makeBatch(dataset);
      new BatchAssembler(dataset, MAX_SAMPLES).fill(batch, portionOf(dataset, dataset.train), indices, 0, 1, {
        seed,
        epoch,
      });
      return [...batch.negatives[0].values.subarray(1, batch.packed.tokens.count)];
    };
    expect(sampled(1, 0)).toEqual(sampled(1, 0));
    expect(sampled(1, 0)).not.toEqual(sampled(1, 1));
    expect(sampled(1, 0)).not.toEqual(sampled(2, 0));
    expect(new Set(sampled(1, 0)).size).toBeGreaterThan(5);
  });

  test("samples no negative of the user's own sequence, be it past or to come", () => {
    const { dataset, indices } = manyItems();
    // Half of what is popular is the user's own.
    const ours = { ...dataset, popularity: Int32Array.from({ length: 24 }, (_, i) => i + 1) };
    const assembler = new BatchAssembler(ours, MAX_SAMPLES);
    const batch = makeBatch(ours);
    const sampled = new Set<number>();
    for (let epoch = 0; epoch < 40; epoch++) {
      assembler.fill(batch, portionOf(ours, ours.train), indices, 0, 1, { seed: 1, epoch });
      for (const id of batch.negatives[0].values.subarray(1, batch.packed.tokens.count)) sampled.add(id);
    }
    expect([...sampled].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i + 13));
  });

  test("takes the impression that was not clicked, and samples one where there was none", () => {
    const { dataset, indices } = manyItems();
    const unclicked = Int32Array.from(dataset.sequences.items, (_, place) => (place % 2 === 0 ? 500 + place : 0));
    const loaded = { sequences: { ...dataset.sequences, unclicked }, samples: dataset.train };
    const batch = makeBatch(dataset);
    new BatchAssembler(dataset, MAX_SAMPLES).fill(batch, loaded, indices, 0, 1, { seed: 1, epoch: 0 });
    const plain = makeBatch(dataset);
    new BatchAssembler(dataset, MAX_SAMPLES).fill(plain, portionOf(dataset, dataset.train), indices, 0, 1, {
      seed: 1,
      epoch: 0,
    });
    for (let t = 1; t < 10; t++) {
      const expected = t % 2 === 0 ? 500 + t : plain.negatives[0].values[t];
      expect(batch.negatives[0].values[t]).toBe(expected);
    }
  });

  test("leaves negatives alone where none are asked for", () => {
    const { dataset, indices } = manyItems();
    const batch = makeBatch(dataset);
    batch.negatives[0].values.fill(-7);
    new BatchAssembler(dataset, MAX_SAMPLES).fill(batch, portionOf(dataset, dataset.train), indices, 0, 1, null);
    expect(new Set(batch.negatives[0].values)).toEqual(new Set([-7]));
  });
});

/** One user with behaviours 1..10, of a catalogue of 1000 equally popular items; item id = catalogue row. */
function manyItems() {
  const rows = Int32Array.from({ length: 1001 }, (_, row) => row);
  const samples = {
    count: 1,
    row: Int32Array.of(0),
    label: Float32Array.of(1),
    sequence: Int32Array.of(0),
    position: Int32Array.of(10),
    length: Int32Array.of(10),
    item: Int32Array.of(11),
    user: [],
    context: [],
  };
  const dataset: Dataset = {
    schema: { user: [], item: [{ name: "item", size: 1001 }], context: [], maxHistory: 10 },
    sequences: { offsets: Int32Array.of(0, 12), items: rows.slice(1, 13) },
    itemFields: [rows],
    popularity: rows.slice(1),
    train: samples,
    valid: samples,
    test: samples,
  };
  return { dataset, indices: Int32Array.of(0) };
}

describe("Popularity", () => {
  test("keeps all behaviours, or evenly spaced ones where there are too many", () => {
    fc.assert(
      fc.property(fc.nat(200), fc.integer({ min: 1, max: 300 }), (behaviours, most) => {
        const popularity = new Popularity(behaviours, most);
        for (let i = 0; i < behaviours; i++) popularity.add(i);
        const every = Math.max(1, Math.ceil(behaviours / most));
        expect(popularity.items.length).toBeLessThanOrEqual(most);
        expect([...popularity.items]).toEqual(
          Array.from({ length: behaviours }, (_, i) => i).filter((i) => i % every === 0),
        );
      }),
    );
  });
});

describe("NegativeSampler", () => {
  test("never samples the positive or an item of the user's own sequence while there is another", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 12 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(),
        (popularity, own, positive, seed) => {
          const marks = new Marks();
          const sampler = new NegativeSampler(Int32Array.from(popularity), marks);
          marks.mark(Int32Array.from([9, ...own, 9]), 1, 1 + own.length);
          const free = popularity.filter((item) => item !== positive && !own.includes(item));
          // A hundred attempts almost certainly find an item that is at least a third of the popularity.
          fc.pre(free.length * 3 >= popularity.length);
          for (let position = 0; position < 20; position++) {
            expect(free).toContain(sampler.draw(positive, seed, 1, 2, position));
          }
        },
      ),
    );
  });

  test("forgets the user before", () => {
    const marks = new Marks();
    const sampler = new NegativeSampler(Int32Array.of(1, 2), marks);
    marks.mark(Int32Array.of(1), 0, 1);
    const sampled = () => new Set(Array.from({ length: 50 }, (_, d) => sampler.draw(0, 1, 2, 3, d)));
    expect(sampled()).toEqual(new Set([2]));
    marks.mark(Int32Array.of(2), 0, 1);
    expect(sampled()).toEqual(new Set([1]));
  });

  test("in a catalogue that the user has all of, refuses the positive alone; accepts it where there is nothing else", () => {
    const marks = new Marks();
    const sampler = new NegativeSampler(Int32Array.of(1, 2), marks);
    marks.mark(Int32Array.of(1, 2), 0, 2);
    for (let d = 0; d < 20; d++) expect(sampler.draw(1, 5, 0, 0, d)).toBe(2);
    expect(new NegativeSampler(Int32Array.of(1), new Marks()).draw(1, 0, 0, 0, 0)).toBe(1);
    expect(new NegativeSampler(new Int32Array(0), new Marks()).draw(1, 0, 0, 0, 0)).toBe(0);
  });

  test("of a pool samples what is there, where that is the positive and the user's own alone by popularity", () => {
    const marks = new Marks();
    const sampler = new NegativeSampler(Int32Array.of(1, 2, 3, 4), marks);
    marks.mark(Int32Array.of(1, 2, 6), 0, 3);
    const sampled = (pool: Int32Array) =>
      new Set(Array.from({ length: 60 }, (_, d) => sampler.drawFrom(pool, 4, 1, 2, 3, d)));
    expect(sampled(Int32Array.of(1, 4, 5, 6, 7))).toEqual(new Set([5, 7]));
    expect(sampled(Int32Array.of(1, 4, 6))).toEqual(new Set([3]));
    expect(sampled(new Int32Array(0))).toEqual(new Set([3]));
  });

  test("takes the first attempt that is not the positive where nothing is marked", () => {
    const popularity = Int32Array.from({ length: 50 }, (_, i) => i + 1);
    const sampler = new NegativeSampler(popularity, new Marks());
    for (let d = 0; d < 50; d++) {
      const draws = Array.from({ length: ATTEMPTS }, (_, i) => popularity[below(mix(1, 2, 3, d * ATTEMPTS + i), 50)]);
      expect(sampler.draw(7, 1, 2, 3, d)).toBe(draws.find((item) => item !== 7));
    }
  });

  test("samples in proportion to popularity", () => {
    const popularity = Int32Array.from([...Array(600).fill(1), ...Array(300).fill(2), ...Array(100).fill(3)]);
    const sampler = new NegativeSampler(popularity, new Marks());
    const counts = [0, 0, 0, 0];
    const draws = 20_000;
    for (let d = 0; d < draws; d++) counts[sampler.draw(0, 42, 0, 0, d)]++;
    // Three standard deviations of a binomial are 0.0104 at most; the seed is fixed.
    for (const [item, share] of [0, 0.6, 0.3, 0.1].entries()) {
      expect(Math.abs(counts[item] / draws - share)).toBeLessThan(0.0104);
    }
  });
});

describe("trainingOrder", () => {
  /** Samples of sequences that are told by a letter; histories of length i at position i. */
  const samplesOf = (letters: string): Samples => {
    const count = letters.length;
    const seen = new Map<string, number>();
    const length = Int32Array.from(letters, (letter) => seen.set(letter, (seen.get(letter) ?? 0) + 1).get(letter)!);
    const none = new Int32Array(count);
    const sequence = Int32Array.from(letters, (letter) => letter.charCodeAt(0));
    const columns = { row: none, label: new Float32Array(count), item: none, user: [], context: [] };
    return { count, ...columns, sequence, length, position: length };
  };

  test("is a permutation, the same for the same seed, epoch and portion only", () => {
    const each = (count: number) => samplesOf("x".repeat(count));
    fc.assert(
      fc.property(
        fc.nat(300),
        fc.nat(),
        fc.nat(100),
        fc.integer({ min: 1, max: 9 }),
        (count, seed, epoch, together) => {
          const order = trainingOrder(each(count), seed, epoch, 0, together);
          expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
          expect(trainingOrder(each(count), seed, epoch, 0, together)).toEqual(order);
        },
      ),
    );
    const hundred = each(100);
    for (const together of [1, 3]) {
      const order = trainingOrder(hundred, 1, 0, 0, together);
      expect(order).not.toEqual(trainingOrder(hundred, 1, 1, 0, together));
      expect(order).not.toEqual(trainingOrder(hundred, 2, 0, 0, together));
      expect(order).not.toEqual(trainingOrder(hundred, 1, 0, 1, together));
    }
  });

  test("keeps groups of samples together that begin alike", () => {
    const order = (letters: string, together: number, seed = 5) =>
      [...trainingOrder(samplesOf(letters), seed, 1, 0, together)].map((i) => `${letters[i]}${i}`).join(" ");
    const orders = new Set(Array.from({ length: 50 }, (_, seed) => order("aaabb", 9, seed)));
    expect(orders).toEqual(new Set(["a0 a1 a2 b3 b4", "b3 b4 a0 a1 a2"]));
    const pairs = new Set(Array.from({ length: 50 }, (_, seed) => order("aaabb", 2, seed)));
    expect(pairs.size).toBe(6);
    for (const found of pairs) expect(found).toMatch(/a0 a1.*b3 b4|b3 b4.*a0 a1/);
    // A history that begins later is no longer of the same sequence.
    const cut = { ...samplesOf("aaaa"), length: Int32Array.of(1, 2, 2, 2) };
    const cutOrders = new Set(Array.from({ length: 90 }, (_, seed) => trainingOrder(cut, seed, 1, 0, 9).join(" ")));
    expect(cutOrders.size).toBe(6);
    for (const found of cutOrders) expect(found).toContain("0 1");
  });
});
