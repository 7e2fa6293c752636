/**
 * The rules of values as SQL, for DuckDB: each takes an expression that gives a text and no null, and says of it what
 * its twin in TypeScript says (`test/importers/events/rules.test.ts` holds them together). Those of times are in times.ts.
 */
import { quote } from "../../../database/sql.ts";
import { MOST_WEIGHT } from "../../../dataset/layout.ts";

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

/** A weight as DOUBLE, as 32 bits hold it: its mean is then that of the file. Null where the text is none that they hold. */
export function weightRule(text: string): string {
  const value = decimalRule(text);
  return `CASE WHEN (${value}) BETWEEN 0 AND ${MOST_WEIGHT} THEN (${value})::FLOAT::DOUBLE END`;
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
