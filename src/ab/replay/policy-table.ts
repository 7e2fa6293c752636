/**
 * A policy as a table: with which probability it shows each item, in each situation. A situation is what the columns
 * `id` and `position` say, as far as the table has them: with neither, the policy is the same for everybody.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { identifier } from "../../database/sql.ts";
import { failure } from "../../errors/failure.ts";
import { storedAs, type TableColumns } from "../analysis/columns.ts";
import { numbers } from "./tables.ts";

export const PROBABILITIES: TableColumns = {
  name: "probabilities",
  hasTime: false,
  columns: [
    { name: "item", kind: "text", needs: "an item" },
    { name: "probability", kind: "number" },
    { name: "predicted", kind: "number" },
    { name: "id", kind: "text" },
    { name: "position", kind: "number" },
  ],
};

const at = (column: string) => identifier(storedAs(column));
/** Probabilities of a situation may miss 1 by as much, having been rounded. */
const TOLERANCE = 1e-3;

/**
 * Makes of the tables `logged` and `probabilities` the table
 *
 *   judged   place, target (probability of what was shown), predicted (a model's reward of that), expected (its mean over
 *            what the policy would show); the latter two null where there is no model
 *
 * @throws UserError where an impression has no situation, or the probabilities of one do not add up to 1
 */
export async function judgeByTable(
  connection: DuckDBConnection,
  path: string,
  columns: ReadonlySet<string>,
): Promise<void> {
  if (!columns.has("probability")) throw failure("replay.no-probabilities", { path });
  const keys = ["id", "position"].filter((name) => columns.has(name));
  const named = keys.map((name) => `${at(name)} AS ${identifier(name)}`);
  const joined = (table: string) => keys.map((name) => ` AND ${table}.${name} IS NOT DISTINCT FROM l.${name}`).join("");
  await connection.run(`CREATE TABLE chances AS SELECT ${[...named, `${at("item")} AS item`].join(", ")},
    sum(${at("probability")}) AS probability, any_value(${at("predicted")}) AS predicted FROM probabilities GROUP BY ALL`);
  await connection.run(`CREATE TABLE situations AS SELECT ${[...keys, "sum(probability) AS total"].join(", ")},
      CASE WHEN count(*) = count(predicted) THEN sum(probability * predicted) END AS expected
    FROM chances ${keys.length > 0 ? "GROUP BY ALL" : ""}`);
  const [off, total] = await numbers(
    connection,
    `SELECT count(*), coalesce(any_value(total), 1) FROM situations WHERE abs(total - 1) > ${TOLERANCE}`,
  );
  if (off > 0) throw failure("replay.no-distribution", { path, situations: off, total });
  await connection.run(`CREATE TABLE judged AS SELECT l.place, coalesce(c.probability, 0) AS target,
      coalesce(c.predicted, CASE WHEN c.item IS NULL AND s.expected IS NOT NULL THEN 0 END) AS predicted,
      s.expected, s.total IS NULL AS is_lost
    FROM logged l LEFT JOIN situations s ON true${joined("s")}
      LEFT JOIN chances c ON c.item = l.item${joined("c")}`);
  const [lost] = await numbers(connection, "SELECT count(*) FROM judged WHERE is_lost");
  if (lost > 0) throw failure("replay.no-situation", { path, rows: lost, keys: keys.join(" and ") });
}
