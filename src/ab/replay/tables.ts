/** The log of impressions and what came of them, in DuckDB: one row an impression that can be replayed. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { identifier, quote } from "../../database/sql.ts";
import { failure } from "../../errors/failure.ts";
import { storedAs, type TableColumns } from "../analysis/columns.ts";

export const EXPOSURES: TableColumns = {
  name: "exposures",
  hasTime: false,
  columns: [
    { name: "item", kind: "text", needs: "an item" },
    { name: "propensity", kind: "number" },
    { name: "id", kind: "text" },
    { name: "user", kind: "text" },
    { name: "experiment", kind: "text" },
    { name: "position", kind: "number" },
    { name: "request", kind: "text" },
    { name: "click", kind: "number" },
    { name: "revenue", kind: "number" },
  ],
};

export const OUTCOMES: TableColumns = {
  name: "outcomes",
  hasTime: false,
  columns: [
    { name: "impression", kind: "text", needs: "the id of an exposure" },
    { name: "type", kind: "text", needs: "a type such as click" },
    { name: "id", kind: "text" },
    { name: "value", kind: "number" },
    { name: "attributed", kind: "text" },
  ],
};

/** What of all rows is not used. */
export interface UnusedRows {
  /** Rows of the same impression, or outcome, once more. */
  readonly repeated: number;
  readonly otherExperiments: number;
  /** Impressions whose place is not known: the caller of `/v1/score` chose what to show. */
  readonly unplaced: number;
  readonly withoutPropensity: number;
  /** Outcomes that are attributed to no impression, or to none of those that are used. */
  readonly outcomes: number;
}

const at = (column: string) => identifier(storedAs(column));

/**
 * Makes of the tables `exposures` and, if there is one, `outcomes` the table
 *
 *   logged   place (a number), key (of the request), user, item, position, propensity, clicks, revenue, request
 *
 * @throws UserError where nothing was left to chance, so that nothing can be said of another policy
 */
export async function makeLogged(
  connection: DuckDBConnection,
  options: {
    readonly path: string;
    readonly columns: ReadonlySet<string>;
    readonly hasOutcomes: boolean;
    readonly experiment: string | undefined;
    readonly click: string;
    readonly revenue: readonly string[] | undefined;
  },
): Promise<UnusedRows> {
  const { path, columns, hasOutcomes, experiment, click, revenue } = options;
  if (!columns.has("propensity")) throw failure("replay.no-propensities", { path });
  if (!hasOutcomes && !columns.has("click")) throw failure("replay.no-rewards", { path });
  const isOurs = experiment === undefined ? "true" : `coalesce(${at("experiment")}, '') IN ('', ${quote(experiment)})`;
  const isPlaced = columns.has("position") ? `${at("position")} IS NOT NULL` : "true";
  const isGood = `${at("propensity")} IS NOT NULL`;
  const [others, unplaced, unknown, wrong] = await numbers(
    connection,
    `SELECT count(*) FILTER (NOT (${isOurs})), count(*) FILTER (${isOurs} AND NOT (${isPlaced})),
      count(*) FILTER (${isOurs} AND ${isPlaced} AND NOT (${isGood})),
      count(*) FILTER (${at("propensity")} <= 0 OR ${at("propensity")} > 1) FROM exposures`,
  );
  if (wrong > 0) throw failure("replay.wrong-propensities", { path, rows: wrong });
  if (hasOutcomes) await makeRewards(connection, click, revenue);
  const reward = (ofOutcomes: string, own: string) => `coalesce(${hasOutcomes ? ofOutcomes : at(own)}, 0)::DOUBLE`;
  // Ids are REQUEST.POSITION.
  await connection.run(`CREATE TABLE logged AS
    WITH kept AS (SELECT *, coalesce(${at("id")}, 'row ' || rowid) AS id FROM exposures
      WHERE ${isOurs} AND ${isPlaced} AND ${isGood}
      QUALIFY row_number() OVER (PARTITION BY coalesce(${at("id")}, 'row ' || rowid) ORDER BY rowid) = 1),
    named AS (SELECT id, regexp_replace(id, '\\.[0-9]+$', '') AS key, coalesce(${at("user")}, id) AS "user",
      ${at("item")} AS item, ${at("position")} AS position, ${at("propensity")} AS propensity,
      ${at("request")} AS request, ${reward("r.clicks", "click")} AS clicks, ${reward("r.revenue", "revenue")} AS revenue
      FROM kept ${hasOutcomes ? "LEFT JOIN rewards r ON r.impression = kept.id" : ""})
    SELECT row_number() OVER (ORDER BY "user", id) AS place, * FROM named ORDER BY place`);
  const [rows, least, used, all, distinct] = await numbers(
    connection,
    `SELECT count(*), coalesce(min(propensity), 1), ${hasOutcomes ? "(SELECT coalesce(sum(outcomes), 0) FROM rewards SEMI JOIN logged ON impression = id)" : "0"},
      ${hasOutcomes ? "(SELECT count(*) FROM outcomes)" : "0"}, ${hasOutcomes ? "(SELECT count(*) FROM once)" : "0"} FROM logged`,
  );
  if (rows === 0) throw failure("replay.no-propensities", { path });
  if (least === 1) throw failure("replay.no-chance", { path });
  const [kept] = await numbers(
    connection,
    `SELECT count(*) FROM exposures WHERE ${isOurs} AND ${isPlaced} AND ${isGood}`,
  );
  return {
    ...{ repeated: kept - rows + all - distinct, otherExperiments: others, unplaced, withoutPropensity: unknown },
    outcomes: distinct - used,
  };
}

/** `rewards`: of each impression how many outcomes it has, clicks and revenue. */
async function makeRewards(
  connection: DuckDBConnection,
  click: string,
  revenue: readonly string[] | undefined,
): Promise<void> {
  const isRevenue = revenue === undefined ? "true" : `${at("type")} IN (${revenue.map(quote).join(", ")})`;
  await connection.run(`CREATE TABLE once AS SELECT * FROM outcomes
    QUALIFY row_number() OVER (PARTITION BY coalesce(${at("id")}, 'row ' || rowid) ORDER BY rowid) = 1`);
  await connection.run(`CREATE TABLE rewards AS SELECT ${at("impression")} AS impression, count(*) AS outcomes,
      count(*) FILTER (${at("type")} = ${quote(click)}) AS clicks,
      sum(${at("value")} ORDER BY ${at("value")}) FILTER (${isRevenue}) AS revenue
    FROM once WHERE coalesce(${at("attributed")}, 'true') <> 'false' GROUP BY 1`);
}

export async function numbers(connection: DuckDBConnection, sql: string): Promise<number[]> {
  return (await connection.runAndReadAll(sql)).getRowsJS()[0].map(Number);
}
