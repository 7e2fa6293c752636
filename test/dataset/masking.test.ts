/** Which values of a training sample are read as unknown: by chance, and the same chance for whoever fills the batch. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BatchAssembler } from "../../src/dataset/batching.ts";
import type { Dataset } from "../../src/dataset/dataset.ts";
import { Masker, maskThresholds } from "../../src/dataset/masking.ts";
import { Batch } from "../../src/features/batch.ts";
import { widthOf } from "../../src/tensor/arrays.ts";
import { Arena, createMemory } from "../../src/tensor/memory.ts";

const SAMPLES = 400;
const LENGTH = 6;
const CATEGORIES = 5;
const TAGS = 3;
/** Item i occurs i times in training, user u as often; of items and users 0 is the unknown. */
const ITEMS = 12;

/** Users with histories of 0 to LENGTH behaviours, each item drawn in turn. */
function shop(): Dataset {
  const ids = (count: number, value: (i: number) => number) => Int32Array.from({ length: count }, (_, i) => value(i));
  const samples = {
    count: SAMPLES,
    row: ids(SAMPLES, (i) => i),
    label: new Float32Array(SAMPLES),
    sequence: ids(SAMPLES, (i) => i),
    position: ids(SAMPLES, (i) => i % (LENGTH + 1)),
    length: ids(SAMPLES, (i) => i % (LENGTH + 1)),
    item: ids(SAMPLES, (i) => (i * 7) % (ITEMS + 1)),
    user: [ids(SAMPLES, (i) => i % (ITEMS + 1)), Float32Array.from({ length: SAMPLES }, (_, i) => i / 8)],
    context: [ids(SAMPLES, (i) => i % 3)],
  };
  return {
    schema: {
      user: [
        { name: "user", size: ITEMS + 1 },
        { name: "age", size: 0 },
      ],
      item: [
        { name: "item", size: ITEMS + 1 },
        { name: "category", size: CATEGORIES + 1 },
        { name: "tags", size: CATEGORIES + 1, list: { most: TAGS, pooling: "mean" } },
      ],
      context: [{ name: "hour", size: 3 }],
      maxHistory: LENGTH,
    },
    sequences: {
      offsets: ids(SAMPLES + 1, (i) => i * LENGTH),
      items: ids(SAMPLES * LENGTH, (i) => (i * 5) % (ITEMS + 1)),
    },
    itemFields: [
      ids(ITEMS + 1, (row) => row),
      ids(ITEMS + 1, (row) => row % (CATEGORIES + 1)),
      // Lists of one to three values.
      ids((ITEMS + 1) * TAGS, (i) => (i % TAGS <= Math.floor(i / TAGS) % TAGS ? (i * 7) % (CATEGORIES + 1) : -1)),
    ],
    popularity: ids(ITEMS, (i) => i + 1),
    train: samples,
    valid: samples,
    test: samples,
  };
}

const dataset = shop();
const { sequences, train: samples } = dataset;
/** Four samples of a sequence, each with a behaviour more. */
const TOGETHER = 4;
const grown = samples.row.map((i) => 1 + (i % TOGETHER));
const prefixes = { ...samples, sequence: samples.row.map((i) => i >> 2), position: grown, length: grown };
const counts = (size: number) => Int32Array.from({ length: size }, (_, id) => id);
const COUNTS = {
  user: [counts(ITEMS + 1), counts(0)],
  item: [counts(ITEMS + 1), counts(CATEGORIES + 1), counts(CATEGORIES + 1)],
  context: [counts(3)],
};

const fields = ({ user, candidate, context, history, negatives }: Batch) => [
  ...user,
  ...candidate,
  ...context,
  ...history,
  ...negatives,
];

/** The ids of each field of some samples, plain and masked, sample by sample in the order given. */
function idsOf(indices: readonly number[], { seed = 1, epoch = 1, strength = 1, of = samples, sharing = {} } = {}) {
  const draw = { seed, epoch };
  const read = (isMasked: boolean) => {
    const batch = new Batch(createMemory(1 << 20), new Arena(0, 1 << 20), dataset.schema, indices.length, sharing);
    const order = Int32Array.from([-1, ...indices]);
    new BatchAssembler(dataset, indices.length).fill(batch, { sequences, samples: of }, order, 1, indices.length, draw);
    const masker = new Masker(maskThresholds(COUNTS, strength), indices.length);
    if (isMasked) masker.mask(batch, draw, true);
    const { packed } = batch;
    return indices.map((_, i) => {
      const row = packed.order.indexOf(i);
      const inStep = packed.sequences === packed ? row : packed.sequence[row];
      const tokens = Array.from({ length: packed.lengths[row] }, (_, t) => packed.sequences.offsets[t] + inStep);
      return fields(batch).map((cells) => {
        const { name, values } = cells;
        const width = widthOf(cells);
        const rows = /history|negative/.test(name) ? tokens : [row];
        return { name, ids: rows.flatMap((at) => [...values.subarray(at * width, (at + 1) * width)]) };
      });
    });
  };
  return { plain: read(false), masked: read(true) };
}

const all = Array.from({ length: SAMPLES }, (_, i) => i);

describe("masks", () => {
  it.each([
    ["a sample", 1, {}],
    ["samples that share a sequence", TOGETHER, { of: prefixes, sharing: { sequences: SAMPLES } }],
  ])("a value either everywhere in %s or nowhere, and each field on its own", (_, together, options) => {
    const { plain, masked } = idsOf(all, options);
    let itemsAlone = 0;
    let fate = new Map<string, boolean>();
    plain.forEach((before, i) => {
      if (i % together === 0) fate = new Map();
      before.forEach(({ name, ids }, f) => {
        const after = masked[i][f].ids;
        ids.forEach((id, place) => {
          // Neither numbers nor what stands behind the end of a list.
          const isMaskable = id > 0 && name !== "user.age";
          expect(isMaskable ? [id, 0] : [id]).toContain(after[place]);
          if (!isMaskable) return;
          const value = `${name.replace(/^.*\./, "")} ${id}`;
          const isMasked = after[place] === 0;
          expect(fate.get(value) ?? isMasked).toBe(isMasked);
          fate.set(value, isMasked);
        });
      });
      const [item, category] = ["candidate.item", "candidate.category"].map((name) =>
        before.findIndex((field) => field.name === name),
      );
      if (before[item].ids[0] > 0 && masked[i][item].ids[0] === 0 && masked[i][category].ids[0] > 0) itemsAlone++;
    });
    expect(itemsAlone).toBeGreaterThan(10);
  });

  it("the same however samples are grouped, and other values in another epoch or run", () => {
    const { masked } = idsOf(all);
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(SAMPLES - 1), { minLength: 1, maxLength: 5 }), (indices) => {
        expect(idsOf(indices).masked).toEqual(indices.map((i) => masked[i]));
      }),
      { numRuns: 30 },
    );
    expect(idsOf(all, { epoch: 2 }).masked).not.toEqual(masked);
    expect(idsOf(all, { seed: 2 }).masked).not.toEqual(masked);
  });

  it("a value that training has n times in a share a / (a + n) of the samples", () => {
    for (const strength of [0.5, 3]) {
      const seen = new Map<number, { masked: number; count: number }>();
      for (let epoch = 1; epoch <= 20; epoch++) {
        const { plain, masked } = idsOf(all, { epoch, strength });
        plain.forEach(([{ ids }], i) => {
          const entry = seen.get(ids[0]) ?? { masked: 0, count: 0 };
          entry.masked += masked[i][0].ids[0] === 0 ? 1 : 0;
          entry.count++;
          seen.set(ids[0], entry);
        });
      }
      for (const [n, { masked, count }] of seen) {
        // The seeds are fixed; 600 draws have a standard deviation of .02.
        expect(Math.abs(masked / count - strength / (strength + n))).toBeLessThan(0.06);
      }
    }
  });
});
