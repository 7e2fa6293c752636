/**
 * Every line of a file is a row, a part of one, or counted as lost. Readers of quoted values need not notice where a quote
 * stands alone: all up to the next one is a value then, or nothing at all.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { failure, type UserError } from "../../../errors/failure.ts";
import { numberWithBroken, type Part } from "./checks.ts";
import { queryFile } from "./rows.ts";

/** A value that runs over more lines is no text of people, but of rows. */
const MOST_LINES = 100;

export interface Account {
  /** Lines that are in no row, whether it can be read or not. */
  readonly lost: number;
  /** What is to be said of values that run over very many lines. */
  readonly warning?: string;
}

/**
 * Where there are as many lines as rows, nothing more is read.
 * @param found rows that were read, good or not
 */
export async function accountFor(connection: DuckDBConnection, part: Part, found: number): Promise<Account> {
  const { rows, broken, lines } = part;
  const { name, columns, lined } = rows;
  if (lined === undefined || typeof columns === "function" || columns.length === 1) return { lost: 0 };
  const all = (lines ?? (await lined.count())) - lined.outside;
  if (all <= found + broken.length) return { lost: 0 };
  if (!lined.mayRunOn) return { lost: all - found - broken.length };
  const numbers = columns.map((_, index) => furtherLines(`c${index}`));
  const most = `greatest(${numbers.join(", ")})`;
  // Accounts of its own rows: it looks into columns too that were not read before, and so may find more that are broken.
  const sums = `SELECT count(*), sum(${numbers.join(" + ")}), count(*) FILTER (${most} > ${MOST_LINES}), sum(${most}) FILTER (${most} > ${MOST_LINES})
    FROM (${rows.select(columns, false)})`;
  const [[read, further, long, inLong]] = (await queryFile(connection, name, sums)).map((row) => row.map(Number));
  const unreadable = (await rows.takeBroken?.()) ?? [];
  const ofBroken = unreadable.reduce((sum, one) => sum + 1 + (one.further ?? 0), 0);
  const lost = Math.max(0, all - read - further - ofBroken);
  if (long === 0) return { lost };
  const first = `SELECT row, ${most}, list_position([${numbers.join(", ")}], ${most}) FROM (${rows.select(columns, true)})
    WHERE ${most} > ${MOST_LINES} ORDER BY row LIMIT 1`;
  const [[row, some, place]] = (await queryFile(connection, name, first)).map((values) => values.map(Number));
  const others = long === 1 ? "" : `; there are ${long} such values, of ${inLong} lines`;
  const warning =
    `${name}: row ${numberWithBroken(row, unreadable)}: column ${columns[place - 1]}: a value runs over ${some + 1} lines, ` +
    `as it does where a quote stands alone${others}; with \`quote: none\` quotes are characters as any other`;
  return { lost, warning };
}

/** SQL of how many lines a value has that are not blank, beside the one where it begins. */
function furtherLines(text: string): string {
  const dense = `regexp_replace(${text}, '\\n(\\r?\\n)+', chr(10), 'g')`;
  return `CASE WHEN contains(${text}, chr(10)) THEN strlen(${dense}) - strlen(replace(${dense}, chr(10), '')) ELSE 0 END`;
}

/** Lost lines as an error. */
export function lostLines({ rows }: Part, lines: number): UserError {
  return failure("source.lost-lines", { source: rows.name, lines });
}
