/** The way of somebody's own log, with the package as a user has it: four kinds of sources, one dataset; raw requests, its scores. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import {
  inspectDataset,
  loadScorer,
  type PredictRequest,
  prepareEvents,
  prepareSynthetic,
  resolveConfig,
  scoreRun,
  train,
} from "dien";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { noPostgres, PostgresServer } from "../support/postgres.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const USERS = 400;
const FORMATS = { csv: "csv", ndjson: "ndjson.gz", parquet: "parquet" } as const;
type Format = keyof typeof FORMATS;
type Table = "events" | "users" | "items";
type Row = Readonly<Record<string, string | number | null>>;

const logOf = (format: Format) => join(folder, format);
const fileOf = (format: Format, table: Table) => join(logOf(format), `${table}.${FORMATS[format]}`);
const dataOf = (source: string) => join(folder, `data-${source}`);

/** The rows of a table, from the file of JSON lines. */
function rowsOf(table: Table): Row[] {
  const text = gunzipSync(readFileSync(fileOf("ndjson", table))).toString();
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

const featuresPath = join(logOf("csv"), "features.yaml");
/** Histories of two days and twelve behaviours: some are cut by either. */
function features(): unknown {
  const given = parse(readFileSync(featuresPath, "utf8"));
  return { ...given, behaviours: { ...given.behaviours, max_history: 12, window_days: 2 }, min_count: 2 };
}

function prepare(out: string, sourceOf: (table: Table) => string) {
  const sources = { events: sourceOf("events"), users: sourceOf("users"), items: sourceOf("items") };
  return prepareEvents({ features: features(), featuresPath, ...sources, out });
}

/** Name and hash of each file but the manifest, which names the sources. */
function contents(data: string): [string, string][] {
  const names = readdirSync(data, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".parquet"));
  const hash = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(data, name)))
      .digest("hex");
  return names.sort().map((name) => [name, hash(name)]);
}

let server: PostgresServer | undefined;

beforeAll(async () => {
  for (const format of Object.keys(FORMATS) as Format[]) {
    await prepareSynthetic({
      users: USERS,
      items: 200,
      out: join(folder, "shop"),
      log: logOf(format),
      logFormat: format,
    });
    await prepare(dataOf(format), (table) => fileOf(format, table));
  }
  if (noPostgres === undefined) server = await PostgresServer.start();
}, 120_000);

afterAll(() => server?.stop());

it("is the same dataset from CSV, gzipped JSON lines and Parquet", () => {
  const expected = contents(dataOf("csv"));
  // Three splits, items, sequences, a vocabulary for each of twelve fields.
  expect(expected).toHaveLength(5 + 12);
  expect(contents(dataOf("ndjson"))).toEqual(expected);
  expect(contents(dataOf("parquet"))).toEqual(expected);
});

it.skipIf(noPostgres !== undefined)(`and from Postgres${noPostgres ? ` (skipped: ${noPostgres})` : ""}`, async () => {
  const types: Record<Table, string> = {
    events: "user_id text, item_id text, time timestamptz, type text, clicked smallint, device text",
    users: "user_id text, segment smallint, age smallint, gender text, city text",
    items: "item_id text, category text, department text, price double precision",
  };
  for (const table of ["events", "users", "items"] as const) {
    const columns = types[table].split(", ").map((column) => column.split(" ")[0]);
    await server!.run(`CREATE TABLE ${table} (${types[table]})`);
    // One statement: the rows as JSON.
    await server!.run(
      `INSERT INTO ${table} SELECT ${columns.join(", ")} FROM json_populate_recordset(NULL::${table}, $1::json)`,
      [JSON.stringify(rowsOf(table))],
    );
  }
  await prepare(dataOf("postgres"), (table) =>
    table === "events"
      ? server!.address({ query: "SELECT * FROM events ORDER BY random()" })
      : server!.address({ table }),
  );
  expect(contents(dataOf("postgres"))).toEqual(contents(dataOf("csv")));
});

/** Trains on a dataset, and finds the scores of its test samples and of the requests that say the same. */
async function compareScores(data: string, events: readonly Row[]) {
  const run = `${data}-run`;
  const model = { name: "dien", embedding: { size: 4 }, head: { layers: [8] } };
  await train({ data, out: run, config: resolveConfig({ model, train: { epochs: 1, learning_rate: 0.02 } }) });
  const { score } = await scoreRun({ run, data, split: "test" });

  const users = new Map(rowsOf("users").map(({ user_id, ...fields }) => [user_id, fields]));
  const items = new Map(rowsOf("items").map(({ item_id, ...fields }) => [item_id, fields]));
  // Rows that are equal in all columns are one.
  const rows = [...new Map(events.map((row) => [JSON.stringify(row), row])).values()];
  const ofUser = groupByUser(rows);
  const clock = (row: Row) => Date.parse(String(row.time));
  // As the dataset has them: of the latest tenth, by user, time, and whatever else distinguishes them.
  const order = ({ user_id, time, item_id, clicked, device }: Row) => [user_id, time, item_id, clicked, device].join();
  const shown = rows.filter(({ type }) => type === "ad").sort((a, b) => (order(a) < order(b) ? -1 : 1));
  const from = shown.map(clock).sort((a, b) => a - b)[shown.length - score.length];
  const samples = shown.filter((row) => clock(row) >= from);
  expect(samples).toHaveLength(score.length);
  const requests = samples.map((row, i): PredictRequest => {
    // All of the user's behaviours, those to come too; of some with the item's fields instead of its key alone.
    const history = ofUser
      .get(row.user_id)!
      .filter(({ type }) => type === "view")
      .map(({ item_id, time }) => ({ item: item_id, time, ...(i % 2 === 0 && items.get(item_id)) }));
    return {
      user: { user: row.user_id, ...users.get(row.user_id) },
      candidate: i % 3 === 0 ? row.item_id : { item: row.item_id, ...items.get(row.item_id) },
      time: row.time as string,
      context: { device: row.device },
      history,
    };
  });
  return { score: [...score], requests, scorer: await loadScorer(run) };
}

it("scores raw requests as the samples that were prepared from the same rows, to the bit", async () => {
  const { score, requests, scorer } = await compareScores(dataOf("csv"), rowsOf("events"));
  expect(scorer.score(requests)).toEqual(score);
  expect(new Set(score).size).toBeGreaterThan(score.length / 2);
  // And it does look: at the histories, and at the fields.
  expect(scorer.score(requests.map((request) => ({ ...request, history: [] })))).not.toEqual(score);
  expect(scorer.score(requests.map((request) => ({ ...request, context: {} })))).not.toEqual(score);
});

it("so too where times are days, of another zone, and some texts stand for nothing", async () => {
  const dated = rowsOf("events").map((row) => ({ ...row, time: String(row.time).slice(0, 10) }));
  const path = join(folder, "dated.ndjson");
  // In any order.
  writeFileSync(
    path,
    [...dated]
      .reverse()
      .map((row) => `${JSON.stringify(row)}\n`)
      .join(""),
  );
  const missing = ["Berlin", "female", "Department 1"];
  const sources = { events: path, users: fileOf("ndjson", "users"), items: fileOf("ndjson", "items") };
  const changed = { ...(features() as object), utc_offset: "+05:30", missing };
  await prepareEvents({ features: changed, featuresPath, ...sources, out: dataOf("dated") });
  const { score, requests, scorer } = await compareScores(dataOf("dated"), dated);
  expect(scorer.score(requests)).toEqual(score);
  expect(new Set(score).size).toBeGreaterThan(score.length / 2);
  expect(scorer.score(requests.map(({ time, ...request }) => request))).not.toEqual(score);
});

it("finds nothing grave in it, and the copy of a label that is planted", async () => {
  const grave = async (data: string) =>
    (await inspectDataset(data)).warnings.filter(({ level }) => level === "grave").map(({ message }) => message);
  expect(await grave(dataOf("csv"))).toEqual([]);
  const planted = features() as { fields: { context: unknown[] } };
  planted.fields.context.push({ name: "copy", column: "clicked" });
  const sources = { events: fileOf("csv", "events"), users: fileOf("csv", "users"), items: fileOf("csv", "items") };
  await prepareEvents({ features: planted, featuresPath, ...sources, out: dataOf("copy") });
  expect((await grave(dataOf("copy"))).join()).toContain("field copy alone predicts the click");
});

function groupByUser(rows: readonly Row[]): Map<Row[string], Row[]> {
  const groups = new Map<Row[string], Row[]>();
  for (const row of rows) groups.set(row.user_id, [...(groups.get(row.user_id) ?? []), row]);
  return groups;
}
