/**
 * What the columns of a table of texts look like: a table that `takeSample` made, with a column `c0`, `c1`, ... for each
 * column of the source. A query is about many columns at once, for a log may have thousands and a query costs more than
 * what it reads.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { identifier } from "../../../database/sql.ts";
import { queryFile } from "./rows.ts";
import { labelRule, numberRule, timeRule, zoneRule } from "./rules.ts";

/** Columns of one query; what it holds meanwhile is as much as they do. */
const AT_ONCE = 100;
const MOST_VALUES = 8;

/** What a column looks like in the sample; counts are of rows where it is not empty. */
export interface ColumnLook {
  readonly column: string;
  /** Its name in the table of the sample. */
  readonly text: string;
  readonly filled: number;
  readonly distinct: number;
  readonly times: number;
  /** Of times: some are not at midnight; some are texts of ISO 8601; some carry an offset; the earliest. */
  readonly hasTimeOfDay: boolean;
  readonly hasIso: boolean;
  readonly hasOffset: boolean;
  readonly earliest: number | null;
  readonly labels: number;
  readonly numbers: number;
  readonly meanLength: number;
}

/** A look at each column, in order. */
export async function lookAtColumns(
  connection: DuckDBConnection,
  table: string,
  columns: readonly string[],
): Promise<ColumnLook[]> {
  const texts = columns.map((_, index) => `c${index}`);
  const found = await ofColumns(
    connection,
    table,
    texts,
    (
      from,
    ) => `SELECT name, count(*), count(DISTINCT value), count(time), coalesce(bool_or(time % 86400000 <> 0), false),
        coalesce(bool_or(time IS NOT NULL AND substr(value, 5, 1) = '-'), false),
        coalesce(bool_or(time IS NOT NULL AND ${zoneRule("value")}), false), min(time),
        count(${labelRule("value")}), count(*) FILTER (${numberRule("value")}), avg(length(value))
      FROM (SELECT name, value, ${timeRule("value", 0)} AS time FROM ${from}) GROUP BY name`,
  );
  return texts.map((text, index) => {
    const [filled, distinct, times, hasTimeOfDay, hasIso, hasOffset, earliest, labels, numbers, meanLength] =
      found.get(text) ?? [];
    return {
      column: columns[index],
      text,
      filled: Number(filled ?? 0),
      distinct: Number(distinct ?? 0),
      times: Number(times ?? 0),
      hasTimeOfDay: Boolean(hasTimeOfDay),
      hasIso: Boolean(hasIso),
      hasOffset: Boolean(hasOffset),
      earliest: earliest === null || earliest === undefined ? null : Number(earliest),
      labels: Number(labels ?? 0),
      numbers: Number(numbers ?? 0),
      meanLength: Number(meanLength ?? 0),
    };
  });
}

/** Of a column's values, by key: in how many keys it has two or more, and in how many of these they differ. */
export interface Constancy {
  readonly groups: number;
  readonly varied: number;
}

/** For each of `texts` how constant it is where `key`, another column, is the same. */
export async function constancyOf(
  connection: DuckDBConnection,
  table: string,
  texts: readonly string[],
  key: string,
): Promise<Map<string, Constancy>> {
  const found = await ofColumns(
    connection,
    table,
    texts,
    (from) => `SELECT name, count(*), count(*) FILTER (found > 1) FROM (
        SELECT name, count(DISTINCT value) AS found FROM ${from} GROUP BY name, key HAVING count(*) > 1) GROUP BY name`,
    [`${key} AS key`],
  );
  const constancy = (text: string): Constancy => {
    const [groups = 0, varied = 0] = found.get(text) ?? [];
    return { groups: Number(groups), varied: Number(varied) };
  };
  return new Map(texts.map((text) => [text, constancy(text)]));
}

/** The most frequent values of a column, most frequent first. */
export async function frequentValues(connection: DuckDBConnection, table: string, text: string): Promise<string[]> {
  const sql = `SELECT ${text} FROM ${identifier(table)} WHERE ${text} IS NOT NULL GROUP BY 1
    ORDER BY count(*) DESC, 1 LIMIT ${MOST_VALUES}`;
  return (await queryFile(connection, table, sql)).map(([value]) => String(value));
}

/**
 * What `query` says of columns, by their names: it is given a relation with a row for each value that is not null, `name`
 * being its column. A column without values is not there.
 */
async function ofColumns(
  connection: DuckDBConnection,
  table: string,
  texts: readonly string[],
  query: (from: string) => string,
  beside: readonly string[] = [],
): Promise<Map<string, readonly unknown[]>> {
  const found = new Map<string, readonly unknown[]>();
  for (let from = 0; from < texts.length; from += AT_ONCE) {
    const some = texts.slice(from, from + AT_ONCE);
    const values = `(SELECT ${[...beside, ...some].join(", ")} FROM ${identifier(table)})`;
    const long = `(FROM ${values} UNPIVOT (value FOR name IN (${some.join(", ")})))`;
    for (const [name, ...rest] of await queryFile(connection, table, query(long))) found.set(String(name), rest);
  }
  return found;
}
