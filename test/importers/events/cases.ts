/** Random cases of a log: written as files, prepared, and the dataset read back as the reference has it. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect } from "vitest";
import { withDuckDB } from "../../../src/database/open.ts";
import { SPLITS, type Split } from "../../../src/dataset/dataset.ts";
import { readManifest } from "../../../src/dataset/manifest.ts";
import { openDataset } from "../../../src/dataset/read.ts";
import { UserError } from "../../../src/errors/failure.ts";
import type { LogSizes } from "../../../src/importers/events/learn/learn.ts";
import { prepareEventsInParts } from "../../../src/importers/events/prepare.ts";
import { readUnsealed } from "../../support/sealed.ts";
import { lastingFolder } from "../../support/source.ts";
import type { Case, Reference, ReferenceField, Row } from "./reference.ts";

export const folder = lastingFolder();
let made = 0;

/** 2017-07-14T02:40Z; steps of a time are 25 minutes, so that hours differ. */
export const START = 1_500_000_000_000;
export const STEP = 1_500_000;

export type Fields = Row["fields"];
const ROW_FIELDS = ["device", "bid", "category", "price", "segment"];

export const csv = (head: readonly string[], rows: readonly (readonly (string | number | null)[])[]) =>
  `${[head.join(","), ...rows.map((row) => row.map((cell) => cell ?? "").join(","))].join("\n")}\n`;

function logText(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.user,
    row.session,
    row.item,
    row.time,
    row.label,
    row.type,
    ...ROW_FIELDS.map((f) => row.fields[f]),
  ]);
  return csv(["user", "session", "item", "time", "label", "type", ...ROW_FIELDS], cells);
}

function tableText(key: string, table: Readonly<Record<string, Fields>>, fields: readonly string[]): string {
  return csv(
    [key, ...fields],
    Object.entries(table).map(([name, row]) => [name, ...fields.map((field) => row[field])]),
  );
}

/** features.yaml of a case. */
function featuresOf(given: Case) {
  const { labelled, typed, target, window, known, itemsNamed, behaviourTypes, impressionTypes, split } = given;
  const field = ({ name, kind, buckets, minCount, from }: ReferenceField) => ({
    name,
    kind,
    ...(kind === "number" && { buckets }),
    min_count: minCount,
    ...(from === "key" && { column: "user" }),
    ...(name === "item" && { column: "item" }),
    ...(from === "events" && kind !== "hour" && kind !== "weekday" && { from }),
  });
  const user = given.sessions ? ["user", "session"] : "user";
  const type = typed ? { type: "type" } : {};
  const minutes = Math.abs(given.offset);
  const two = (value: number) => String(value).padStart(2, "0");
  return {
    columns: { user, item: "item", time: "time", ...(labelled && { label: "label" }), ...type },
    behaviours: {
      max_history: given.maxHistory,
      ...(window !== null && { window_days: window / 86_400_000 }),
      ...(behaviourTypes && { types: behaviourTypes }),
      ...(given.behaviours && {
        columns: { user, time: "time", ...type, ...(itemsNamed && { item: "item" }) },
      }),
      ...(given.behaviours && { fields: known }),
    },
    ...(target && { target }),
    ...((labelled || target) && {
      impressions: { ...(impressionTypes && { types: impressionTypes }) },
      split: "valid" in split ? split : { valid_from: split.validFrom, test_from: split.testFrom },
    }),
    anonymous: given.anonymous ? "keep" : "refuse",
    utc_offset: `${given.offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`,
    fields: { user: given.user.map(field), item: given.item.map(field), context: given.context.map(field) },
  };
}

/** Prepares a case; returns its folder, or null where the log makes no dataset. */
export async function prepare(given: Case, seed = 5, sizes: LogSizes = {}): Promise<string | null> {
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
export async function read(out: string): Promise<Reference> {
  await openDataset(out);
  const manifest = await readManifest(out);
  return withDuckDB(async (connection) => {
    const rows = async (name: string) =>
      (await connection.runAndReadAll(`FROM '${join(out, name)}.parquet'`)).getRowObjectsJson() as unknown as Cells[];
    const { user, item, context } = manifest.fields;
    const items = await rows("items");
    const keyOf = (row: number): string => items[row].key;
    const files = await rows("sequences");
    const { sequences, placeOf } = joined(files);
    const vocabularies: Record<string, (readonly [string, number])[]> = {};
    const edges: Record<string, readonly number[]> = {};
    for (const { name, transform } of [...user, ...item, ...context]) {
      vocabularies[name] = (await rows(`vocabulary/${name}`)).map(({ value, count }) => [value, count]);
      if (transform.kind === "number") edges[name] = transform.edges;
    }
    const samples = {} as Record<Split, Reference["samples"]["train"]>;
    for (const split of SPLITS) {
      const all = await rows(split);
      const isSampled = ({ label }: Cells) => manifest.protocol !== "impressions" && label === 0;
      const returns = all.map(({ sequence, position, length, item }) =>
        files[sequence].items.slice(position - length, position).includes(item),
      );
      samples[split] = all.map((sample, i) => ({
        label: sample.label,
        time: Number(sample.time),
        ...placeOf(sample.sequence, sample.position),
        length: sample.length,
        item: isSampled(sample) ? null : keyOf(sample.item),
        // Where a few items are all there is, a negative may have to be one of the history.
        returns: isSampled(sample) && !returns[i - 1] ? false : returns[i],
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

export const oneOf = <T>(...values: T[]) => fc.constantFrom(...values);

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
      user: oneOf("u1", "u2", "u10", "ü", null),
      session: oneOf("u1", "s", null),
      item: oneOf("i1", "i2", "i3", "i10", "é"),
      time: fc.integer({ min: 0, max: 20 }).map((step) => START + step * STEP),
      label: oneOf(0, 0, 1, 1, null, null),
      type: oneOf("view", "ad", "view", "ad", null),
      fields: fieldsOf(ROW_FIELDS),
    }),
    { minLength: least, maxLength: most },
  );

export const cases: fc.Arbitrary<Case> = fc
  .record({
    labelled: oneOf(true, true, false),
    sessions: fc.boolean(),
    anonymous: fc.boolean(),
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
      const { sessions, anonymous } = rest;
      const someone = (row: Row): Row => {
        const isNobody = row.user === null && !(sessions && row.session !== null);
        return isNobody && !anonymous ? { ...row, user: "u1" } : row;
      };
      return {
        ...rest,
        events: [...events, ...events.slice(0, twice)].map(someone),
        ...(behaviours !== null && { behaviours: behaviours.map(someone) }),
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
export function contents(out: string): Record<string, string> {
  const { inputs: _, ...manifest } = readUnsealed(join(out, "dataset.json"));
  const files = readdirSync(out, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".parquet"));
  const hash = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(out, name)))
      .digest("hex");
  return { manifest: JSON.stringify(manifest), ...Object.fromEntries(files.map((name) => [name, hash(name)])) };
}
