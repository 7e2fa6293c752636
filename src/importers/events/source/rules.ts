/**
 * The rules of values as SQL, for DuckDB: each takes an expression that gives a text and no null, and says of it what
 * its twin in TypeScript says (`test/importers/events/rules.test.ts` holds them together).
 */
import { quote } from "../../../database/sql.ts";
import { TIME_PATTERNS, TIME_RANGE, TIME_UNITS } from "../../../dataset/time.ts";

/** Milliseconds since 1970 UTC as BIGINT, null where the text is no time; as `parseTime`. */
export function timeRule(text: string, utcOffset: number): string {
  // To the third digit of the fraction: DuckDB would round the seventh up.
  const local = "'^[-0-9]{10}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\\.[0-9]{1,3})?)?)?'";
  const offset = `regexp_extract(substr(${text}, 11), '[+-].*$')`;
  const digits = `rpad(replace(${offset}[2:], ':', ''), 4, '0')`;
  const minutes = `(${digits}[1:2]::INTEGER * 60 + ${digits}[3:4]::INTEGER) * CASE ${offset}[1] WHEN '-' THEN -1 ELSE 1 END`;
  const shift = `CASE WHEN NOT ${zoneRule(text)} THEN ${utcOffset} WHEN ${offset} = '' THEN 0 ELSE ${minutes} END`;
  const fromIso = `epoch_ms(TRY_CAST(regexp_extract(${text}, ${local}) AS TIMESTAMP)) - 60000 * (${shift})`;
  const time = `CASE
    WHEN regexp_full_match(${text}, ${quote(TIME_PATTERNS.number)}) THEN ${numberOfTime(text)}
    WHEN regexp_full_match(${text}, ${quote(TIME_PATTERNS.iso)}) THEN ${fromIso} END`;
  return `CASE WHEN ${time} BETWEEN ${TIME_RANGE.least} AND ${TIME_RANGE.most} THEN ${time} END`;
}

/** As `fromNumber` of time.ts, on the magnitude, where rounding towards the past is rounding up if it is negative. */
function numberOfTime(text: string): string {
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

/** Of the text of a time: whether it carries its offset, as every number does. */
export function zoneRule(text: string): string {
  return `(substr(${text}, 5, 1) <> '-' OR regexp_matches(substr(${text}, 11), '[Z+-]'))`;
}

const TRUE = ["1", "1.0", "true", "t"];
const FALSE = ["0", "0.0", "-1", "-1.0", "false", "f"];

/** 1 or 0 as TINYINT, null where the text is no label by itself; of -1 and 1, -1 is the negative. */
export function labelRule(text: string): string {
  const among = (words: readonly string[]) => `lower(${text}) IN (${words.map(quote).join(", ")})`;
  return `CASE WHEN ${among(TRUE)} THEN 1::TINYINT WHEN ${among(FALSE)} THEN 0::TINYINT END`;
}

/** Characters that JavaScript's `trim` takes away. */
const SPACE =
  "[\\t\\n\\x{b}\\f\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}]*";
/** The shape of decimal numbers, for JavaScript and DuckDB alike. */
export const DECIMAL = "[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?";
const NUMBER = `${SPACE}(?:${DECIMAL}|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+)${SPACE}`;

/** The finite number of a text that is a decimal one and nothing else, null of any other; as `decimalOf`. */
export function decimalRule(text: string): string {
  const value = `TRY_CAST(${text} AS DOUBLE)`;
  return `CASE WHEN regexp_full_match(${text}, ${quote(DECIMAL)}) AND isfinite(${value}) THEN ${value} END`;
}

/** Whether the text is a finite number, as `parseNumber`. */
export function numberRule(text: string): string {
  const value = `TRY_CAST(regexp_extract(${text}, ${quote(DECIMAL)}) AS DOUBLE)`;
  return `(regexp_full_match(${text}, ${quote(NUMBER)}) AND isfinite(${value}))`;
}

/** Whether the text is a JSON array of values that are no arrays and no objects. */
export function listRule(text: string): string {
  const json = `TRY_CAST(${text} AS JSON)`;
  const isFlat = `NOT list_has_any(json_type(${json}, '$[*]'), ['ARRAY', 'OBJECT'])`;
  return `coalesce(json_type(${json}) = 'ARRAY' AND ${isFlat}, false)`;
}

/** The text of a DOUBLE or FLOAT as JavaScript prints it: 5, 0.1, 100000000000000000000, 1e+21, 1e-7. */
export function numberText(value: string): string {
  const text = `(${value})::VARCHAR`;
  const sign = `CASE WHEN ${text} LIKE '-%' THEN '-' ELSE '' END`;
  const mantissa = `regexp_extract(${text}, '[0-9.]+')`;
  const digits = `replace(${mantissa}, '.', '')`;
  const exponent = `regexp_extract(${text}, 'e(.*)$', 1)::INTEGER`;
  return `CASE
    WHEN ${value} = 0 THEN '0'
    WHEN isnan(${value}) THEN 'NaN'
    WHEN isinf(${value}) THEN ${sign} || 'Infinity'
    WHEN NOT contains(${text}, 'e') THEN regexp_replace(${text}, '\\.0$', '')
    WHEN ${exponent} BETWEEN 0 AND 20 THEN ${sign} || rpad(${digits}, ${exponent} + 1, '0')
    WHEN ${exponent} BETWEEN -6 AND -1 THEN ${sign} || '0.' || repeat('0', -${exponent} - 1) || ${digits}
    ELSE ${sign} || regexp_replace(${mantissa}, '\\.0$', '') || 'e' || CASE WHEN ${exponent} < 0 THEN '-' ELSE '+' END || abs(${exponent})
    END`;
}
