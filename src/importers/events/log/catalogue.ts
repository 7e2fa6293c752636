/**
 * The items of a coded log with their fields, as they may be known when an item is shown: the table `catalogue` (log.ts).
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Features } from "../features/features.ts";
import type { SampleRule } from "./histories.ts";
import { codeColumn, dictionaryOf, type GivenTables, knownColumn, rawColumn, withoutItems } from "./names.ts";

/** Makes the catalogue; `split` decides which rows of the log training may know. */
export async function buildCatalogue(
  connection: DuckDBConnection,
  features: Features,
  tables: GivenTables,
  split: SampleRule["split"],
): Promise<void> {
  await connection.run(trainingLog(split));
  if (features.fields.item.some(({ from }) => from === "events")) await connection.run(FIRST_ROWS);
  await connection.run(catalogue(features, tables));
}

/** The rows of the training part; the log stands in the order of sequences. */
function trainingLog(split: SampleRule["split"]): string {
  if (split !== null) return `CREATE VIEW training_log AS FROM log WHERE "time" < ${split.validFrom}`;
  return `CREATE VIEW training_log AS SELECT log.* FROM log
    JOIN (SELECT sequence, max(rowid) - 2 AS last FROM log GROUP BY sequence) ends USING (sequence)
    WHERE log.rowid <= ends.last`;
}

/**
 * Of each item that training does not know, the rows at the first time that it occurs, and at the first that it is shown:
 * what it occurs in before, a history that is given or a log of behaviours, may have none of its fields.
 */
const FIRST_ROWS = `CREATE TABLE first_rows AS SELECT log.* FROM log
  JOIN (SELECT item, min("time") AS first, min("time") FILTER (label >= 0) AS shown
        FROM log ANTI JOIN training_log USING (item) GROUP BY item) unknown
  ON unknown.item = log.item AND log."time" IN (unknown.first, unknown.shown)`;

/**
 * A field of the events has in the catalogue the value of the item's earliest row of the training part with one; of
 * equal times the least. A value that only later rows have would leak the future into training. An item that training
 * does not know has what its first rows say: that is known whenever the item is a candidate, and training learns nothing
 * of it. An item that is known by its fields alone has them from the beginning.
 */
function catalogue(features: Features, tables: GivenTables): string {
  const fields = features.fields.item.filter(({ from }) => from !== "key");
  const known = withoutItems(features, tables) ? features.behaviours.fields.map(({ name }) => name) : [];
  const fieldsOf = fields.map(({ name, from }) => {
    const [table, column, earliest] = [dictionaryOf(name), codeColumn(name), `"earliest_${name}"`];
    const raw = [
      ...(from === "items" ? [`raw_items.${rawColumn(name)}`] : []),
      ...(known.includes(name) ? [knownColumn(name)] : []),
    ];
    const joins = [];
    const codes = [];
    if (from === "events") {
      joins.push(`LEFT JOIN (SELECT item, arg_min(${column}, ("time", ${column})) AS code
        FROM (FROM training_log UNION ALL FROM first_rows) WHERE ${column} > 0 GROUP BY item) ${earliest} ON ${earliest}.item = item_keys.row`);
      codes.push(`${earliest}.code`);
    }
    if (raw.length > 0) {
      joins.push(`LEFT JOIN ${table} ON ${table}.raw = coalesce(${raw.join(", ")})`);
      codes.push(`${table}.code`);
    }
    return { joins, code: `, coalesce(${codes.join(", ")}, 0) AS ${column}` };
  });
  const codes = fieldsOf.map(({ code }) => code).join("");
  const joins = fieldsOf.flatMap(({ joins }) => joins).join(" ");
  const table = tables.items ? `LEFT JOIN raw_items ON raw_items."item" = CASE WHEN keyed THEN item_keys.key END` : "";
  return `CREATE TABLE catalogue AS SELECT row, item_keys.key, keyed${codes} FROM item_keys ${table} ${joins} ORDER BY row`;
}
