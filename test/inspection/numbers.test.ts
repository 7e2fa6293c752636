/** Every number of an inspection against a slow count in memory. */

import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Dataset, SPLITS, type Split } from "../../src/dataset/dataset.ts";
import { openDataset } from "../../src/dataset/read.ts";
import type { DatasetSource, RawSamples } from "../../src/dataset/source.ts";
import { writeDataset } from "../../src/dataset/write.ts";
import { inspectDataset } from "../../src/inspection/measure/inspect.ts";
import { coarser } from "../../src/inspection/measure/timeline.ts";
import { auc } from "../../src/statistics/auc.ts";
import { loadVocabularies } from "../support/dataset.ts";
import { sources, temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();

/** Sources whose behaviours and samples have few different times, in order or not, and few different samples or many. */
const crowded: fc.Arbitrary<DatasetSource> = fc
  .record({
    source: sources,
    ordered: fc.boolean(),
    alike: fc.boolean(),
    spread: fc.constantFrom(0, 1, 3_600_000, 86_400_000 / 3, 86_400_000 * 100),
  })
  .map(({ source, ordered, alike, spread }) => {
    const times = Float64Array.from(source.items, (row) => row * spread);
    for (let s = 0; ordered && s < source.users.length; s++) {
      times.subarray(source.offsets[s], source.offsets[s + 1]).sort();
    }
    const samples = (raw: RawSamples): RawSamples => {
      const { probability: _, ...rest } = raw;
      const time = Float64Array.from(raw.item, (row) => (alike ? 1 : row + 2) * spread);
      if (!alike) return { ...raw, time };
      const first = (values: Int32Array) => values.map(() => 0);
      return {
        ...rest,
        time,
        sequence: first(raw.sequence),
        position: raw.position.map((place) => place % 2),
        item: raw.item.map((row) => row % 2),
        context: raw.context.map(first),
      };
    };
    const { train, valid, test } = source.samples;
    return { ...source, times, samples: { train: samples(train), valid: samples(valid), test: samples(test) } };
  });

const count = <T>(values: readonly T[], is: (value: T, index: number) => boolean) => values.filter(is).length;
const rows = (samples: number) => Array.from({ length: samples }, (_, i) => i);

function quantile(lengths: readonly number[], q: number): number | null {
  const sorted = [...lengths].sort((a, b) => a - b);
  return sorted.length === 0 ? null : sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}

/** The ids of a field of each sample of a split. */
function idsOf({ itemFields, ...dataset }: Dataset, kind: "user" | "item" | "context", index: number, split: Split) {
  const samples = dataset[split];
  return kind === "item" ? Array.from(samples.item, (row) => itemFields[index][row]) : [...samples[kind][index]];
}

/** Of each id the number of samples and of clicks. */
function tally(ids: readonly number[], label: ArrayLike<number>) {
  const samples = new Map<number, number>();
  const clicks = new Map<number, number>();
  ids.forEach((id, i) => {
    samples.set(id, (samples.get(id) ?? 0) + 1);
    clicks.set(id, (clicks.get(id) ?? 0) + label[i]);
  });
  const of = (id: number) => {
    const [n, k] = [samples.get(id) ?? 0, clicks.get(id) ?? 0];
    return { samples: n, clicks: k, rate: k / n };
  };
  return { samples, of };
}

function psi(cells: readonly (readonly [number, number])[]): number {
  const used = cells.filter(([a, b]) => a > 0 || b > 0);
  const total = (side: 0 | 1) => used.reduce((sum, cell) => sum + cell[side] + 0.5, 0);
  return used.reduce((sum, [a, b]) => {
    const [p, q] = [(a + 0.5) / total(0), (b + 0.5) / total(1)];
    return sum + (q - p) * Math.log(q / p);
  }, 0);
}

test("every number is that of a slow count in memory", async () => {
  await fc.assert(
    fc.asyncProperty(crowded, async (source) => {
      const out = join(folder, "slow 'count' [1]*");
      await writeDataset(out, source);
      const dataset = await openDataset(out);
      const found = await inspectDataset(out);
      const vocabularies = await loadVocabularies(out);
      const { offsets, times, samples: raw } = source;
      const lengths = source.users.map((_, s) => offsets[s + 1] - offsets[s]);

      for (const [s, split] of SPLITS.entries()) {
        const { label, sequence, length, position, count: n } = dataset[split];
        const clicks = label.reduce((sum, value) => sum + value, 0);
        expect(found.splits[s]).toEqual({
          split,
          samples: n,
          clicks,
          rate: clicks / n,
          users: new Set(sequence).size,
          first: n === 0 ? null : Math.min(...raw[split].time),
          last: n === 0 ? null : Math.max(...raw[split].time),
          empty: count([...length], (value) => value === 0) / n,
        });
        const cut = count([...position], (place) => place > source.maxHistory) / n;
        expect(found.histories[s + 1]).toMatchObject({ of: split, cut, ...summary([...length]) });
        expect(found.histories[s + 1].bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(n);
      }
      expect(found.histories[0]).toMatchObject({ of: "sequences", cut: Number.NaN, ...summary(lengths) });

      let at = 0;
      for (const kind of ["user", "item", "context"] as const) {
        for (const [index, { name, size }] of dataset.schema[kind].entries()) {
          const field = found.fields[at++];
          const vocabulary = vocabularies[name];
          const [train, valid, test] = SPLITS.map((split) =>
            tally(idsOf(dataset, kind, index, split), dataset[split].label),
          );
          const value = (id: number) => ({
            id,
            value: vocabulary[id],
            train: train.of(id),
            valid: valid.of(id),
            test: test.of(id),
          });
          const known = [...train.samples].filter(([id]) => id > 0).sort(([a, m], [b, n]) => n - m || a - b);
          expect(field).toMatchObject({ name, kind, size, used: train.samples.size, unknown: value(0) });
          for (const split of SPLITS) {
            const isUnknown = idsOf(dataset, kind, index, split).map((id) => Number(id === 0));
            const tells = auc(dataset[split].label, isUnknown);
            expect(field.unknownAuc[split]).toEqual(Number.isNaN(tells) ? Number.NaN : expect.closeTo(tells, 10));
          }
          expect(field.top).toEqual(known.slice(0, 5).map(([id]) => value(id)));
          // No field of these sources has more than 20 values, so the cell of the others is what only test has.
          const others = [...test.samples].filter(([id]) => !train.samples.has(id) && id > 0);
          const cells = [...new Set([0, ...train.samples.keys()])].map(
            (id) => [train.of(id).samples, test.of(id).samples] as const,
          );
          const expected = psi([...cells, [0, others.reduce((sum, [, n]) => sum + n, 0)]]);
          const empty = dataset.train.count === 0 || dataset.test.count === 0;
          expect(field.psi).toEqual(empty ? Number.NaN : expect.closeTo(expected, 10));
          const prior = found.splits[0].clicks / dataset.train.count;
          const score = idsOf(dataset, kind, index, "valid").map((id) => {
            const { samples, clicks } = train.of(id);
            return (clicks + 10 * prior) / (samples + 10);
          });
          const alone = dataset.train.count === 0 ? Number.NaN : auc(dataset.valid.label, score);
          expect(field.auc).toEqual(Number.isNaN(alone) ? Number.NaN : expect.closeTo(alone, 10));
        }
      }

      const of = (split: Split, column: "sequence" | "item") => dataset[split][column];
      for (const [what, column] of [
        ["users", "sequence"],
        ["items", "item"],
      ] as const) {
        const seen = new Set(of("train", column));
        const tested = of("test", column);
        expect(found.cold[what]).toEqual({
          count: new Set(tested).size,
          unseen: new Set([...tested].filter((id) => !seen.has(id))).size,
          samples: count([...tested], (id) => !seen.has(id)),
        });
      }
      for (const [s, split] of SPLITS.entries()) {
        const { label, sequence, position, length, item } = dataset[split];
        const { offsets, items } = dataset.sequences;
        const isBack = rows(label.length).map((i) => {
          const end = offsets[sequence[i]] + position[i];
          return Number(items.subarray(end - length[i], end).includes(item[i]));
        });
        const tells = auc(label, isBack);
        expect(found.returns[s]).toEqual({
          split,
          ...tally(isBack, label).of(1),
          auc: Number.isNaN(tells) ? Number.NaN : expect.closeTo(tells, 10),
        });
      }
      const users = tally([...dataset.test.sequence], dataset.test.label);
      const repeated = [...users.samples.keys()].map(users.of).filter(({ samples }) => samples > 1);
      const oneClass = count(repeated, ({ rate }) => rate === 0 || rate === 1);
      expect(found.cold).toMatchObject({ repeated: repeated.length, oneClass });

      const falls = source.users.flatMap((_, s) => {
        const own = times.subarray(offsets[s], offsets[s + 1]);
        return own.some((time, i) => i > 0 && time < own[i - 1]) ? [s] : [];
      });
      expect(found.leaks.disorder).toEqual({ count: falls.length, sequence: falls[0] ?? null });
      const latest = (split: Split, i: number) => {
        const { sequence, position, length } = dataset[split];
        const end = offsets[sequence[i]] + position[i];
        return Math.max(...times.subarray(end - length[i], end));
      };
      const where = (is: (split: Split, i: number) => boolean) =>
        SPLITS.flatMap((split) => {
          const hits = rows(dataset[split].count).filter((i) => is(split, i));
          return hits.length === 0 ? [] : [{ split, count: hits.length, row: hits[0] }];
        });
      expect(found.leaks.later).toEqual(where((split, i) => latest(split, i) > raw[split].time[i]));
      expect(found.leaks.equal).toEqual(where((split, i) => latest(split, i) === raw[split].time[i]));
      const firstTest = Math.min(...raw.test.time);
      expect(found.leaks.overlap).toBe(count([...raw.train.time], (time) => time > firstTest));

      const triple = (split: Split, i: number) =>
        JSON.stringify([dataset[split].sequence[i], raw[split].time[i], dataset[split].item[i]]);
      const all = SPLITS.flatMap((split) =>
        rows(dataset[split].count).map((i) => ({ split, label: dataset[split].label[i], key: triple(split, i) })),
      );
      const differing = (name: "split" | "label") => {
        const values = new Map<string, Set<unknown>>();
        for (const sample of all) values.set(sample.key, (values.get(sample.key) ?? new Set()).add(sample[name]));
        return count([...values.values()], (set) => set.size > 1);
      };
      expect(found.leaks.splits.count).toBe(differing("split"));
      expect(found.leaks.labels.count).toBe(differing("label"));
      const whole = (split: Split, i: number) =>
        JSON.stringify([
          triple(split, i),
          dataset[split].label[i],
          dataset[split].position[i],
          dataset[split].context.map((ids) => ids[i]),
          dataset[split].probability?.[i],
        ]);
      const doubles = SPLITS.flatMap((split) => {
        const seen = new Map<string, number[]>();
        for (const i of rows(dataset[split].count)) {
          seen.set(whole(split, i), [...(seen.get(whole(split, i)) ?? []), i]);
        }
        const twice = [...seen.values()].filter((same) => same.length > 1);
        const row = Math.min(...twice.map(([first]) => first));
        return twice.length === 0 ? [] : [{ split, count: twice.reduce((sum, same) => sum + same.length - 1, 0), row }];
      });
      expect(found.leaks.duplicates).toEqual(doubles);

      const moments = SPLITS.flatMap((split) => [...raw[split].time]);
      if (new Set(moments).size < 2) {
        expect(found.timeline).toBeNull();
      } else {
        const { unit, every, stretches } = found.timeline!;
        const span = Math.max(...moments) - Math.min(...moments);
        expect(unit).toBe(span < 86_400_000 ? "hour" : "day");
        const size = every * (unit === "day" ? 86_400_000 : 3_600_000);
        expect(span / size).toBeLessThanOrEqual(400);
        const within = stretches.map(({ start }) =>
          SPLITS.map((split) => count([...raw[split].time], (time) => time >= start && time < start + size)),
        );
        expect(stretches.map(({ train, valid, test }) => [train, valid, test].map(({ samples }) => samples))).toEqual(
          within,
        );
        const merged = coarser(found.timeline!, 3);
        expect(merged.stretches.length).toBeLessThanOrEqual(3);
        for (const sum of ["samples", "clicks"] as const) {
          const total = (list: typeof stretches) =>
            list.reduce((all, { train, test }) => all + train[sum] + test[sum], 0);
          expect(total(merged.stretches)).toBe(total(stretches));
        }
      }
    }),
    { numRuns: 15 },
  );
});

function summary(lengths: readonly number[]) {
  return {
    count: lengths.length,
    mean: lengths.reduce((sum, length) => sum + length, 0) / lengths.length,
    min: quantile(lengths, 0),
    p10: quantile(lengths, 0.1),
    median: quantile(lengths, 0.5),
    p90: quantile(lengths, 0.9),
    max: quantile(lengths, 1),
  };
}
