import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SPLITS } from "../../../src/dataset/dataset.ts";
import { openDataset } from "../../../src/dataset/read.ts";
import type { LogSizes } from "../../../src/importers/events/learn/learn.ts";
import { prepareEvents } from "../../../src/importers/events/prepare.ts";
import { cases, contents, csv, type Fields, folder, oneOf, prepare, read, START, STEP } from "./cases.ts";
import { type Case, type Reference, type Row, referenceOf } from "./reference.ts";

/** EVENTS_RUNS=10 draws ten times as many cases. */
const MANY = Number(process.env.EVENTS_RUNS ?? 1);

/** Cases give the dataset of the slow program, or none where it makes none; at least a quarter of them give one. */
async function agrees(given: fc.Arbitrary<Case>, sizes: LogSizes, numRuns: number): Promise<void> {
  let datasets = 0;
  await fc.assert(
    fc.asyncProperty(given, async (one) => {
      const expected = referenceOf(one);
      const out = await prepare(one, 5, sizes);
      if (out === null || expected === null) {
        expect(out).toBe(expected);
        return;
      }
      datasets++;
      expect(await read(out)).toEqual(expected);
    }),
    { numRuns, endOnFailure: true },
  );
  expect(datasets).toBeGreaterThan(numRuns / 4);
}

describe("a dataset of events", () => {
  test.each<[string, LogSizes, number]>([
    ["together", {}, 6 * MANY],
    ["in parts", { rows: 3, segments: { whole: 3, own: 1 } }, 4 * MANY],
  ])("is what the rules say, row by row, with users %s in memory", { timeout: 60_000 }, async (_, sizes, numRuns) => {
    await agrees(cases, sizes, numRuns);
  });

  test.each<[string, LogSizes, number]>([
    ["together", {}, 3 * MANY],
    ["in parts", { rows: 3, segments: { whole: 3, own: 1 } }, 2 * MANY],
  ])(
    "of target types is what the rules say, with users %s in memory",
    { timeout: 60_000 },
    async (_, sizes, numRuns) => {
      const ofTargets = fc.tuple(cases, oneOf(["ad"], ["ad", "view"])).map(([any, target]): Case => {
        const { impressionTypes: _, ...rest } = any;
        return { ...rest, labelled: false, typed: true, target };
      });
      await agrees(ofTargets, sizes, numRuns);
    },
  );

  test("is the same, byte for byte, whatever the order of the rows", { timeout: 60_000 }, async () => {
    const shuffled = cases.chain((given) =>
      fc
        .tuple(
          fc.shuffledSubarray([...given.events], { minLength: given.events.length }),
          fc.shuffledSubarray([...(given.behaviours ?? [])], { minLength: given.behaviours?.length ?? 0 }),
        )
        .map(([events, behaviours]) => ({
          given,
          other: { ...given, events, ...(given.behaviours && { behaviours }) },
        })),
    );
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(shuffled, async ({ given, other }) => {
        const [out, again] = [await prepare(given), await prepare(other)];
        if (out === null || again === null) {
          expect(again).toBe(out);
          return;
        }
        compared++;
        expect(contents(again)).toEqual(contents(out));
      }),
      { numRuns: 2 * MANY, endOnFailure: true },
    );
    expect(compared).toBeGreaterThan(0);
  });

  test.each([
    ["impressions", true],
    ["behaviours", false],
  ])(
    "of %s learns nothing of what comes after training, and histories end before the sample",
    {
      timeout: 60_000,
    },
    async (_, labelled) => {
      const split = { validFrom: START + 10 * STEP, testFrom: START + 15 * STEP };
      const later = oneOf<Fields>(
        { device: "later", bid: "777", category: "later", price: "777", segment: "later" },
        // What training knows of other items.
        { device: "web", bid: "2", category: "a", price: "7", segment: "s1" },
      );
      let compared = 0;
      await fc.assert(
        fc.asyncProperty(cases, later, async (any, fields) => {
          const sequences = referenceOf({ ...any, labelled, split })?.sequences ?? [];
          /** Without labels, of each user what is later than the last behaviour of the training part. */
          const ends = new Map(sequences.map(({ user, times, training }) => [user, times[training - 1] ?? 0]));
          const isLater = ({ user, session, time }: Row) =>
            labelled
              ? time >= split.validFrom
              : time > (ends.get(user ?? `session=${session}`) ?? Number.POSITIVE_INFINITY);
          const mapped = (change: (row: Row) => Row): Case => ({
            ...any,
            labelled,
            split,
            events: any.events.map(change),
            ...(any.behaviours && { behaviours: any.behaviours.map(change) }),
          });
          /** Some rows are of an item that comes up after training. */
          const late = (row: Row): Row => (isLater(row) && row.item === "i1" ? { ...row, item: "i9" } : row);
          const given = mapped(late);
          const changed = mapped((row) => (isLater(row) ? { ...late(row), fields } : row));
          const [out, other] = [await prepare(given), await prepare(changed)];
          // Rows may become equal to others and fall together, so that no split is left for them, or another training part.
          if (out === null || other === null) return;
          const [dataset, made] = [await read(out), await read(other)];
          const parts = ({ sequences }: Reference) => sequences.map(({ user, training }) => [user, training]);
          if (!labelled && JSON.stringify(parts(made)) !== JSON.stringify(parts(dataset))) return;
          compared++;
          expect(made.edges).toEqual(dataset.edges);
          expect(made.vocabularies).toEqual(dataset.vocabularies);
          expect(made.samples.train).toEqual(dataset.samples.train);
          // Items that are known by their fields alone are others with other fields; what training does not know by
          // its id has the fields of its first row.
          const items = new Map(made.catalogue.map(({ key, ids }) => [key, ids]));
          const isNew = (key: string, [id]: readonly number[]) =>
            id === 0 && [...given.events, ...(given.behaviours ?? [])].some(({ item }) => item === key);
          for (const { key, ids } of dataset.catalogue) {
            if (!isNew(key, ids)) expect(items.get(key) ?? ids).toEqual(ids);
          }
          for (const samples of Object.values(dataset.samples)) {
            for (const { time, user, position, length } of samples) {
              const times = dataset.sequences.find((sequence) => sequence.user === user)?.times ?? [];
              const history = times.slice(position - length, position);
              expect(history.length).toBe(length);
              for (const moment of history) expect(moment).toBeLessThan(time);
            }
          }
        }),
        { numRuns: 2 * MANY, endOnFailure: true },
      );
      expect(compared).toBeGreaterThan(0);
    },
  );

  test.each([
    ["impressions", { label: "label" }],
    ["behaviours", {}],
  ])("of %s know of an item what training has of it, of a new one what its first row says", async (name, label) => {
    const home = join(folder, `later-${name}`);
    mkdirSync(home);
    const events = join(home, "events.csv");
    const log = (user: string) => [
      [user, "i1", START, 1, "a"],
      [user, "i2", START + 1, 0, null],
      [user, "i1", START + 2, 1, "a"],
      [user, "i2", START + 3, 1, "a"],
      [user, "i3", START + 4, 1, user === "u1" ? "a" : "b"],
    ];
    const other = [
      ...[0, 1, 2, 3].map((i) => ["u3", "i4", START + i, 1, null]),
      ...[0, 1].flatMap((i) => [
        [`v${i}`, "i1", START, 1, "a"],
        [`v${i}`, "i5", START + 5 + i, 1, i === 0 ? null : "a"],
        [`v${i}`, "i4", START + 7, 1, null],
      ]),
    ];
    writeFileSync(events, csv(["user", "item", "time", "label", "category"], [...log("u1"), ...log("u2"), ...other]));
    const features = {
      columns: { user: "user", item: "item", time: "time", ...label },
      ...("label" in label && { split: { valid_from: START + 3, test_from: START + 4 } }),
      fields: { item: ["category"] },
    };
    await prepareEvents({ features, events, out: join(home, "out") });
    const { catalogue, vocabularies } = await read(join(home, "out"));
    expect(vocabularies.category.map(([value]) => value)).toEqual(["a"]);
    expect(catalogue.map(({ key, ids: [item, category] }) => [key, item > 0, category])).toEqual([
      ["i1", true, 1],
      ["i2", true, 0],
      ["i3", false, 1],
      ["i4", true, 0],
      ["i5", false, 0],
    ]);
  });

  test("without labels samples negatives from the same part of the log, never of the user's own", async () => {
    const rows = Array.from({ length: 200 }, (_, i) => ["view", `u${i % 20}`, `i${(i * i) % 37}`, START + i * STEP]);
    const file = join(folder, "predicted.csv");
    writeFileSync(file, csv(["type", "user", "item", "time"], [...rows, ["view", "alone", "i1", START]]));
    const features = { columns: { user: "user", item: "item", time: "time" }, fields: { user: ["user"] } };
    const prepared = async (seed: number, name: string) => {
      const out = join(folder, name);
      const summary = await prepareEvents({ features, events: file, out, seed });
      expect(summary).toMatchObject({ protocol: "temporal", users: 20, train: 280, valid: 40, test: 40 });
      expect(summary.dropped).toEqual({ badRows: 0, unusedEvents: 0, usersWithOneBehaviour: 1, duplicateEvents: 0 });
      return await openDataset(out);
    };
    const dataset = await prepared(1, "predicted");
    const { sequences, popularity } = dataset;
    for (const split of SPLITS) {
      const { count, label, sequence, position, length, item } = dataset[split];
      const pool = split === "train" ? [...popularity] : [...item].filter((_, i) => label[i] === 1); // nobody has only two behaviours
      for (let i = 0; i < count; i += 2) {
        expect([label[i], label[i + 1]]).toEqual([1, 0]);
        const own = sequences.items.subarray(sequences.offsets[sequence[i]], sequences.offsets[sequence[i] + 1]);
        expect(own).toContain(item[i]);
        const end = sequences.offsets[sequence[i]] + position[i];
        // Of a return: see returns.test.ts.
        if (sequences.items.subarray(end - length[i], end).includes(item[i])) continue;
        expect(own).not.toContain(item[i + 1]);
        expect(pool).toContain(item[i + 1]);
      }
    }
    expect((await prepared(1, "again")).train.item).toEqual(dataset.train.item);
    expect((await prepared(2, "another")).train.item).not.toEqual(dataset.train.item);
  });

  test("spills to disk where memory is short, and is the same", async () => {
    const pad = "-".repeat(500);
    const rows = Array.from({ length: 60_000 }, (_, i) => [
      `user ${i % 700}`,
      `item ${(i * i) % 9001}`,
      START + i,
      (i * 7) % 3 === 0 ? 1 : 0,
      `${(i * 7919) % 60_000}${pad}`,
    ]);
    const events = join(folder, "many.csv");
    writeFileSync(events, csv(["user", "item", "time", "label", "page"], rows));
    const features = {
      columns: { user: "user", item: "item", time: "time", label: "label" },
      fields: { user: ["user"], context: ["page"] },
    };
    const spills = async (out: string, memory: number) => {
      const aside = () => readdirSync(folder).find((name) => name.startsWith(`${basename(out)}.tmp-`)) ?? "";
      let found = false;
      const timer = setInterval(() => {
        const spilled = join(folder, aside(), "work", "spilled");
        found ||= existsSync(spilled) && readdirSync(spilled).length > 0;
      }, 2);
      await prepareEvents({ features, events, out, memory }).finally(() => clearInterval(timer));
      return found;
    };
    const [ample, scarce] = [join(folder, "ample"), join(folder, "scarce")];
    expect(await spills(ample, 2 ** 31)).toBe(false);
    expect(await spills(scarce, 2 ** 27)).toBe(true);
    expect(contents(scarce)).toEqual(contents(ample));
  });
});
