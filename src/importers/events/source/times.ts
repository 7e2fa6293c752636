/**
 * The rules of times as SQL, for DuckDB: each takes an expression that gives a text, or null, and says of it what its twin
 * in TypeScript says (`test/importers/events/rules.test.ts` holds them together). Null where a text is no time.
 */
import { quote } from "../../../database/sql.ts";
import {
  AMBIGUOUS,
  COMPACT,
  DATES,
  MONTHS,
  MOST_DIGITS,
  NO_YEAR,
  TIME_NUMBERS,
  TIME_RANGE,
  TIME_UNITS,
  type TimePart,
  type TimeShape,
} from "../../../dataset/time.ts";
import { NUMBER_UNITS, type TimeFormat, timeFormat, UNIT_NUMBER } from "../../../dataset/time-format.ts";

/**
 * What most logs write, which takes a fraction of what the other rules do: digits, and dates whose parts stand at known
 * places. Of what matches, all is in the range of times.
 */
const USUAL_NUMBER = "[0-9]{1,16}";
const USUAL_DATE = `[12][0-9]{3}-[0-9]{2}-[0-9]{2}(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\\.[0-9]+)?)?(?: ?(?:Z|UTC|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?))?)?`;
/** Between these, a number may be a date in digits. */
const MAY_BE_DATES = [
  [10_000_000, 99_999_999],
  [1_990_010_100, 2_099_123_123],
  [190_000_000_000, 209_999_999_999],
  [19_000_000_000_000, 20_999_999_999_999],
] as const;

/** Where the times of rows come from: a column, whose texts may have a format, or the order of the rows. */
export type TimeColumn = string | FormattedTimes | typeof ROWS;
export interface FormattedTimes {
  readonly column: string;
  readonly format?: string;
}
export const ROWS = { rows: true } as const;

/** The column that times come from, if they do. */
export function timesOf(time: TimeColumn | undefined): FormattedTimes | undefined {
  if (typeof time === "string") return { column: time };
  return time === undefined || "rows" in time ? undefined : time;
}

const matches = (text: string, pattern: string) => `regexp_full_match(${text}, ${quote(pattern)})`;
const inRange = (time: string) =>
  `CASE WHEN ${time} BETWEEN ${TIME_RANGE.least} AND ${TIME_RANGE.most} THEN ${time} END`;
/** `value` with `name` standing for `given`, which is computed once. */
const where = (name: string, given: string, value: string) => `list_transform([${given}], lambda ${name}: ${value})[1]`;

/** Milliseconds since 1970 UTC as BIGINT; as `parseTime`. */
export function timeRule(text: string, utcOffset: number): string {
  const number = `TRY_CAST(${text} AS BIGINT)`;
  const mayBeDate = MAY_BE_DATES.map(([least, most]) => `${number} BETWEEN ${least} AND ${most}`).join(" OR ");
  return `CASE
    WHEN ${matches(text, USUAL_NUMBER)} AND NOT (${mayBeDate}) THEN CASE
      WHEN ${number} < ${TIME_UNITS.seconds} THEN ${number} * 1000
      WHEN ${number} < ${TIME_UNITS.milliseconds} THEN ${number} ELSE ${number} // 1000 END
    WHEN ${matches(text, USUAL_DATE)} THEN ${usualDateRule(text, utcOffset)}
    WHEN ${text} IS NOT NULL THEN ${where("bare", `rtrim(${text}, ' ')`, otherRule("bare", utcOffset))} END`;
}

/** As `parseFormatted`. */
export function formatRule(text: string, format: TimeFormat, utcOffset: number): string {
  const bare = `rtrim(${text}, ' ')`;
  if ("shape" in format) return where("bare", bare, shapeRule("bare", format.shape, utcOffset));
  return where(
    "bare",
    bare,
    `CASE WHEN ${matches("bare", UNIT_NUMBER)} THEN ${unitRule("bare", NUMBER_UNITS[format.unit])} END`,
  );
}

/** What is not usual, without blanks at its end. */
function otherRule(text: string, utcOffset: number): string {
  const [digits, fraction, exponent] = [1, 2, 3].map(
    (group) => `regexp_extract(${text}, ${quote(TIME_NUMBERS.exponent)}, ${group})`,
  );
  const shift = `${exponent}::INTEGER`;
  const rest = `rtrim(${fraction}, '0')`;
  const isWhole = `length(${rest}) <= ${shift} AND length(${digits}) + ${shift} <= ${MOST_DIGITS}`;
  const number = `CASE WHEN ${matches(text, TIME_NUMBERS.number)} THEN ${text}
    WHEN ${matches(text, TIME_NUMBERS.exponent)} THEN CASE WHEN ${isWhole} THEN ${digits} || rpad(${rest}, ${shift}, '0') END END`;
  return `CASE WHEN ${matches(text, DATES.pattern)} THEN ${shapeRule(text, DATES, utcOffset)}
    ELSE ${where("number", number, numberRule("number", utcOffset))} END`;
}

function usualDateRule(text: string, utcOffset: number): string {
  // To the third digit of the fraction: DuckDB would round the seventh up.
  const local = "'^[-0-9]{10}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\\.[0-9]{1,3})?)?)?'";
  const behind = `substr(${text}, 17)`;
  const offset = `regexp_extract(${behind}, '[+-].*$')`;
  const shift = `CASE WHEN contains(${behind}, '+') OR contains(${behind}, '-') THEN ${minutesOf(offset)}
    WHEN contains(${behind}, 'Z') OR contains(${behind}, 'C') THEN 0 ELSE ${utcOffset} END`;
  return `epoch_ms(TRY_CAST(regexp_extract(${text}, ${local}) AS TIMESTAMP)) - 60000 * (${shift})`;
}

/** Minutes east of UTC of "+08", "+0800" or "+08:00". */
function minutesOf(offset: string): string {
  const digits = `rpad(replace(${offset}[2:], ':', ''), 4, '0')`;
  return `(${digits}[1:2]::INTEGER * 60 + ${digits}[3:4]::INTEGER) * CASE ${offset}[1] WHEN '-' THEN -1 ELSE 1 END`;
}

/** As `fromNumber` of time.ts. */
function numberRule(text: string, utcOffset: number): string {
  return `CASE
    WHEN ${matches(text, TIME_NUMBERS.digits)} THEN ${shapeRule(text, COMPACT, utcOffset)}
    WHEN (${shapeRule(text, AMBIGUOUS, utcOffset)}) IS NULL THEN ${where("size", since1970(text), inRange("size"))} END`;
}

/** On the magnitude, where rounding towards the past is rounding up if it is negative. */
function since1970(text: string): string {
  const whole = `abs(TRY_CAST(split_part(${text}, '.', 1) AS BIGINT))`;
  const digits = `rpad(regexp_extract(${text}, '\\.([0-9]{1,6})', 1), 6, '0')`;
  const millionths = `CASE WHEN contains(${text}, '.') THEN ${digits}::INTEGER ELSE 0 END`;
  const size = (up: 0 | 1) => {
    const rest = up ? `(${millionths} > 0)::INTEGER` : "0";
    return `CASE
      WHEN ${whole} < ${TIME_UNITS.seconds} THEN ${whole} * 1000 + (${millionths} + ${up * 999}) // 1000
      WHEN ${whole} < ${TIME_UNITS.milliseconds} THEN ${whole} + ${rest}
      ELSE (${whole} + ${rest} + ${up * 999}) // 1000 END`;
  };
  return `CASE ${text}[1] WHEN '-' THEN -(${size(1)}) ELSE ${size(0)} END`;
}

/** A number of a unit of which so many millionths are a millisecond. */
function unitRule(text: string, by: bigint): string {
  const fraction = `rpad(regexp_extract(${text}, '\\.([0-9]{1,6})', 1), 6, '0')`;
  const millionths = `(ltrim(split_part(${text}, '.', 1), '-') || ${fraction})::HUGEINT`;
  const milliseconds = `CASE ${text}[1] WHEN '-' THEN -((${millionths} + ${by - 1n}) // ${by}) ELSE ${millionths} // ${by} END`;
  return `TRY_CAST(${inRange(milliseconds)} AS BIGINT)`;
}

/** As `readShape`. */
function shapeRule(text: string, { pattern, parts }: TimeShape, utcOffset: number): string {
  const groups = parts.map((_, index) => `g${index}`);
  const found = `regexp_extract(${text}, ${quote(`^(?:${pattern})$`)}, [${groups.map(quote).join(", ")}])`;
  return where("found", `CASE WHEN ${matches(text, pattern)} THEN ${found} END`, momentRule("found", parts, utcOffset));
}

/** The moment that texts of parts say, which are fields of a structure. */
function momentRule(found: string, parts: readonly TimePart[], utcOffset: number): string {
  const textOf = (part: TimePart) => {
    const groups = parts.flatMap((other, index) => (other === part ? [`nullif(${found}.g${index}, '')`] : []));
    return groups.length === 0 ? "(NULL::VARCHAR)" : `coalesce(${groups.join(", ")}, NULL)`;
  };
  const numberOf = (part: TimePart) => `coalesce(${textOf(part)}::INTEGER, 0)`;
  const shortYear = numberOf("shortYear");
  const year = parts.includes("shortYear")
    ? `(${shortYear} + CASE WHEN ${shortYear} < 69 THEN 2000 ELSE 1900 END)::VARCHAR`
    : `coalesce(${textOf("year")}, '${NO_YEAR}')`;
  const month = parts.includes("monthName")
    ? `list_position([${MONTHS.map(quote).join(", ")}], lower(${textOf("monthName")}[1:3]))::VARCHAR`
    : textOf("month");
  const hour = parts.includes("hour12")
    ? `(${numberOf("hour12")} % 12 + CASE WHEN lower(${textOf("half")}) = 'pm' THEN 12 ELSE 0 END)`
    : numberOf("hour");
  const offset = textOf("offset");
  const shift = `CASE WHEN ${offset} IS NULL THEN ${utcOffset} WHEN ${matches(offset, "[A-Z]+")} THEN 0 ELSE ${minutesOf(offset)} END`;
  const date = `${year} || '-' || lpad(${month}, 2, '0') || '-' || lpad(${textOf("day")}, 2, '0')`;
  const milliseconds = `${numberOf("second")} * 1000 + rpad(coalesce(${textOf("fraction")}, '')[1:3], 3, '0')::INTEGER`;
  const time = `epoch_ms(TRY_CAST(${date} AS TIMESTAMP)) + (${hour} * 60 + ${numberOf("minute")} - (${shift})) * 60000 + ${milliseconds}`;
  return where("moment", time, inRange("moment"));
}

/** A column's times, by its format if it has one; and whether they carry their offset. */
export function columnRules(format: string | undefined, text: string, utcOffset: number) {
  if (format === undefined) return { time: timeRule(text, utcOffset), zoned: zoneRule(text) };
  const read = timeFormat(format);
  const zoned = "unit" in read || read.shape.parts.includes("offset");
  return { time: formatRule(text, read, utcOffset), zoned: String(zoned) };
}

/** Whether the text of a time carries its offset, as every number does that is no date. */
export function zoneRule(text: string): string {
  return `CASE WHEN substr(${text}, 5, 1) IN ('-', '/') THEN regexp_matches(substr(${text}, 9), '[ZCG+-]')
    ELSE NOT ${matches(text, `${TIME_NUMBERS.digits} *`)} END`;
}
