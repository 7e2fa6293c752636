/** Fields of several values, and numbers as values: what a dataset holds of them, whatever format the log is in. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withDuckDB } from "../../../src/database/open.ts";
import { readManifest } from "../../../src/dataset/manifest.ts";
import { openDataset } from "../../../src/dataset/read.ts";
import { prepareEvents } from "../../../src/importers/events/prepare.ts";
import { inspectDataset } from "../../../src/inspection/measure/inspect.ts";
import { temporaryFolder } from "../../support/source.ts";

const folder = temporaryFolder();
const messageOf = (error: unknown) => (error as Error).message;

interface Row {
  readonly user: string;
  readonly item: string;
  readonly time: number;
  readonly label: number;
  readonly genres: readonly string[] | null;
  readonly tags: readonly (string | number | null)[] | null;
  readonly price: number | null;
  readonly wait: number | null;
}

/** Ten impressions of four items, of which the last two are valid and test. */
const ITEMS: Record<string, Pick<Row, "genres" | "price">> = {
  a: { genres: ["Action", "Comedy"], price: 10 },
  b: { genres: ["Comedy"], price: 30 },
  c: { genres: null, price: null },
  d: { genres: ["Drama", "Action", "War"], price: 20 },
};
const rows: Row[] = ["a", "b", "a", "c", "d", "a", "b", "c", "d", "a"].map((item, i) => ({
  user: `u${i % 2}`,
  item,
  time: 1_600_000_000 + 60 * i,
  label: i % 2 === Math.floor(i / 4) % 2 ? 1 : 0,
  ...ITEMS[item],
  tags: [
    ["x", 9007199254740993n.toString(), "x"],
    [],
    null,
    ["y", null, ""],
    ["z"],
    ["x"],
    ["x", "y"],
    ["y"],
    ["q"],
    ["y"],
  ][i],
  wait: [0, 1, 3, 7, null, -3, 1, 1e9, 0, 15][i],
}));

const fields = (separator?: string) => ({
  user: ["user"],
  item: [
    { name: "genres", kind: "list", ...(separator && { separator }), pooling: "sum" },
    { name: "price", kind: "value" },
  ],
  context: [
    { name: "tags", kind: "list", ...(separator && { separator }), min_count: 2 },
    { name: "wait", kind: "value", scale: "log1p" },
  ],
});
const columns = { user: "user", item: "item", time: "time", label: "label" };

async function prepare(name: string, log: string, separator?: string): Promise<string> {
  const out = join(folder, name);
  const features = { columns, missing: ["NA"], fields: fields(separator) };
  await prepareEvents({ features, featuresPath: "features.yaml", events: log, out, seed: 1 } as never);
  return out;
}

const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const cell = (value: unknown) => (value === null ? "" : String(value));
const csv = (list: (values: readonly unknown[] | null) => string) =>
  ["user,item,time,label,genres,tags,price,wait"]
    .concat(
      rows.map((r) =>
        [r.user, r.item, r.time, r.label, list(r.genres), list(r.tags), cell(r.price), cell(r.wait)].join(","),
      ),
    )
    .join("\n");
const barred = csv((values) => (values === null ? "NA" : values.map((value) => value ?? "").join(" | ")));
const quoted = csv((values) => (values === null ? "" : `"${JSON.stringify(values).replaceAll('"', '""')}"`));
const ndjson = rows.map((row) => JSON.stringify(row)).join("\n");

const SOURCES: Record<string, () => Promise<string>> = {
  "texts with a separator": async () => prepare("barred", file("barred.csv", barred), "|"),
  "JSON arrays in CSV": async () => prepare("quoted", file("quoted.csv", quoted)),
  "arrays of JSON lines": async () => prepare("lines", file("log.ndjson", ndjson)),
  "lists of Parquet": async () => {
    const parquet = join(folder, "log.parquet");
    file("for-parquet.ndjson", ndjson);
    await withDuckDB(async (connection) => {
      await connection.run(
        `COPY (FROM read_json('${join(folder, "for-parquet.ndjson")}', columns = {user: 'VARCHAR', item: 'VARCHAR', "time": 'BIGINT',
         label: 'INTEGER', genres: 'VARCHAR[]', tags: 'VARCHAR[]', price: 'DOUBLE', wait: 'DOUBLE'})) TO '${parquet}'`,
      );
    });
    return prepare("parquet", parquet);
  },
};

describe.each(Object.entries(SOURCES))("%s", (_, make) => {
  it("become ids, sums and deviations", async () => {
    const out = await make();
    const { fields } = await readManifest(out);
    const dataset = await openDataset(out);
    const values = (name: string) =>
      withDuckDB(async (connection) => {
        const all = await connection.runAndReadAll(
          `SELECT value, count FROM '${join(out, "vocabulary", name)}.parquet' ORDER BY id`,
        );
        return all.getRows();
      });
    // Items as often as training has them: a 3 times and once more as a behaviour of each click; ids by falling count.
    const [, genres, price] = fields.item;
    expect(genres).toMatchObject({ size: 5, values: 4, list: { most: 3, pooling: "sum" } });
    const names = (await values("genres")).map(([value]) => value as string);
    expect([...names].sort()).toEqual(["Action", "Comedy", "Drama", "War"]);
    const idsOf = (list: readonly string[] | null) =>
      [...(list ?? []).map((value) => names.indexOf(value) + 1), ...[0, -1, -1].slice(list === null ? 0 : 1)].slice(
        0,
        3,
      );
    const catalogue = ["a", "b", "c", "d"];
    expect([...dataset.itemFields[1]]).toEqual([
      ...[0, -1, -1],
      ...catalogue.flatMap((item) => [...idsOf(ITEMS[item].genres), -1, -1].slice(0, 3)),
    ]);
    // An item counts once: 10, 30 and 20 have the mean 20 and the deviation sqrt(200 / 3).
    expect(price.size).toBe(0);
    expect(price.transform).toMatchObject({ kind: "value", mean: 20, deviation: Math.sqrt(200 / 3) });
    const deviation = Math.sqrt(200 / 3);
    expect([...dataset.itemFields[2]]).toEqual([0, -10 / deviation, 10 / deviation, 0, 0].map(Math.fround));

    // Of the tags x, y and the large number were in training; what was there once is unknown, as are none and missing ones.
    const [tags, wait] = fields.context;
    expect(tags).toMatchObject({ size: 3, values: 5, list: { most: 2, pooling: "mean" } });
    expect(await values("tags")).toEqual([
      ["x", 3],
      ["y", 3],
    ]);
    const ofSample = (split: "train" | "valid" | "test") => {
      const { count, row, context } = dataset[split];
      return Array.from({ length: count }, (_, i) => [row[i], ...context[0].subarray(2 * i, 2 * i + 2)]);
    };
    const seen = [...ofSample("train"), ...ofSample("valid"), ...ofSample("test")].map(([, ...ids]) => ids);
    expect(seen).toHaveLength(10);
    expect(seen.filter(([a, b]) => a === 1 && b === 0)).toHaveLength(1);
    expect(seen.filter(([a, b]) => a === 1 && b === 2)).toHaveLength(1);
    expect(seen.filter(([a, b]) => a === 0 && b === -1)).toHaveLength(4);

    // log(1 + x) with the sign of x; standardised, cut at ten deviations; a missing one is the mean.
    const logs = [0, 1, 3, 7, -3, 1, 1e9].map((x) => Math.sign(x) * Math.log1p(Math.abs(x)));
    const mean = logs.reduce((sum, x) => sum + x) / logs.length;
    const spread = Math.sqrt(logs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / logs.length);
    const { transform } = wait;
    if (transform.kind !== "value") throw new Error(transform.kind);
    expect(transform.mean).toBeCloseTo(mean, 12);
    expect(transform.deviation).toBeCloseTo(spread, 12);
    const found = [...dataset.train.context[1]].sort((a, b) => a - b);
    const expected = [...logs.map((x) => (x - mean) / spread), 0].sort((a, b) => a - b);
    for (const [i, x] of found.entries()) expect(x).toBeCloseTo(expected[i], 6);

    if (!out.endsWith("barred")) return;
    const inspection = await inspectDataset(out);
    const of = (name: string) => inspection.fields.find((field) => field.name === name)!;
    expect(of("wait").spread!.train.mean).toBeCloseTo(mean, 6);
    expect(of("wait").spread!.train.deviation).toBeCloseTo(spread, 6);
    expect(of("wait").unknown.train.samples).toBe(1);
    expect(of("tags").unknown.train.samples).toBe(3);
    expect(of("tags").top.map(({ value, train }) => [value, train.samples])).toEqual([
      ["x", 3],
      ["y", 3],
    ]);
    expect(of("genres").top).toHaveLength(4);
  });
});

it("the datasets of all formats are the same, but for their inputs and how lists are read", async () => {
  const manifests = await Promise.all(["quoted", "lines", "parquet"].map((name) => readManifest(join(folder, name))));
  for (const { files } of manifests) expect(files).toEqual(manifests[0].files);
});

it("what is no list, or another thing than one value, is refused with its row", async () => {
  const text = (genres: string) =>
    `user,item,time,label,genres,tags,price,wait\nu,a,1600000000,1,"${genres.replaceAll('"', '""')}",[],1,1\n`;
  const refused = (log: string) => prepare("refused", log).then(() => "prepared", messageOf);
  const expected = /row 1: column genres: expected a list of values as a JSON array \(or name its separator\), found/;
  expect(await refused(file("text.csv", text("Action|Comedy")))).toMatch(expected);
  expect(await refused(file("nested.csv", text('[["Action"]]')))).toMatch(expected);
  const list = { ...rows[0], user: ["u"] };
  expect(await refused(file("list.ndjson", JSON.stringify(list)))).toMatch(
    /column user: expected one value, found an array/,
  );
});

it("of a list that is too long the first 64 values count, and the others are counted", async () => {
  const long = Array.from({ length: 70 }, (_, i) => `t${i}`);
  const log = rows.map((row, i) => JSON.stringify({ ...row, tags: i === 3 ? long : row.tags })).join("\n");
  const out = join(folder, "long");
  const features = { columns, fields: fields() };
  const { warnings, dropped } = await prepareEvents({
    features,
    events: file("long.ndjson", log),
    out,
    seed: 1,
  } as never);
  expect(dropped.listValues).toBe(6);
  expect(warnings.join("\n")).toMatch(
    /tags: there are lists of more than 64 values; 6 values of different lists are left out/,
  );
  const { fields: made } = await readManifest(out);
  expect(made.context[0].list).toEqual({ most: 64, pooling: "mean" });
});
