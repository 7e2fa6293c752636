/**
 * From rows to what every user did, in DuckDB: each impression once, each outcome once and with the impression that it
 * follows, then sums by user and day. The analysis unit is the user, for the experiment drew users and not impressions.
 *
 * Sums of values are ordered, so that they have the same bits in every run.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { identifier, quote } from "../../database/sql.ts";
import { furtherAs, storedAs } from "./columns.ts";

const DAY = 86_400_000;

/** How outcomes find what they follow: by the impression that they name, or as the latest of their user. */
export type Attribution = "impression" | "user";

export interface TablesOptions {
  /** Of several experiments in the files, this one. */
  readonly experiment: string | undefined;
  readonly arms: readonly string[];
  /** Milliseconds after an impression within which an outcome counts. */
  readonly window: number;
  readonly by: Attribution;
  readonly click: string;
  /** Types whose values are revenue; undefined: all. */
  readonly revenue: readonly string[] | undefined;
  readonly segments: readonly string[];
}

/** What became of all rows; everything that is not used is counted. */
export interface Counts {
  readonly impressions: number;
  /** Rows of an id that was there, alike and unlike the first. */
  readonly repeated: number;
  readonly conflicting: number;
  readonly otherExperiments: number;
  readonly otherArms: number;
  readonly users: number;
  /** Users in more than one arm, who are in none then. */
  readonly mixedUsers: number;
  readonly outcomes: {
    readonly counted: number;
    readonly repeated: number;
    readonly otherExperiments: number;
    readonly early: number;
    readonly late: number;
    /** Without an exposure: of users who have some, and of others. */
    readonly lost: number;
    readonly foreign: number;
    /** Of users in more than one arm. */
    readonly mixed: number;
  };
}

const at = (column: string) => identifier(storedAs(column));

/** Segment n of an exposure: the column of that name, or the field of the user's. */
const segmentOf = (name: string) =>
  `coalesce(${identifier(furtherAs(name))}, json_extract_string(TRY_CAST(${at("fields")} AS JSON), ${quote(`/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`)}))`;

/**
 * Makes of the tables `exposures` and `outcomes` the tables
 *
 *   shown      one row an impression: id, time, day (since 1970), user, arm, propensity, s0, s1, ... of segments
 *   followed   one row an outcome: fate, and of those counted the impression's user, arm, day; click, revenue
 *   user_days  user, arm, day: impressions, clicks, revenue, by the day of the impression
 *   users      user, arm: the same in all, first (time), s0, s1, ... as they were at first; ordered by user
 */
export async function makeTables(connection: DuckDBConnection, options: TablesOptions): Promise<Counts> {
  const { experiment, arms, window, by, click, revenue, segments } = options;
  const one = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJS()[0].map(Number);
  const isOurs =
    experiment === undefined ? "true" : `coalesce(${at("experiment")}, ${quote(experiment)}) = ${quote(experiment)}`;
  const isArm = `${at("arm")} IN (${arms.map(quote).join(", ")})`;
  // What has no id is a row of its own, which no outcome can name.
  const id = `${at("id")}, CASE WHEN ${at("id")} IS NULL THEN rowid END`;
  const [otherExperiments, otherArms] = await one(
    `SELECT count(*) FILTER (NOT (${isOurs})), count(*) FILTER ((${isOurs}) AND NOT (${isArm})) FROM exposures`,
  );
  const segmentColumns = segments.map((name, n) => `${segmentOf(name)} AS s${n}`);
  const columns = [
    `${at("id")} AS id`,
    `"time"`,
    `"time" // ${DAY} AS day`,
    `${at("user")} AS "user"`,
    `${at("arm")} AS arm`,
    `${at("propensity")} AS propensity`,
    ...segmentColumns,
  ];
  const [kept, conflicting, rows] = await (async () => {
    await connection.run(
      `CREATE TABLE shown AS SELECT ${columns.join(", ")},
        count(*) OVER same AS copies, count(DISTINCT (${at("user")}, ${at("arm")})) OVER same AS kinds
      FROM exposures WHERE (${isOurs}) AND ${isArm} WINDOW same AS (PARTITION BY ${id})
      QUALIFY row_number() OVER (PARTITION BY ${id} ORDER BY "time", ${at("user")}, ${at("arm")}) = 1`,
    );
    return await one(
      `SELECT count(*), coalesce(sum(copies - 1) FILTER (kinds > 1), 0), coalesce(sum(copies), 0) FROM shown`,
    );
  })();
  await connection.run(`CREATE TABLE mixed AS SELECT "user" FROM shown GROUP BY "user" HAVING count(DISTINCT arm) > 1`);
  await connection.run(`CREATE TABLE once AS SELECT * FROM (
      SELECT rowid AS place, "time", ${at("id")} AS id, ${at("user")} AS "user", ${at("impression")} AS impression,
        ${at("type")} AS type, ${at("value")} AS value
      FROM outcomes WHERE ${isOurs}
      QUALIFY row_number() OVER (PARTITION BY ${id} ORDER BY "time", ${at("impression")}, ${at("type")}, ${at("value")}) = 1)`);
  const [ours, all, distinct] = await one(
    `SELECT (SELECT count(*) FROM outcomes WHERE ${isOurs}), (SELECT count(*) FROM outcomes), (SELECT count(*) FROM once)`,
  );
  const isRevenue = revenue === undefined ? "true" : `o.type IN (${revenue.map(quote).join(", ")})`;
  const join =
    by === "impression"
      ? `LEFT JOIN shown e ON o.impression = e.id`
      : `ASOF LEFT JOIN shown e ON o."user" = e."user" AND o."time" >= e."time"`;
  await connection.run(`CREATE TABLE followed AS SELECT e."user", e.arm, e.day,
      (o.type = ${quote(click)})::INTEGER AS click, CASE WHEN ${isRevenue} THEN o.value ELSE 0 END AS revenue, o.type,
      CASE WHEN e."user" IS NULL OR o."user" <> e."user" THEN CASE
          WHEN ${by === "user"} AND o."user" IN (SELECT "user" FROM shown) THEN 'early'
          WHEN o."user" IN (SELECT "user" FROM shown) THEN 'lost' ELSE 'foreign' END
        WHEN o."time" < e."time" THEN 'early' WHEN o."time" > e."time" + ${window} THEN 'late'
        WHEN e."user" IN (SELECT "user" FROM mixed) THEN 'mixed' ELSE 'counted' END AS fate
    FROM once o ${join}`);
  await connection.run(`CREATE TABLE user_days AS
    WITH seen AS (SELECT "user", arm, day, count(*)::DOUBLE AS impressions FROM shown
      WHERE "user" NOT IN (SELECT "user" FROM mixed) GROUP BY ALL),
    done AS (SELECT "user", day, sum(click)::DOUBLE AS clicks, sum(coalesce(revenue, 0) ORDER BY revenue) AS revenue
      FROM followed WHERE fate = 'counted' GROUP BY ALL)
    SELECT "user", arm, day, impressions, coalesce(clicks, 0) AS clicks, coalesce(revenue, 0) AS revenue
    FROM seen LEFT JOIN done USING ("user", day) ORDER BY "user", day`);
  const first = segments.map((_, n) => `arg_min_null(s${n}, ("time", id, s${n})) AS s${n}`);
  await connection.run(`CREATE TABLE users AS
    WITH sums AS (SELECT "user", arm, sum(impressions) AS impressions, sum(clicks) AS clicks,
      sum(revenue ORDER BY day) AS revenue FROM user_days GROUP BY ALL),
    firsts AS (SELECT ${[`"user"`, `min("time") AS first`, ...first].join(", ")} FROM shown GROUP BY "user")
    SELECT * FROM sums JOIN firsts USING ("user") ORDER BY "user"`);
  const [users, mixedUsers] = await one(
    `SELECT (SELECT count(DISTINCT "user") FROM shown), (SELECT count(*) FROM mixed)`,
  );
  const fates = new Map(
    (await connection.runAndReadAll(`SELECT fate, count(*) FROM followed GROUP BY fate`))
      .getRowsJS()
      .map(([fate, count]) => [String(fate), Number(count)]),
  );
  const fate = (name: string) => fates.get(name) ?? 0;
  return {
    ...{ impressions: kept, repeated: rows - kept, conflicting, otherExperiments, otherArms, users, mixedUsers },
    outcomes: {
      ...{ counted: fate("counted"), repeated: ours - distinct, otherExperiments: all - ours },
      ...{
        early: fate("early"),
        late: fate("late"),
        lost: fate("lost"),
        foreign: fate("foreign"),
        mixed: fate("mixed"),
      },
    },
  };
}

/** Adds `b_impressions`, `b_clicks`, `b_revenue` to `users`: what the table `before` says of each, 0 where it says nothing. */
export async function addBefore(connection: DuckDBConnection): Promise<{ readonly known: number }> {
  const sums = ["impressions", "clicks", "revenue"].map((name) => {
    return `coalesce(sum(${at(name)} ORDER BY ${at(name)}), 0)::DOUBLE AS b_${name}`;
  });
  await connection.run(`CREATE TABLE users_before AS SELECT u.*, ${["impressions", "clicks", "revenue"]
    .map((name) => `coalesce(b_${name}, 0) AS b_${name}`)
    .join(", ")}, b_clicks IS NOT NULL AS is_known
    FROM users u LEFT JOIN (SELECT ${at("user")} AS "user", ${sums.join(", ")} FROM before GROUP BY 1) USING ("user")
    ORDER BY "user"`);
  await connection.run(`DROP TABLE users`);
  await connection.run(`ALTER TABLE users_before RENAME TO users`);
  const [[known]] = (await connection.runAndReadAll(`SELECT count(*) FILTER (is_known) FROM users`)).getRowsJS();
  return { known: Number(known) };
}
