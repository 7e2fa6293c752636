/**
 * A baseline from what users did: a dataset, the records of a server, or a table. The users' own sums say how much they
 * differ, so a plan knows what clicks of the same user have in common; and the first days of the log say how many users an
 * experiment of so many days would meet.
 */
import { stat } from "node:fs/promises";
import { extname, join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { fileFailure } from "../../database/errors.ts";
import { withWorkDatabase } from "../../database/open.ts";
import { identifier, literalPath } from "../../database/sql.ts";
import { SPLITS } from "../../dataset/dataset.ts";
import { itemsFile, MANIFEST_FILE, samplesFile, sequencesFile } from "../../dataset/layout.ts";
import { type Manifest, PROTOCOLS, readManifest } from "../../dataset/manifest.ts";
import { DAY } from "../../dataset/time.ts";
import { VerifiedFiles } from "../../dataset/verified-files.ts";
import { failure } from "../../errors/failure.ts";
import { unlessAbsent } from "../../files/failures.ts";
import { withTemporaryFolder } from "../../files/scratch.ts";
import { openTables } from "../../inspection/measure/database.ts";
import type { Sums } from "../../statistics/sums.ts";
import { QUANTITIES, sumsBy } from "../analysis/sums.ts";
import { readRecords } from "../records/read.ts";
import { type Baseline, spanOf } from "./baseline.ts";

/** What becomes of a log: SQL for rows of "user", "time" (milliseconds since 1970, NULL where there is none) and the quantities. */
interface LogRows {
  readonly source: string;
  readonly sql: string;
  readonly hasRevenue: boolean;
}

const MEMORY = 2 ** 30;
/** Stretches of a log that are looked at: every day, or as many days as that takes. */
const MOST_SPANS = 60;

/**
 * @param path a dataset folder, a folder of records, or a file: CSV, NDJSON or Parquet
 * @param logDays how many days it is of; needed where its rows have no times
 * @throws UserError where it cannot be read, has no click rates, or has no times and `logDays` is not given
 */
export async function readBaseline(path: string, logDays?: number): Promise<Baseline> {
  const place = await stat(path).catch(unlessAbsent);
  if (place === undefined) throw failure("file.absent", { action: "read", path });
  if (!place.isDirectory()) {
    return await withDatabase(path, async (connection) => {
      return await baselineOfRows(connection, await rowsOfTable(connection, path), path, logDays);
    });
  }
  const isDataset = (await stat(join(path, MANIFEST_FILE)).catch(unlessAbsent)) !== undefined;
  if (isDataset) return await ofDataset(path, logDays);
  return await readRecords({ exposures: [path], outcomes: [path] }, (connection, { files }) => {
    if (files.exposures === 0) throw failure("ab.no-files", { path, name: "exposures" });
    return baselineOfRows(connection, RECORDS, path, logDays);
  });
}

/** Every impression once, as a report has it: of scores, whose candidates share an id, one. With the outcomes that were put down to it. */
const RECORDS: LogRows = {
  source: "the records",
  sql: `
    SELECT "user", epoch_ms("time") AS "time", 1 AS impressions, 0 AS clicks, 0 AS revenue FROM exposures
      QUALIFY row_number() OVER (PARTITION BY id ORDER BY "time") = 1
    UNION ALL
    SELECT "user", epoch_ms("time"), 0, ("type" = 'click')::INTEGER, coalesce("value", 0) FROM outcomes WHERE attributed`,
  hasRevenue: true,
};

async function ofDataset(directory: string, logDays: number | undefined): Promise<Baseline> {
  const manifest = await readManifest(directory);
  const { protocol, clock, meanWeight } = manifest;
  if ((PROTOCOLS as readonly string[]).includes(protocol) || protocol === "target") {
    throw failure("ab.no-rates", { path: directory, protocol });
  }
  return await withDatabase(directory, async (connection) => {
    const files = new VerifiedFiles(directory, manifest);
    for (const name of filesOfSamples(manifest)) await files.use(name, async () => undefined);
    return await files.useAgain(async () => {
      await openTables(connection, directory, manifest);
      // A sample that stands for several impressions counts as so many.
      const weight = meanWeight === undefined ? "1" : "sample_weight::DOUBLE";
      const sql = `SELECT "user", ${clock === "time" ? '"time"' : "NULL::BIGINT"} AS "time", ${weight} AS impressions,
                          label * ${weight} AS clicks, 0 AS revenue FROM samples`;
      return await baselineOfRows(connection, { source: "the dataset", sql, hasRevenue: false }, directory, logDays);
    });
  });
}

function filesOfSamples(manifest: Manifest): string[] {
  const all = [itemsFile(manifest), sequencesFile(manifest), ...SPLITS.map((split) => samplesFile(manifest, split))];
  return all.map(({ name }) => name);
}

/** Gives `work` a database that may spill. */
async function withDatabase<T>(path: string, work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  return await withTemporaryFolder("dien-plan", (folder) =>
    withWorkDatabase(join(folder, "work"), MEMORY, async (connect) => {
      try {
        return await work(await connect());
      } catch (error) {
        throw fileFailure(error, "read", path);
      }
    }),
  );
}

const READERS: Readonly<Record<string, string>> = {
  ".parquet": "read_parquet",
  ".csv": "read_csv",
  ".tsv": "read_csv",
  ".ndjson": "read_ndjson",
  ".jsonl": "read_ndjson",
};

/**
 * A table has a column `user`; of a row that is an impression, `clicks` (or `click`) is 0 or 1; of one that has several,
 * `impressions` says how many. `revenue` and `time` are optional.
 */
async function rowsOfTable(connection: DuckDBConnection, path: string): Promise<LogRows> {
  const reader = READERS[extname(path).toLowerCase()];
  if (reader === undefined) {
    const expected = `a dataset, a folder of records, or a file that ends in ${Object.keys(READERS).join(", ")}`;
    throw failure("ab.wrong-log", { path, problem: `expected ${expected}` });
  }
  const from = `${reader}(${literalPath(path)})`;
  const described = await connection.runAndReadAll(`DESCRIBE FROM ${from}`);
  const types = new Map(described.getRowObjectsJS().map((row) => [String(row.column_name), String(row.column_type)]));
  const clicks = types.has("clicks") ? "clicks" : "click";
  for (const name of ["user", clicks]) {
    if (!types.has(name)) {
      throw failure("ab.wrong-log", {
        path,
        problem: `it has no column ${name}; its columns are ${[...types.keys()]}`,
      });
    }
  }
  const number = (name: string, otherwise: number) =>
    types.has(name) ? `${identifier(name)}::DOUBLE` : `${otherwise}`;
  const isNumber = /INT|DOUBLE|FLOAT|DECIMAL/.test(types.get("time") ?? "");
  const time = isNumber ? '"time"::BIGINT' : 'epoch_ms("time"::TIMESTAMP)';
  await connection.run(
    `CREATE TEMP TABLE given AS SELECT "user"::VARCHAR AS "user", ${types.has("time") ? time : "NULL::BIGINT"} AS "time",
            ${number("impressions", 1)} AS impressions, ${number(clicks, 0)} AS clicks, ${number("revenue", 0)} AS revenue
     FROM ${from}`,
  );
  const bad = `"user" IS NULL OR impressions IS NULL OR clicks IS NULL OR revenue IS NULL
               OR NOT (impressions >= 0 AND clicks BETWEEN 0 AND impressions AND isfinite(revenue))`;
  const counted = await connection.runAndReadAll(`SELECT count(*) FILTER (WHERE ${bad}), count(*) FROM given`);
  const [count, all] = counted.getRows()[0].map(Number);
  if (count > 0) {
    const problem = `${count} of ${all} rows lack a value, or have more clicks than impressions or what is no number`;
    throw failure("ab.wrong-log", { path, problem });
  }
  return { source: "the table", sql: "FROM given", hasRevenue: types.has("revenue") };
}

async function baselineOfRows(
  connection: DuckDBConnection,
  { source, sql, hasRevenue }: LogRows,
  path: string,
  logDays: number | undefined,
): Promise<Baseline> {
  const sums = QUANTITIES.map((name) => `sum(${name})::DOUBLE AS ${name}`).join(", ");
  await connection.run(`CREATE TEMP TABLE acts AS (${sql})`);
  await connection.run(
    `CREATE TEMP TABLE user_days AS
     SELECT "user", ("time" - (SELECT min("time") FROM acts)) // ${DAY} AS day, ${sums} FROM acts GROUP BY ALL`,
  );
  const found = await connection.runAndReadAll(`SELECT count(*), count(day), max(day) + 1, sum(clicks) FROM user_days`);
  const [rows, timed, last, clicks] = found.getRows()[0].map(Number);
  if (!(clicks > 0)) throw failure("ab.wrong-log", { path, problem: "it has no clicks" });
  const hasTimes = timed === rows;
  if (!hasTimes && logDays === undefined) throw failure("ab.no-times", { path });
  if (!hasTimes) {
    const all = await sumsWhere(connection, "true");
    return { source: `${source} ${path}`, spans: [spanOf(logDays as number, all, hasRevenue)] };
  }
  const step = Math.ceil(last / MOST_SPANS);
  const spans = [];
  for (let days = step; days < last + step; days += step) {
    const end = Math.min(days, last);
    spans.push(spanOf(end, await sumsWhere(connection, `day < ${end}`), hasRevenue));
  }
  return { source: `${source} ${path}`, spans };
}

/** Sums over the users who come on some days. */
async function sumsWhere(connection: DuckDBConnection, days: string): Promise<Sums> {
  const sums = QUANTITIES.map((name) => `sum(${name}) AS ${name}`).join(", ");
  const users = `(SELECT 'all' AS arm, "user", ${sums} FROM user_days WHERE ${days} GROUP BY "user")`;
  const [{ sums: all }] = await sumsBy(connection, users, ["arm"], QUANTITIES);
  return all;
}
