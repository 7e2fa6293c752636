/** Which columns hold times, and by which format those are read that are not times as they stand. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { EARLIEST } from "../../../dataset/time.ts";
import { timeFormat } from "../../../dataset/time-format.ts";
import { formatsThatRead } from "../../../dataset/time-guess.ts";
import { type ColumnLook, frequentValues } from "../source/look.ts";

/** Milliseconds: numbers after this (2100) are no times unless the column is called so, nor are those before 1990. */
const LATEST = 4_102_444_800_000;
/** Of the values for which something must hold: real logs have slips. */
const MOST = 0.99;
/** Values that a format has to read. */
const MOST_VALUES = 1000;

/** Whether almost all values are times as they stand: texts, or numbers that are times of our days. */
export function isTimes(look: ColumnLook): boolean {
  const { filled, times, hasIso, earliest, latest, zoned } = look;
  const areOurs = earliest !== null && earliest > EARLIEST && latest! < LATEST;
  return filled > 0 && times >= MOST * filled && (hasIso || areOurs) && (zoned === 0 || zoned === times);
}

/**
 * The formats by which the times of a column that is called so may be read, the likeliest first; none where they are read
 * as they stand. Undefined where it holds no times.
 */
export async function formatsOf(
  connection: DuckDBConnection,
  table: string,
  look: ColumnLook,
): Promise<readonly string[] | undefined> {
  const { text, filled, distinct, times, zoned, early, numbers, least } = look;
  if (isTimes(look)) return [];
  if (filled === 0 || (zoned > 0 && zoned < times)) return undefined;
  const areRead = times >= MOST * filled && distinct > 2;
  const areEarly = areRead && 2 * early > times && numbers === filled && least! >= 0;
  if (areRead && !areEarly) return [];
  const values = await frequentValues(connection, table, text, MOST_VALUES);
  const formats = formatsThatRead(values.map((value) => value.trim()));
  // Numbers that are no times of our days may count from a moment of their own.
  if (areEarly) return [...formats, "seconds"];
  return formats.length > 0 ? formats : undefined;
}

/** Whether times of a format have an hour, and whether they carry no offset. */
export function aboutFormat(format: string): { readonly hasTimeOfDay: boolean; readonly isLocalTime: boolean } {
  const read = timeFormat(format);
  if ("unit" in read) return { hasTimeOfDay: true, isLocalTime: false };
  const { parts } = read.shape;
  return { hasTimeOfDay: parts.includes("hour") || parts.includes("hour12"), isLocalTime: !parts.includes("offset") };
}
