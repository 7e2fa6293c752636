/**
 * Times as logs write them. One text is read by one rule wherever it comes from: `importers/events/source/times.ts` has
 * the same in SQL, for millions of rows. What is written otherwise needs a format (time-format.ts).
 *
 * - A date, year first, with dashes or slashes. A time of day may follow after T or blanks: an hour; or hour and minute,
 *   perhaps seconds and their fraction, and then perhaps an offset: Z, UTC, GMT, +hh, +hhmm or +hh:mm.
 * - Digits alone that are a date: eight, or twelve or fourteen with hour, minute and seconds, from 1900 to 2099.
 * - Any other number since 1970 UTC: seconds where it is less than 1e11 from 0, milliseconds where less than 1e14, else
 *   microseconds. Six digits of its fraction count; with an exponent it must be whole.
 *
 * Eight digits that are no date are no time, nor are ten that may be a date and an hour: as seconds, these are of 2033 or
 * later. Blanks at the end do not count. What is finer than a millisecond is cut off towards the past. Years are 1 to
 * 9999, so that nanoseconds are an error and no date far in the future.
 */

/** What a group of a pattern of times is. Of months and names of months there may be one, of hours, and so on. */
export type TimePart =
  | "year"
  | "shortYear"
  | "month"
  | "monthName"
  | "day"
  | "hour"
  | "hour12"
  | "half"
  | "minute"
  | "second"
  | "fraction"
  | "offset";

/**
 * A way to write times: a pattern that JavaScript and DuckDB (RE2) read alike, to be matched as a whole, and what its
 * groups are, in order. Where two are the same part, at most one has a text.
 */
export interface TimeShape {
  readonly pattern: string;
  readonly parts: readonly TimePart[];
}

/** Texts of parts: their ranges are not looked at again. Days and months are. */
export const PART_PATTERNS = {
  hour: "[01]?[0-9]|2[0-3]",
  sixty: "[0-5][0-9]",
  offset: "Z|UTC|GMT|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?",
} as const;

const { hour, sixty, offset } = PART_PATTERNS;
const CLOCK = `(?:T| +)(${hour})(?::(${sixty})(?::(${sixty})(?:[.,]([0-9]+))?)?(?: *(${offset}))?)?`;

/** Dates, year first. */
export const DATES: TimeShape = {
  pattern: `([0-9]{4})(?:-([0-9]{1,2})-|/([0-9]{1,2})/)([0-9]{1,2})(?:${CLOCK})?`,
  parts: ["year", "month", "month", "day", "hour", "minute", "second", "fraction", "offset"],
};

/** Dates in digits alone; and a date and an hour, which is no time. */
export const COMPACT: TimeShape = {
  pattern: `((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})(?:([01][0-9]|2[0-3])(${sixty})(${sixty})?)?(?:\\.0+)?`,
  parts: ["year", "month", "day", "hour", "minute", "second"],
};
export const AMBIGUOUS: TimeShape = {
  pattern: "(199[0-9]|20[0-9]{2})([0-9]{2})([0-9]{2})([01][0-9]|2[0-3])(?:\\.0+)?",
  parts: ["year", "month", "day", "hour"],
};

/** Numbers; of these, the digits that are a date or nothing; numbers with an exponent. */
export const TIME_NUMBERS = {
  number: "-?[0-9]{1,18}(?:\\.[0-9]+)?",
  digits: "(?:[1-9][0-9]{7}|(?:19|20)[0-9]{10}(?:[0-9]{2})?)(?:\\.0+)?",
  exponent: "([0-9]{1,18})(?:\\.([0-9]*))?[eE]\\+?([0-9]{1,2})",
} as const;

/** The most digits of a whole number. */
export const MOST_DIGITS = 18;

/** The first and the last millisecond that is a time. */
export const TIME_RANGE = { least: -62_135_596_800_000, most: 253_402_300_799_999 } as const;

/** Nothing was clicked before. */
export const EARLIEST = Date.UTC(1990);
/** Milliseconds that a clock may be ahead. */
export const AHEAD = 24 * 3_600_000;

/** Up to this, exclusive, a number is seconds, or milliseconds. */
export const TIME_UNITS = { seconds: 100_000_000_000, milliseconds: 100_000_000_000_000 } as const;

/** The year of a time that does not name its own: a leap year, so that every day is one of it. */
export const NO_YEAR = 2000;

/** In order, by their first three letters. */
export const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"] as const;

/** A pattern of the whole of a text. */
export const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`);

const NUMBER = whole(TIME_NUMBERS.number);
const DIGITS = whole(TIME_NUMBERS.digits);
const EXPONENT = whole(TIME_NUMBERS.exponent);

/** In milliseconds. */
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/**
 * Milliseconds since 1970 UTC, or null where `value` is no time.
 * @param utcOffset minutes east of UTC, of a time that carries no offset
 */
export function parseTime(value: string | number, utcOffset: number): number | null {
  const text = withoutBlanks(String(value));
  if (NUMBER.test(text)) return fromNumber(text, utcOffset);
  const exponent = EXPONENT.exec(text);
  if (exponent === null) return readShape(text, DATES, utcOffset);
  const digits = expand(exponent);
  return digits === null ? null : fromNumber(digits, utcOffset);
}

/** A text without the blanks at its end. */
export function withoutBlanks(text: string): string {
  return text.endsWith(" ") ? text.replace(/ +$/, "") : text;
}

/** Whether a number of milliseconds since 1970 is a time. */
export function isTime(milliseconds: number): boolean {
  return milliseconds >= TIME_RANGE.least && milliseconds <= TIME_RANGE.most;
}

const checked = (milliseconds: number) => (isTime(milliseconds) ? milliseconds : null);

/** In whole numbers: binary fractions would be a millisecond off now and then. */
function fromNumber(text: string, utcOffset: number): number | null {
  if (DIGITS.test(text)) return readShape(text, COMPACT, utcOffset);
  if (readShape(text, AMBIGUOUS, utcOffset) !== null) return null;
  const millionths = millionthsOf(text);
  const size = Number(millionths < 0n ? -millionths : millionths) / 1e6;
  if (size < TIME_UNITS.seconds) return checked(floorDivide(millionths, 1000n));
  return checked(floorDivide(millionths, size < TIME_UNITS.milliseconds ? 1_000_000n : 1_000_000_000n));
}

/** The number of a text in millionths, cut off after six digits. */
export function millionthsOf(text: string): bigint {
  const [digits, fraction = ""] = text.split(".");
  return BigInt(digits + fraction.slice(0, 6).padEnd(6, "0"));
}

/** Rounded towards the past. */
export function floorDivide(value: bigint, by: bigint): number {
  const rest = value % by;
  return Number((value - (rest < 0n ? rest + by : rest)) / by);
}

/** The digits of a number with an exponent; null where it is not whole. */
function expand([, digits, given = "", exponent]: RegExpExecArray): string | null {
  const fraction = given.replace(/0+$/, "");
  const zeros = Number(exponent) - fraction.length;
  return zeros < 0 || digits.length + Number(exponent) > MOST_DIGITS ? null : digits + fraction + "0".repeat(zeros);
}

const patterns = new Map<TimeShape, RegExp>();

function patternOf(shape: TimeShape): RegExp {
  const known = patterns.get(shape);
  if (known !== undefined) return known;
  const made = whole(shape.pattern);
  patterns.set(shape, made);
  return made;
}

/** Milliseconds since 1970 UTC, or null where a text has not this shape or is no time. */
export function readShape(text: string, shape: TimeShape, utcOffset: number): number | null {
  const match = patternOf(shape).exec(text);
  if (match === null) return null;
  const found: { [part in TimePart]?: string } = {};
  shape.parts.forEach((part, index) => {
    found[part] ??= match[index + 1];
  });
  const { year, shortYear, month, monthName, day, hour, hour12, half, minute, second, fraction, offset } = found;
  const y =
    shortYear === undefined ? Number(year ?? NO_YEAR) : Number(shortYear) + (Number(shortYear) < 69 ? 2000 : 1900);
  const m = monthName === undefined ? Number(month) : 1 + MONTHS.indexOf(monthName.slice(0, 3).toLowerCase() as "jan");
  const midnight = new Date(0).setUTCFullYear(y, m - 1, Number(day));
  const date = new Date(midnight);
  // A day that a month does not have would become one of the next month.
  if (date.getUTCMonth() !== m - 1 || date.getUTCDate() !== Number(day)) return null;
  const h = hour12 === undefined ? Number(hour ?? 0) : (Number(hour12) % 12) + (/^p/i.test(half ?? "") ? 12 : 0);
  const minutes = h * 60 + Number(minute ?? 0) - (offset === undefined ? utcOffset : offsetMinutes(offset));
  return checked(
    midnight + minutes * MINUTE + Number(second ?? 0) * 1000 + Number((fraction ?? "").slice(0, 3).padEnd(3, "0")),
  );
}

/** Minutes east of UTC of "Z", "UTC", "GMT", "+08", "+0800" or "+08:00". */
export function offsetMinutes(offset: string): number {
  if (/^[A-Z]/.test(offset)) return 0;
  const digits = offset.slice(1).replace(":", "").padEnd(4, "0");
  const minutes = 60 * Number(digits.slice(0, 2)) + Number(digits.slice(2));
  return offset.startsWith("-") ? -minutes : minutes;
}
