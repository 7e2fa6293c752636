/**
 * What the columns of a table of texts look like: a table that `takeSample` made, with a column `c0`, `c1`, ... for each
 * column of the source. A query is about many columns at once, for a log may have thousands and a query costs more than
 * what it reads.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { identifier, quote } from "../../../database/sql.ts";
import { EARLIEST } from "../../../dataset/time.ts";
import { queryFile } from "./rows.ts";
import { labelRule, numberRule } from "./rules.ts";
import { timeRule, zoneRule } from "./times.ts";

/** Columns of one query; what it holds meanwhile is as much as they do. */
const AT_ONCE = 100;
const MOST_VALUES = 8;

/** What stands between the values of a list that is written as one text. */
export const SEPARATORS = ["|", "^", ";", ",", " "] as const;
export type Separator = (typeof SEPARATORS)[number];

/** How tools write that there is no value, in lower case. */
const ABSENT = [
  "na",
  "n/a",
  "#n/a",
  "<na>",
  "nan",
  "null",
  "(null)",
  "nil",
  "none",
  "\\n",
  "undefined",
  "unknown",
  "-",
  "?",
];

/** What a column looks like in the sample; counts are of rows where it is not empty. */
export interface ColumnLook {
  readonly column: string;
  /** Its name in the table of the sample. */
  readonly text: string;
  /** What it holds, where these are no texts, numbers or times: "lists", as JSON, or "objects", where it is empty then. */
  readonly nested?: string;
  readonly filled: number;
  readonly distinct: number;
  readonly times: number;
  /** Of times: how many carry an offset. */
  readonly zoned: number;
  /** Of times: some are not at midnight; some are no numbers; the earliest and the latest; how many are before 1990. */
  readonly hasTimeOfDay: boolean;
  readonly hasIso: boolean;
  readonly earliest: number | null;
  readonly latest: number | null;
  readonly early: number;
  readonly labels: number;
  /** Of values as texts, the first and the last: all there are where there are two. */
  readonly ends: readonly [string, string] | null;
  readonly numbers: number;
  /** Of numbers: how many are whole (1.0 is), how many of these have leading zeros, and between which they lie. */
  readonly wholes: number;
  readonly padded: number;
  readonly least: number | null;
  readonly most: number | null;
  /** Values that usually mean that there is none: "NULL", "-". */
  readonly absent: { readonly count: number; readonly words: readonly string[] };
  /** How many values have each of these signs in them, and how many begin as a JSON array does. */
  readonly signs: Readonly<Record<Separator | "[", number>>;
  readonly meanLength: number;
}

/** A look at each column, in order. @param nested columns that are empty in the table, by what they hold in the source */
export async function lookAtColumns(
  connection: DuckDBConnection,
  table: string,
  columns: readonly string[],
  nested: ReadonlyMap<string, string>,
): Promise<ColumnLook[]> {
  const texts = columns.map((_, index) => `c${index}`);
  const absent = `lower(value) IN (${ABSENT.map(quote).join(", ")})`;
  const found = await ofColumns(
    connection,
    table,
    texts,
    (from) => `SELECT name, count(*), count(DISTINCT value), count(time), count(time) FILTER (${zoneRule("value")}),
        coalesce(bool_or(time % 86400000 <> 0), false),
        coalesce(bool_or(time IS NOT NULL AND number IS NULL), false), min(time), max(time), count(*) FILTER (time < ${EARLIEST}),
        count(${labelRule("value")}), count(number), count(number) FILTER (number = floor(number)),
        count(*) FILTER (regexp_full_match(value, '0[0-9]+')), min(number), max(number),
        count(*) FILTER (${absent}), list(DISTINCT value) FILTER (${absent}), avg(length(value)), min(value), max(value),
        [count(*) FILTER (starts_with(value, '[')), ${SEPARATORS.map((sign) => `count(*) FILTER (contains(value, ${quote(sign)}))`).join(", ")}]
      FROM (SELECT name, value, ${timeRule("value", 0)} AS time,
        CASE WHEN ${numberRule("value")} THEN TRY_CAST(value AS DOUBLE) END AS number FROM ${from}) GROUP BY name`,
  );
  return texts.map((text, index) => {
    const row = found.get(text) ?? [];
    const [filled, distinct, times, zoned, hasTimeOfDay, hasIso, earliest, latest, early] = row;
    const [labels, numbers, wholes, padded, least, most, absences, words, meanLength, first, last, signs] =
      row.slice(9);
    const column = columns[index];
    const holds = nested.get(column);
    return {
      column,
      text,
      ...(holds !== undefined && { nested: holds }),
      filled: Number(filled ?? 0),
      distinct: Number(distinct ?? 0),
      times: Number(times ?? 0),
      zoned: Number(zoned ?? 0),
      hasTimeOfDay: Boolean(hasTimeOfDay),
      hasIso: Boolean(hasIso),
      earliest: numberOrNull(earliest),
      latest: numberOrNull(latest),
      early: Number(early ?? 0),
      labels: Number(labels ?? 0),
      ends: first === undefined ? null : [String(first), String(last)],
      numbers: Number(numbers ?? 0),
      wholes: Number(wholes ?? 0),
      padded: Number(padded ?? 0),
      least: numberOrNull(least),
      most: numberOrNull(most),
      absent: { count: Number(absences ?? 0), words: ((words ?? []) as string[]).toSorted() },
      signs: signsOf(signs as readonly unknown[] | undefined),
      meanLength: Number(meanLength ?? 0),
    };
  });
}

function signsOf(counts: readonly unknown[] | undefined): ColumnLook["signs"] {
  const named = (["[", ...SEPARATORS] as const).map((sign, index) => [sign, Number(counts?.[index] ?? 0)]);
  return Object.fromEntries(named) as ColumnLook["signs"];
}

function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}

/** Which of `texts` hold whole numbers that rise from row to row. */
export async function risingColumns(
  connection: DuckDBConnection,
  table: string,
  texts: readonly string[],
): Promise<Set<string>> {
  const before = "lag(number) OVER (PARTITION BY name ORDER BY place)";
  const found = await ofColumns(
    connection,
    table,
    texts,
    (from) => `SELECT name, bool_and(before IS NULL OR number > before) FROM (
        SELECT name, number, ${before} AS before FROM (SELECT name, value::HUGEINT AS number, place FROM ${from})) GROUP BY name`,
    ["rowid AS place"],
  );
  return new Set(texts.filter((text) => found.get(text)?.[0] === true));
}

/**
 * Of a column's values, by key: in how many keys it has two or more, in how many of these they differ, how many values
 * repeat the first of their key, and how many different values the keys have in which they do not differ.
 */
export interface Constancy {
  readonly groups: number;
  readonly varied: number;
  readonly repeats: number;
  readonly values: number;
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
    (
      from,
    ) => `SELECT name, count(*), count(*) FILTER (found > 1), sum(rows - 1), count(DISTINCT one) FILTER (found = 1) FROM (
        SELECT name, count(DISTINCT value) AS found, count(*) AS rows, min(value) AS one FROM ${from}
        WHERE key IS NOT NULL GROUP BY name, key HAVING count(*) > 1) GROUP BY name`,
    [`${key} AS key`],
  );
  const constancy = (text: string): Constancy => {
    const [groups = 0, varied = 0, repeats = 0, values = 0] = (found.get(text) ?? []).map(Number);
    return { groups, varied, repeats, values };
  };
  return new Map(texts.map((text) => [text, constancy(text)]));
}

/** The most frequent values of a column, most frequent first. */
export async function frequentValues(
  connection: DuckDBConnection,
  table: string,
  text: string,
  most = MOST_VALUES,
): Promise<string[]> {
  const sql = `SELECT ${text} FROM ${identifier(table)} WHERE ${text} IS NOT NULL GROUP BY 1
    ORDER BY count(*) DESC, 1 LIMIT ${most}`;
  return (await queryFile(connection, table, sql)).map(([value]) => String(value));
}

/** How many values `text` has in `table`, and how many of them `key` has, a column of another sample. */
export async function coverageOf(
  connection: DuckDBConnection,
  [table, text]: readonly [string, string],
  [keyTable, key]: readonly [string, string],
): Promise<number> {
  const sql = `SELECT count(known) / count(*) FROM (SELECT DISTINCT ${text} AS value FROM ${identifier(table)} WHERE ${text} IS NOT NULL)
    LEFT JOIN (SELECT DISTINCT ${key} AS known FROM ${identifier(keyTable)}) ON value = known`;
  const [[covered]] = await queryFile(connection, table, sql);
  return Number(covered ?? 0);
}

/**
 * What `query` says of columns, by their names: it is given a relation with a row for each value that is not null, `name`
 * being its column. A column without values is not there.
 */
export async function ofColumns(
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
