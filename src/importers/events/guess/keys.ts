/**
 * The key of a table of users or items, and the log's column that has its values: reviews of Amazon name an item twice,
 * as `asin` and `parent_asin`, and only their table tells which one it is about.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type ColumnLook, coverageOf } from "../source/look.ts";
import type { Sample } from "../source/sample.ts";
import { bare } from "./names.ts";
import { type GuessedColumn, NAMES } from "./roles.ts";

/** Of what the best pair has, so much is as good. */
const AS_GOOD = 0.95;
/** What a column without a telling name must have of the log's values to be a key. */
const COVERING = 0.5;
/** Columns that are compared with the log's, at most. */
const MOST_COMPARED = 20;

export interface KeyMatch {
  /** The table's key; null where none could be found. */
  readonly key: string | null;
  /** The log's column, where the table tells it. */
  readonly column?: GuessedColumn;
}

/**
 * @param candidates columns of the log that may be the user or the item, in the database's table `of`
 * @param table a sample, in the table `users` or `items`
 */
export async function matchKey(
  connection: DuckDBConnection,
  kind: "user" | "item",
  candidates: readonly Pick<ColumnLook, "column" | "text">[],
  of: string,
  table: Sample,
): Promise<KeyMatch> {
  const unique = table.columns.filter(
    ({ column, filled, distinct }) => column !== "" && filled === table.rows && distinct === table.rows,
  );
  const pairs: { look: Pick<ColumnLook, "column">; key: string; isNamed: boolean; covered: number }[] = [];
  for (const look of candidates) {
    for (const key of inOrder(unique, look.column, kind).slice(0, MOST_COMPARED)) {
      const covered = await coverageOf(connection, [of, look.text], [`${kind}s`, key.text]);
      pairs.push({ look, key: key.column, isNamed: isNamed(key, look.column, kind), covered });
    }
  }
  const best = Math.max(0, ...pairs.map(({ covered }) => covered));
  const found = pairs.find(
    ({ covered, isNamed }) => covered > 0 && covered >= AS_GOOD * best && (isNamed || covered >= COVERING),
  );
  if (found !== undefined) {
    const why = `by its name, and as its values are keys of the ${kind}s' table`;
    return { key: found.key, column: { column: found.look.column, why } };
  }
  // The first rows of a large log and of a large table may have nothing in common.
  const same = candidates.find(({ column }) => unique.some((key) => key.column === column));
  if (same) return { key: same.column, column: { column: same.column, why: "by its name, as in the table" } };
  const [first] = inOrder(unique, undefined, kind).filter((key) => isNamed(key, undefined, kind));
  return { key: first?.column ?? null };
}

function isNamed({ column }: ColumnLook, inLog: string | undefined, kind: "user" | "item"): boolean {
  return column === inLog || NAMES[kind].includes(bare(column));
}

/** Columns by how much their names speak for a key: that of the log's, those of keys, others. */
function inOrder(columns: readonly ColumnLook[], inLog: string | undefined, kind: "user" | "item"): ColumnLook[] {
  const place = ({ column }: ColumnLook) => {
    if (column === inLog) return -1;
    const named = NAMES[kind].indexOf(bare(column));
    return named < 0 ? NAMES[kind].length : named;
  };
  return [...columns].sort((a, b) => place(a) - place(b));
}
