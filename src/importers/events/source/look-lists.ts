/** Which columns of a sample hold several values a row: lists of JSON and Parquet, and texts as `Action|Comedy`. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { identifier, quote } from "../../../database/sql.ts";
import { type ColumnLook, ofColumns, SEPARATORS, type Separator } from "./look.ts";
import { listRule } from "./rules.ts";

export interface ListLook {
  /** What stands between the values; undefined where they are JSON arrays. */
  readonly separator?: Separator;
  /** Values of all rows, different ones, and of a row on average. */
  readonly values: number;
  readonly distinct: number;
  readonly mean: number;
}

/** Of the rows, how many must have the sign, at least: a comma and a blank stand within values too. */
const SHARES: Readonly<Record<Separator, number>> = { "|": 0.1, "^": 0.1, ";": 0.1, ",": 0.3, " ": 0.5 };
/** Values of lists repeat: so many times each, on average. */
const REPEATS = 4;
/** Words of sentences repeat too, but there are many. */
const MOST_WORDS = 64;

/** The lists among the columns of a sample, by their names in its table. */
export async function lookAtLists(
  connection: DuckDBConnection,
  table: string,
  columns: readonly ColumnLook[],
): Promise<Map<string, ListLook>> {
  const found = new Map<string, ListLook>();
  const isArray = ({ nested, filled, signs }: ColumnLook) =>
    filled > 0 && (nested ?? "lists") === "lists" && signs["["] === filled;
  const arrays = columns.filter(isArray);
  const looks = await lookAtParts(connection, table, arrays, elementsOf("value"), listRule("value"));
  for (const [text, list] of looks) if (list.isWhole) found.set(text, list);
  for (const separator of SEPARATORS) {
    const likely = columns.filter(
      (look) => isText(look) && !found.has(look.text) && look.signs[separator] >= SHARES[separator] * look.filled,
    );
    const looks = await lookAtParts(connection, table, likely, splitAt("value", separator), "true");
    for (const { text, distinct } of likely) {
      const list = looks.get(text)!;
      // Names of two words have about as many words as there are names; `Paris, France` always has as many parts.
      const doRepeat = list.values >= REPEATS * list.distinct && 2 * list.distinct <= distinct;
      if (doRepeat && list.doesVary && (separator !== " " || list.distinct <= MOST_WORDS))
        found.set(text, { separator, ...list });
    }
  }
  return found;
}

/**
 * Makes a table of the different values of a column of lists, in a column c0.
 * @param sign what stands before 0 or 1 at the end of each, which is left out
 */
export async function listValues(
  connection: DuckDBConnection,
  table: string,
  text: string,
  into: string,
  { separator, sign }: { readonly separator?: Separator | undefined; readonly sign?: string | undefined },
): Promise<void> {
  const parts = separator === undefined ? elementsOf(text) : splitAt(text, separator);
  const value = sign === undefined ? "part" : `regexp_replace(part, ${quote(`\\Q${sign}\\E[01]$`)}, '')`;
  await connection.run(
    `CREATE TABLE ${identifier(into)} AS SELECT DISTINCT ${value} AS c0 FROM (SELECT unnest(${parts}) AS part FROM ${identifier(table)})`,
  );
}

const elementsOf = (text: string) => `json_extract_string(TRY_CAST(${text} AS JSON), '$[*]')`;
const splitAt = (text: string, separator: Separator) =>
  `regexp_split_to_array(trim(${text}), ${quote(`\\s*\\Q${separator}\\E\\s*`)})`;

function isText({ nested, filled, numbers, times, signs }: ColumnLook): boolean {
  return nested === undefined && filled > 0 && numbers === 0 && times === 0 && signs["["] === 0;
}

/** @param parts SQL of the values of a `value` @param isGood SQL of whether it can be used */
async function lookAtParts(
  connection: DuckDBConnection,
  table: string,
  columns: readonly ColumnLook[],
  parts: string,
  isGood: string,
): Promise<Map<string, ListLook & { readonly isWhole: boolean; readonly doesVary: boolean }>> {
  const texts = columns.map(({ text }) => text);
  const found = await ofColumns(
    connection,
    table,
    texts,
    (from) => `SELECT name, bool_and(good), sum(len(parts)), len(list_distinct(flatten(list(parts)))), avg(len(parts)),
        min(len(parts)) < max(len(parts))
      FROM (SELECT name, ${parts} AS parts, ${isGood} AS good FROM ${from}) GROUP BY name`,
  );
  const looks = [...found].map(([text, [isWhole, values, distinct, mean, doesVary]]) => {
    const list = { values: Number(values ?? 0), distinct: Number(distinct ?? 0), mean: Number(mean ?? 0) };
    return [text, { ...list, isWhole: Boolean(isWhole), doesVary: Boolean(doesVary) }] as const;
  });
  return new Map(looks);
}
