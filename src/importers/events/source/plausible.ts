/**
 * Times that no event of a log has: before 1990, or in the future. Where most are before 1990 and are numbers, they are
 * something else than seconds, milliseconds or microseconds since 1970.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { AHEAD, EARLIEST } from "../../../dataset/time.ts";
import { formatsThatRead, quoted } from "../../../dataset/time-guess.ts";
import { failure } from "../../../errors/failure.ts";
import { selectWanted, type Wanted } from "./columns.ts";
import { queryFile, type TextRows } from "./rows.ts";

/**
 * Warnings about the times of a table that was loaded; their number and not what is in the dataset depends on today.
 * @throws UserError where most are numbers of other things
 */
export async function checkPlausible(
  connection: DuckDBConnection,
  into: string,
  name: string,
  files: readonly TextRows[],
  wanted: readonly Wanted[],
  now = Date.now(),
): Promise<string[]> {
  const time = wanted.find(({ stored, made }) => stored === "time" && made !== undefined);
  if (time === undefined) return [];
  const sql = `SELECT count(*), count(*) FILTER ("time" < ${EARLIEST}), min("time"), count(*) FILTER ("time" > ${now + AHEAD}), max("time") FROM ${into}`;
  const [[rows, early, first, future, last]] = (await queryFile(connection, name, sql)).map((row) => row.map(Number));
  const column = time.column ?? "";
  // Whoever gives a format knows what the times are.
  if (2 * early > rows && time.mayBe !== undefined) {
    const text = await firstEarly(connection, files, wanted, time);
    if (text !== undefined && /^[0-9.]+ *$/.test(text)) {
      const formats = [...formatsThatRead([text]).slice(0, 3), "seconds"].map(quoted).join(" or ");
      const found = { text: JSON.stringify(text), time: iso(first) };
      throw failure("source.early-times", { source: name, column, early, rows, ...found, formats });
    }
  }
  const warnings: string[] = [];
  const some = (count: number) => `${name}: column ${column}: ${count} of ${rows} times are`;
  if (early > 0 && time.mayBe !== undefined) warnings.push(`${some(early)} before 1990, the first ${iso(first)}`);
  if (future > 0) warnings.push(`${some(future)} in the future, the last ${iso(last)}`);
  return warnings;
}

/** The text of an early time. */
async function firstEarly(
  connection: DuckDBConnection,
  files: readonly TextRows[],
  wanted: readonly Wanted[],
  time: Wanted,
): Promise<string | undefined> {
  for (const rows of files) {
    const sql = `SELECT ${time.text} FROM (${selectWanted(rows, wanted, true)}) WHERE ${time.value(time.text)} < ${EARLIEST} LIMIT 1`;
    const [found] = await queryFile(connection, rows.name, sql);
    if (found !== undefined) return String(found[0]);
  }
  return undefined;
}

const iso = (time: number) => new Date(time).toISOString();
