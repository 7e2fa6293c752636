import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { withDuckDB } from "../../../src/database/open.ts";
import { SPLITS, type Split } from "../../../src/dataset/dataset.ts";
import { readManifest } from "../../../src/dataset/manifest.ts";
import { openDataset } from "../../../src/dataset/read.ts";
import { UserError } from "../../../src/errors/failure.ts";
import type { LogSizes } from "../../../src/importers/events/learn/learn.ts";
import { prepareEvents, prepareEventsInParts } from "../../../src/importers/events/prepare.ts";
import { readUnsealed } from "../../support/sealed.ts";
import { temporaryFolder } from "../../support/source.ts";
import { type Case, type Reference, type ReferenceField, type Row, referenceOf } from "./reference.ts";

const folder = temporaryFolder();
let made = 0;

/** 2017-07-14T02:40Z; steps of a time are 25 minutes, so that hours differ. */
const START = 1_500_000_000_000;
const STEP = 1_500_000;

type Fields = Row["fields"];
const ROW_FIELDS = ["device", "bid", "category", "price", "segment"];

const csv = (head: readonly string[], rows: readonly (readonly (string | number | null)[])[]) =>
  `${[head.join(","), ...rows.map((row) => row.map((cell) => cell ?? "").join(","))].join("\n")}\n`;

function logText(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.user,
    row.item,
    row.time,
    row.label,
    row.type,
    ...ROW_FIELDS.map((f) => row.fields[f]),
  ]);
  return csv(["user", "item", "time", "label", "type", ...ROW_FIELDS], cells);
}

function tableText(key: string, table: Readonly<Record<string, Fields>>, fields: readonly string[]): string {
  return csv(
    [key, ...fields],
    Object.entries(table).map(([name, row]) => [name, ...fields.map((field) => row[field])]),
  );
}

/** features.yaml of a case. */
function featuresOf(given: Case) {
  const { labelled, typed, window, known, itemsNamed, behaviourTypes, impressionTypes, split } = given;
  const field = ({ name, kind, buckets, minCount, from }: ReferenceField) => ({
    name,
    kind,
    ...(kind === "number" && { buckets }),
    min_count: minCount,
    ...(from === "key" && { column: "user" }),
    ...(name === "item" && { column: "item" }),
    ...(from === "events" && kind !== "hour" && kind !== "weekday" && { from }),
  });
  const type = typed ? { type: "type" } : {};
  const minutes = Math.abs(given.offset);
  const two = (value: number) => String(value).padStart(2, "0");
  return {
    columns: { user: "user", item: "item", time: "time", ...(labelled && { label: "label" }), ...type },
    behaviours: {
      max_history: given.maxHistory,
      ...(window !== null && { window_days: window / 86_400_000 }),
      ...(behaviourTypes && { types: behaviourTypes }),
      ...(given.behaviours && {
        columns: { user: "user", time: "time", ...type, ...(itemsNamed && { item: "item" }) },
      }),
      ...(given.behaviours && { fields: known }),
    },
    ...(labelled && {
      impressions: { ...(impressionTypes && { types: impressionTypes }) },
      split: "valid" in split ? split : { valid_from: split.validFrom, test_from: split.testFrom },
    }),
    utc_offset: `${given.offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`,
    fields: { user: given.user.map(field), item: given.item.map(field), context: given.context.map(field) },
  };
}

/** Prepares a case; returns its folder, or null where the log makes no dataset. */
async function prepare(given: Case, seed = 5, sizes: LogSizes = {}): Promise<string | null> {
  const home = join(folder, String(made++));
  mkdirSync(home);
  const file = (name: string, text: string) => {
    writeFileSync(join(home, name), text);
    return join(home, name);
  };
  const out = join(home, "out");
  const table = (fields: readonly ReferenceField[]) =>
    fields.filter(({ from }) => from === "table").map(({ name }) => name);
  const [userFields, itemFields] = [table(given.user), table(given.item)];
  try {
    const options = {
      features: featuresOf(given),
      events: file("events.csv", logText(given.events)),
      ...(given.behaviours && { behaviours: file("behaviours.csv", logText(given.behaviours)) }),
      ...(userFields.length > 0 && { users: file("users.csv", tableText("user", given.users, userFields)) }),
      ...(itemFields.length > 0 && { items: file("items.csv", tableText("item", given.items, itemFields)) }),
      out,
      seed,
    };
    await prepareEventsInParts(options, sizes);
  } catch (error) {
    expect(readdirSync(home).filter((name) => !name.endsWith(".csv"))).toEqual([]);
    if (
      error instanceof UserError &&
      /no row of the events is an impression|makes no dataset|no row has the type/.test(error.message)
    )
      return null;
    throw error;
  }
  expect(readdirSync(out).sort()).toEqual(
    [
      "dataset.json",
      "items.parquet",
      "sequences.parquet",
      "test.parquet",
      "train.parquet",
      "valid.parquet",
      "vocabulary",
    ].sort(),
  );
  return out;
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the files hold is compared with what is expected
type Cells = Record<string, any>;

/** The dataset as the reference has it. */
async function read(out: string): Promise<Reference> {
  await openDataset(out);
  const manifest = await readManifest(out);
  return withDuckDB(async (connection) => {
    const rows = async (name: string) =>
      (await connection.runAndReadAll(`FROM '${join(out, name)}.parquet'`)).getRowObjectsJson() as unknown as Cells[];
    const { user, item, context } = manifest.fields;
    const items = await rows("items");
    const keyOf = (row: number): string => items[row].key;
    const { sequences, placeOf } = joined(await rows("sequences"));
    const vocabularies: Record<string, (readonly [string, number])[]> = {};
    const edges: Record<string, readonly number[]> = {};
    for (const { name, transform } of [...user, ...item, ...context]) {
      vocabularies[name] = (await rows(`vocabulary/${name}`)).map(({ value, count }) => [value, count]);
      if (transform.kind === "number") edges[name] = transform.edges;
    }
    const samples = {} as Record<Split, Reference["samples"]["train"]>;
    for (const split of SPLITS) {
      samples[split] = (await rows(split)).map((sample) => ({
        label: sample.label,
        time: Number(sample.time),
        ...placeOf(sample.sequence, sample.position),
        length: sample.length,
        item: manifest.protocol === "temporal" && sample.label === 0 ? null : keyOf(sample.item),
        ids: [...user, ...context].map(({ name }) => sample[name]),
      }));
    }
    expect(items[0]).toEqual({ row: 0, key: "", ...Object.fromEntries(item.map(({ name }) => [name, 0])) });
    return {
      sequences: sequences.map((sequence) => ({
        user: sequence.user,
        items: sequence.items.map(keyOf),
        times: sequence.times.map(Number),
        training: sequence.training,
        unclicked: sequence.items.map((_: number, i: number) =>
          manifest.unclicked ? keyOf(sequence.unclicked[i]) : "",
        ),
      })),
      samples,
      catalogue: items.slice(1).map((row) => ({ key: row.key, ids: item.map(({ name }) => row[name]) })),
      vocabularies,
      edges,
      dropped: manifest.dropped,
    };
  });
}

/** The users' segments put together, and where a place in one is in its user's sequence. */
function joined(rows: Cells[]) {
  const sequences: Cells[] = [];
  const places = rows.map((row) => {
    if (row.repeated === 0) {
      sequences.push({ ...row });
      return { user: row.user, begin: 0 };
    }
    const user = sequences[sequences.length - 1];
    const begin = user.items.length - row.repeated;
    expect(row.user).toBe(user.user);
    for (const column of ["items", "times", "unclicked"].filter((name) => name in row)) {
      expect(row[column].slice(0, row.repeated)).toEqual(user[column].slice(begin));
      user[column] = [...user[column], ...row[column].slice(row.repeated)];
    }
    if (row.training > 0) expect(user.training).toBe(begin + row.repeated);
    user.training += row.training;
    return { user: row.user, begin };
  });
  const placeOf = (row: number, position: number) => ({
    user: places[row].user,
    position: places[row].begin + position,
  });
  return { sequences, placeOf };
}

const oneOf = <T>(...values: T[]) => fc.constantFrom(...values);

const fieldsOf = (names: readonly string[]): fc.Arbitrary<Fields> =>
  fc
    .record({
      device: oneOf("web", "phone", null),
      bid: oneOf("0.5", "1", "2", "10", "-3", null),
      category: oneOf("a", "b", "ü", null),
      price: oneOf("1", "2.5", "7", "100", null),
      segment: oneOf("s1", "s2", null),
    })
    .map((all) => Object.fromEntries(names.map((name) => [name, all[name as keyof typeof all]])));

const rowsOf = (least: number, most: number): fc.Arbitrary<Row[]> =>
  fc.array(
    fc.record({
      user: oneOf("u1", "u2", "u10", "ü"),
      item: oneOf("i1", "i2", "i3", "i10", "é"),
      time: fc.integer({ min: 0, max: 20 }).map((step) => START + step * STEP),
      label: oneOf(0, 0, 1, 1, null, null),
      type: oneOf("view", "ad", "view", "ad", null),
      fields: fieldsOf(ROW_FIELDS),
    }),
    { minLength: least, maxLength: most },
  );

const cases: fc.Arbitrary<Case> = fc
  .record({
    labelled: oneOf(true, true, false),
    typed: fc.boolean(),
    events: rowsOf(12, 40),
    twice: fc.integer({ min: 0, max: 4 }),
    behaviours: fc.option(rowsOf(1, 20)),
    itemsNamed: fc.boolean(),
    behaviourTypes: oneOf(undefined, undefined, ["view"], ["view", "ad"]),
    impressionTypes: oneOf(undefined, undefined, ["ad"]),
    window: oneOf(null, 3 * STEP, 4 * STEP - 1),
    maxHistory: fc.integer({ min: 1, max: 4 }),
    split: oneOf(
      { valid: 0.3, test: 0.2 },
      { valid: 0.1, test: 0.3 },
      { validFrom: START + 10 * STEP, testFrom: START + 15 * STEP },
    ),
    offset: oneOf(0, 480, -210),
    minCount: fc.integer({ min: 1, max: 3 }),
    buckets: fc.integer({ min: 2, max: 5 }),
    userTable: fc.boolean(),
    itemTable: fc.boolean(),
    users: fc.dictionary(oneOf("u1", "u2", "ü", "stranger"), fieldsOf(["segment"]), { minKeys: 1 }),
    items: fc.dictionary(oneOf("i1", "i2", "é", "nothing"), fieldsOf(["category", "price"]), { minKeys: 1 }),
  })
  .map(
    ({
      minCount,
      buckets,
      userTable,
      itemTable,
      twice,
      events,
      behaviours,
      behaviourTypes,
      impressionTypes,
      ...rest
    }) => {
      const field = (name: string, from: ReferenceField["from"], kind: ReferenceField["kind"] = "category") => ({
        name,
        from,
        kind,
        buckets,
        minCount,
      });
      const itemsFrom = itemTable ? "table" : "events";
      return {
        ...rest,
        events: [...events, ...events.slice(0, twice)],
        ...(behaviours !== null && { behaviours }),
        // A table says all there is of items that are named.
        known: behaviours === null || (rest.itemsNamed && itemTable) ? [] : ["category", "price"],
        ...(rest.typed && behaviourTypes && { behaviourTypes }),
        ...(rest.labelled && rest.typed && impressionTypes && { impressionTypes }),
        user: [field("user", "key"), field("segment", userTable ? "table" : "events")],
        item: [field("item", "key"), field("category", itemsFrom), field("price", itemsFrom, "number")],
        context: [
          field("device", "events"),
          field("bid", "events", "number"),
          field("hour", "events", "hour"),
          field("weekday", "events", "weekday"),
        ],
      };
    },
  );

/** Everything that is in the files, but for the manifest's note of the inputs, which differ. */
function contents(out: string): Record<string, string> {
  const { inputs: _, ...manifest } = readUnsealed(join(out, "dataset.json"));
  const files = readdirSync(out, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".parquet"));
  const hash = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(out, name)))
      .digest("hex");
  return { manifest: JSON.stringify(manifest), ...Object.fromEntries(files.map((name) => [name, hash(name)])) };
}

describe("a dataset of events", () => {
  test.each<[string, LogSizes, number]>([
    ["together", {}, 25],
    ["in parts", { rows: 3, segments: { whole: 3, own: 1 } }, 12],
  ])("is what the rules say, row by row, with users %s in memory", { timeout: 60_000 }, async (_, sizes, numRuns) => {
    let datasets = 0;
    await fc.assert(
      fc.asyncProperty(cases, async (given) => {
        const expected = referenceOf(given);
        const out = await prepare(given, 5, sizes);
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
  });

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
      { numRuns: 5, endOnFailure: true },
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
          const isLater = ({ user, time }: Row) =>
            labelled ? time >= split.validFrom : time > (ends.get(user) ?? Number.POSITIVE_INFINITY);
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
          // Items that are known by their fields alone are others with other fields.
          const items = new Map(made.catalogue.map(({ key, ids }) => [key, ids]));
          for (const { key, ids } of dataset.catalogue) expect(items.get(key) ?? ids).toEqual(ids);
          for (const samples of Object.values(dataset.samples)) {
            for (const { time, user, position, length } of samples) {
              const times = dataset.sequences.find((sequence) => sequence.user === user)?.times ?? [];
              const history = times.slice(position - length, position);
              expect(history.length).toBe(length);
              for (const moment of history) expect(moment).toBeLessThan(time);
            }
          }
        }),
        { numRuns: 5, endOnFailure: true },
      );
      expect(compared).toBeGreaterThan(0);
    },
  );

  test.each([
    ["impressions", { label: "label" }],
    ["behaviours", {}],
  ])("of %s do not know what an item states after training, though others have stated it", async (name, label) => {
    const home = join(folder, `later-${name}`);
    mkdirSync(home);
    const events = join(home, "events.csv");
    const log = (user: string) => [
      [user, "i1", START, 1, "a"],
      [user, "i2", START + 1, 0, null],
      [user, "i1", START + 2, 1, "a"],
      [user, "i2", START + 3, 1, "a"],
      [user, "i3", START + 4, 1, "a"],
    ];
    const other = [0, 1, 2, 3].map((i) => ["u3", "i4", START + i, 1, null]);
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
      ["i3", false, 0],
      ["i4", true, 0],
    ]);
  });

  test("without labels samples negatives by popularity, never of the user's own", async () => {
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
    const popular = new Set(popularity);
    for (const split of SPLITS) {
      const { count, label, sequence, item } = dataset[split];
      for (let i = 0; i < count; i += 2) {
        expect([label[i], label[i + 1]]).toEqual([1, 0]);
        const own = sequences.items.subarray(sequences.offsets[sequence[i]], sequences.offsets[sequence[i] + 1]);
        expect(own).toContain(item[i]);
        expect(own).not.toContain(item[i + 1]);
        expect(popular).toContain(item[i + 1]);
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

describe("events that make no dataset are refused, and nothing remains", () => {
  const columns = { user: "user", item: "item", time: "time", label: "label" };
  const rows = [1, 2, 3, 4, 5, 6].map((i) => ["u", `i${i}`, START + i, i % 2]);
  test("nor where DuckDB would take OUT apart, which is named", async () => {
    const events = join(folder, "apart.csv");
    writeFileSync(events, csv(["user", "item", "time", "label"], rows));
    const out = join(folder, "what?");
    await expect(prepareEvents({ features: { columns, fields: {} }, events, out })).rejects.toThrow(
      `cannot use ${out}: its path has a question mark`,
    );
    expect(readdirSync(folder).filter((name) => name.startsWith("what"))).toEqual([]);
  });

  test.each<[string, object, (string | number)[][], RegExp]>([
    [
      "one class",
      { columns, split: { valid_from: START + 4, test_from: START + 6 }, fields: {} },
      rows.map(([u, i, t]) => [u, i, t, 1]),
      /all samples of train have the label 1.*split\.valid.*columns\.label/,
    ],
    [
      "an empty split",
      { columns, split: { valid_from: START + 90, test_from: START + 99 }, fields: {} },
      rows,
      /no sample falls into valid; .*split\.valid_from/,
    ],
    [
      "no impression",
      { columns: { ...columns, type: "user" }, impressions: { types: ["u"] }, fields: {} },
      rows.map(([u, i, t]) => [u, i, t, ""]),
      /no row of the events is an impression: see columns\.label and impressions\.types/,
    ],
    [
      "users of two behaviours",
      { columns: { user: "user", item: "item", time: "time" }, fields: {} },
      rows.slice(0, 2),
      /no sample falls into train; users need three behaviours/,
    ],
    [
      "an unknown key",
      { columns, colums: 1, fields: {} },
      rows,
      /^features\.yaml: unknown key 'colums'; did you mean 'columns'\?$/,
    ],
    [
      "a field twice",
      { columns, fields: { user: ["a"], context: ["a"] } },
      rows,
      /fields\.context: a: the name is taken/,
    ],
    [
      "a field called as a column of samples",
      { columns, fields: { context: ["position"] } },
      rows,
      /fields\.context: position: the name is taken/,
    ],
    [
      "hours of an item",
      { columns, fields: { item: [{ name: "hour", kind: "hour" }] } },
      rows,
      /fields\.item: hour: hour is a kind of context fields/,
    ],
    [
      "a table that is not given",
      { columns, fields: { user: [{ name: "age", from: "users" }] } },
      rows,
      /fields\.user: age: it comes from the table of users, which is not given/,
    ],
    [
      "a type of impressions that no row has",
      { columns: { ...columns, type: "item" }, impressions: { types: ["i1", "i10"] }, fields: {} },
      rows,
      /^impressions\.types: no row has the type i10; there are i1, i2, i3, i4, i5, \.\.\.; did you mean 'i1'\?$/,
    ],
    [
      "types of behaviours that no row has",
      { columns: { ...columns, type: "user" }, behaviours: { types: ["view", "u", "buy"] }, fields: {} },
      rows,
      /^behaviours\.types: no row has the type view or buy; there are u$/,
    ],
    [
      "types without a column",
      { columns, behaviours: { types: ["buy"] }, fields: {} },
      rows,
      /behaviours\.types: there are no types without columns\.type/,
    ],
    [
      "a split that is no time",
      { columns, split: { valid_from: "soon", test_from: 9 }, fields: {} },
      rows,
      /split\.valid_from: expected a time, found "soon"/,
    ],
    [
      "a split in the wrong order",
      { columns, split: { valid_from: "2020-01-02", test_from: "2020-01-01" }, fields: {} },
      rows,
      /split: valid_from must be before test_from/,
    ],
    ["a column that is not there", { columns, fields: { context: ["page"] } }, rows, /page/],
    ["a bad row", { columns, fields: {} }, [...rows, ["u", "i", "tomorrow", 1]], /row 7.*time.*tomorrow/],
  ])("%s", async (name, features, cells, expected) => {
    const home = join(folder, name.replaceAll(" ", "-"));
    mkdirSync(home);
    writeFileSync(join(home, "events.csv"), csv(["user", "item", "time", "label"], cells));
    const options = {
      features,
      featuresPath: "features.yaml",
      events: join(home, "events.csv"),
      out: join(home, "out"),
    };
    const error = await prepareEvents(options).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(expected);
    expect(readdirSync(home)).toEqual(["events.csv"]);
  });

  test("an option that is none", async () => {
    const options = { features: {}, events: "e.csv", out: join(folder, "never"), memory: 5 };
    await expect(prepareEvents(options)).rejects.toThrow(/^prepareEvents: memory: /);
  });
});
