/**
 * Times as logs write them. One text is read by one rule wherever it comes from: `events/rules.ts` has the same in
 * SQL, for millions of rows.
 *
 * - ISO 8601: a date, or date and time with T or one space; seconds and their fraction may be missing; an offset Z, +hh,
 *   +hhmm or +hh:mm may follow.
 * - A decimal number since 1970 UTC: seconds where it is less than 1e11 from 0, milliseconds where less than 1e14, else
 *   microseconds. Six digits of its fraction count.
 *
 * What is finer than a millisecond is cut off towards the past. Years are 1 to 9999, so that nanoseconds are an error
 * and no date far in the future.
 */

const DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}";
const OFFSET = "Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?";

/** The shapes of times, anchored by their users; regular expressions that JavaScript and DuckDB (RE2) read alike. */
export const TIME_PATTERNS = {
  number: "-?[0-9]{1,18}(?:\\.[0-9]+)?",
  iso: `(${DATE})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\\.([0-9]+))?)?(${OFFSET})?)?`,
} as const;

/** The first and the last millisecond that is a time. */
export const TIME_RANGE = { least: -62_135_596_800_000, most: 253_402_300_799_999 } as const;

/** Up to this, exclusive, a number is seconds, or milliseconds. */
export const TIME_UNITS = { seconds: 100_000_000_000, milliseconds: 100_000_000_000_000 } as const;

const NUMBER = new RegExp(`^(?:${TIME_PATTERNS.number})$`);
const ISO = new RegExp(`^(?:${TIME_PATTERNS.iso})$`);

/** In milliseconds. */
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/**
 * Milliseconds since 1970 UTC, or null where `value` is no time.
 * @param utcOffset minutes east of UTC, of a time that carries no offset
 */
export function parseTime(value: string | number, utcOffset: number): number | null {
  const text = String(value);
  const milliseconds = NUMBER.test(text) ? fromNumber(text) : fromIso(text, utcOffset);
  return milliseconds !== null && isTime(milliseconds) ? milliseconds : null;
}

/** Whether a number of milliseconds since 1970 is a time. */
export function isTime(milliseconds: number): boolean {
  return milliseconds >= TIME_RANGE.least && milliseconds <= TIME_RANGE.most;
}

/** In whole numbers: binary fractions would be a millisecond off now and then. */
function fromNumber(text: string): number {
  const [whole, fraction = ""] = text.split(".");
  const millionths = BigInt(whole + fraction.slice(0, 6).padEnd(6, "0"));
  const size = Number(millionths < 0n ? -millionths : millionths) / 1e6;
  if (size < TIME_UNITS.seconds) return floorDivide(millionths, 1000n);
  return floorDivide(millionths, size < TIME_UNITS.milliseconds ? 1_000_000n : 1_000_000_000n);
}

function floorDivide(value: bigint, by: bigint): number {
  const rest = value % by;
  return Number((value - (rest < 0n ? rest + by : rest)) / by);
}

function fromIso(text: string, utcOffset: number): number | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const [, date, hour = "0", minute = "0", second = "0", fraction = "", offset] = match;
  const [year, month, day] = date.split("-").map(Number);
  const midnight = new Date(0).setUTCFullYear(year, month - 1, day);
  // A day that a month does not have would become one of the next month.
  if (!new Date(midnight).toISOString().endsWith(`${date}T00:00:00.000Z`)) return null;
  const local = midnight + (Number(hour) * 60 + Number(minute)) * MINUTE + Number(second) * 1000;
  const minutes = offset === undefined ? utcOffset : offsetMinutes(offset);
  return local + Number(fraction.slice(0, 3).padEnd(3, "0")) - minutes * MINUTE;
}

/** Minutes east of UTC of "Z", "+08", "+0800" or "+08:00". */
export function offsetMinutes(offset: string): number {
  if (offset === "Z") return 0;
  const digits = offset.slice(1).replace(":", "").padEnd(4, "0");
  const minutes = 60 * Number(digits.slice(0, 2)) + Number(digits.slice(2));
  return offset.startsWith("-") ? -minutes : minutes;
}
