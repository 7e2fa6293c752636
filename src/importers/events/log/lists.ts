/**
 * Rows of lists as rows of one item each: `raw_events` gets an impression for each candidate, and given histories become
 * `raw_behaviours`, so that what comes after sees a log like any other.
 *
 * A history is a sequence by itself: a user has as many as there are different ones, numbered by `given` in the order in
 * which they were first shown something with. Its behaviours have a `place` and no time of their own; they stand at the
 * time of the first impression after them, which tells the part of the log that may learn from them.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Features } from "../features/features.ts";

/** Puts rows of one item in the place of rows of several; returns whether there are given histories now. */
export async function unfoldLists(connection: DuckDBConnection, features: Features): Promise<boolean> {
  const { impressions, history, behaviours, columns } = features;
  if (impressions.list !== undefined) {
    await replaceEvents(
      connection,
      `SELECT raw_events.* EXCLUDE (candidates), one.item AS "item", one.label AS "label"
       FROM raw_events, unnest(candidates) AS listed(one)`,
    );
  }
  if (history === undefined) return false;
  const latest = `coalesce(history, [])[-${behaviours.maxHistory}:]`;
  await connection.run(
    `CREATE TABLE histories AS SELECT *, row_number() OVER (ORDER BY "user", "time", history)::INTEGER AS given
     FROM (SELECT "user", ${latest} AS history, min("time") AS "time" FROM raw_events WHERE "label" IS NOT NULL GROUP BY ALL)`,
  );
  await replaceEvents(
    connection,
    `SELECT raw_events.* EXCLUDE (history), given FROM raw_events LEFT JOIN histories
     ON histories."user" = raw_events."user" AND histories.history = ${latest.replace("history", "raw_events.history")}`,
  );
  // Behaviours have the columns of the log that distinguish rows.
  const type = columns.type === undefined ? "" : `, NULL::VARCHAR AS "type"`;
  await connection.run(
    `CREATE TABLE raw_behaviours AS SELECT "user", given, "time", unnest(history) AS "item",
       unnest(range(1, len(history) + 1))::INTEGER AS place${type} FROM histories`,
  );
  await connection.run("DROP TABLE histories");
  return true;
}

async function replaceEvents(connection: DuckDBConnection, query: string): Promise<void> {
  await connection.run(`CREATE TABLE unfolded AS ${query}`);
  await connection.run("DROP TABLE raw_events");
  await connection.run("ALTER TABLE unfolded RENAME TO raw_events");
}
