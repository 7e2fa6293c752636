/** Random small datasets as an importer would give them, and temporary folders. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll } from "vitest";
import type { DatasetSource, RawSamples } from "../../src/dataset/source.ts";

/** A folder of this test file's own, removed after it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "dien-data-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder that stays until the suite ends: for modules that several test files share, which live longer than a file. */
export function lastingFolder(): string {
  return mkdtempSync(join(tmpdir(), "dien-data-"));
}

/** Sources with user {user}, item {item, category}, context {hour, page}; some values unknown, some splits empty. */
export const sources: fc.Arbitrary<DatasetSource> = fc
  .record({
    lengths: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 }),
    items: fc.integer({ min: 1, max: 15 }),
    maxHistory: fc.integer({ min: 1, max: 5 }),
    samples: fc.integer({ min: 0, max: 30 }),
    synthetic: fc.boolean(),
    seed: fc.integer({ min: 0, max: 1e6 }),
  })
  .chain(({ lengths, items, maxHistory, samples, synthetic, seed }) => {
    const total = lengths.reduce((a, b) => a + b, 0);
    const ints = (count: number, max: number) =>
      fc.array(fc.integer({ min: 0, max }), { minLength: count, maxLength: count });
    return fc
      .record({
        rows: ints(total, items),
        keep: ints(lengths.length, 9),
        category: ints(items, 3),
        splits: fc.tuple(ints(samples * 6, 1e6), ints(samples * 6, 1e6), ints(samples * 6, 1e6)),
      })
      .map(({ rows, keep, category, splits }): DatasetSource => {
        const offsets = Int32Array.from([0, ...lengths]);
        for (let i = 1; i < offsets.length; i++) offsets[i] += offsets[i - 1];
        const raw = (numbers: number[]): RawSamples => {
          const column = (index: number) => numbers.slice(index * samples, (index + 1) * samples);
          const sequence = Int32Array.from(column(0), (value) => value % lengths.length).sort();
          return {
            label: column(1).map((value) => value % 2),
            sequence,
            position: Int32Array.from(column(2), (value, i) => value % (lengths[sequence[i]] + 1)),
            item: Int32Array.from(column(3), (value) => value % (items + 1)),
            time: Float64Array.from(column(3), (value) => 1_300_000_000_000 + value),
            context: [
              Int32Array.from(column(4), (value) => value % 3),
              Int32Array.from(column(5), (value) => value % 2),
            ],
            ...(synthetic ? { probability: Float32Array.from(column(1), (value) => value / 1e6) } : {}),
          };
        };
        return {
          importer: "test",
          protocol: "any",
          seed,
          settings: { strict: true },
          inputs: [{ name: "a.json", bytes: 3, sha256: "0".repeat(64) }],
          dropped: { "broken line": 2 },
          maxHistory,
          users: lengths.map((_, i) => `ü'"${i}`),
          offsets,
          items: Int32Array.from(rows),
          times: Float64Array.from(rows, (_, i) => 1_300_000_000 + i),
          training: Int32Array.from(keep, (value, i) => value % (lengths[i] + 1)),
          userFields: [{ name: "user", values: lengths.map((_, i) => `ü'"${i}`) }],
          itemFields: [
            { name: "item", values: [null, ...category.map((_, i) => `item ${i}`)] },
            { name: "category", values: [null, ...category.map((c) => (c === 0 ? null : `category ${c}`))] },
          ],
          contextFields: [
            { name: "hour", values: ["h2", "h1", null] },
            { name: "page", values: ["home", "search"] },
          ],
          samples: { train: raw(splits[0]), valid: raw(splits[1]), test: raw(splits[2]) },
        };
      });
  });

/** The same with lists and numbers among the fields of users and items, which follow from their places. */
export function withLists(source: DatasetSource): DatasetSource {
  const lists = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      i % 4 === 0 ? null : Array.from({ length: i % 4 }, (_, j) => `v${i % (j + 3)}`).join("|"),
    );
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => (i % 3 === 0 ? null : String(i / 4)));
  const list = { kind: "list", separator: "|" } as const;
  const value = { kind: "value", scale: "standard", mean: 1, deviation: 0.5 } as const;
  const items = source.itemFields[0].values.length;
  return {
    ...source,
    userFields: [
      ...source.userFields,
      { name: "moods", values: lists(source.users.length), transform: list },
      { name: "height", values: numbers(source.users.length), transform: value },
    ],
    itemFields: [
      ...source.itemFields,
      { name: "tags", values: lists(items), transform: list, pooling: "sum" },
      { name: "price", values: numbers(items), transform: value },
    ],
  };
}
