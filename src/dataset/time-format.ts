/**
 * Times that are written in a way of their own: `format` of a column of times in features.yaml, a text with directives of
 * strptime, or the unit of a number since 1970.
 */
import {
  floorDivide,
  isTime,
  millionthsOf,
  PART_PATTERNS,
  parseTime,
  readShape,
  type TimePart,
  type TimeShape,
  whole,
  withoutBlanks,
} from "./time.ts";

/** Units of numbers, each with how many millionths of it are a millisecond. */
export const NUMBER_UNITS = {
  seconds: 1_000n,
  milliseconds: 1_000_000n,
  microseconds: 1_000_000_000n,
  nanoseconds: 1_000_000_000_000n,
} as const;
export type NumberUnit = keyof typeof NUMBER_UNITS;

/** Numbers of a unit: nanoseconds have 19 digits. */
export const UNIT_NUMBER = "-?[0-9]{1,19}(?:\\.[0-9]+)?";

export type TimeFormat = { readonly unit: NumberUnit } | { readonly shape: TimeShape };

interface Directive {
  readonly part?: TimePart;
  readonly pattern: string;
  /** With all digits, where digits stand before it. */
  readonly full?: string;
}

const letters = (word: string) => [...word].map((letter) => `[${letter.toUpperCase()}${letter}]`).join("");
const names = (words: readonly string[]) =>
  words.map((word) => `${letters(word.slice(0, 3))}(?:${letters(word.slice(3))})?`);
const MONTH_NAMES = [
  ...["january", "february", "march", "april", "may", "june", "july"],
  ...["august", "september", "october", "november", "december"],
];
const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const twoDigits = (part: TimePart): Directive => ({ part, pattern: "[0-9]{1,2}", full: "[0-9]{2}" });
const sixty = (part: TimePart): Directive => ({ part, pattern: "[0-5]?[0-9]", full: PART_PATTERNS.sixty });
const monthName: Directive = { part: "monthName", pattern: names(MONTH_NAMES).join("|") };
const weekday: Directive = { pattern: names(WEEKDAYS).join("|") };

/** As of strptime; names are English, upper or lower case. */
const DIRECTIVES: Readonly<Record<string, Directive>> = {
  Y: { part: "year", pattern: "[0-9]{4}" },
  y: { part: "shortYear", pattern: "[0-9]{1,2}", full: "[0-9]{2}" },
  m: twoDigits("month"),
  b: monthName,
  B: monthName,
  d: twoDigits("day"),
  a: weekday,
  A: weekday,
  H: { part: "hour", pattern: PART_PATTERNS.hour, full: "[01][0-9]|2[0-3]" },
  I: { part: "hour12", pattern: "0?[1-9]|1[0-2]", full: "0[1-9]|1[0-2]" },
  p: { part: "half", pattern: "[AaPp][Mm]" },
  M: sixty("minute"),
  S: sixty("second"),
  f: { part: "fraction", pattern: "[0-9]+" },
  z: { part: "offset", pattern: PART_PATTERNS.offset },
  Z: { part: "offset", pattern: "Z|UTC|GMT" },
};

/** Directives that may stand in a format, for messages. */
export const KNOWN_DIRECTIVES = Object.keys(DIRECTIVES).map((name) => `%${name}`);

/** Pairs of which a format has at most one. */
const EXCLUSIVE: readonly (readonly TimePart[])[] = [
  ["year", "shortYear"],
  ["month", "monthName"],
  ["hour", "hour12"],
];

const formats = new Map<string, TimeFormat | string>();

/** The format that a text describes; where it describes none, what is wrong with it. */
export function parseTimeFormat(text: string): TimeFormat | string {
  const known = formats.get(text);
  if (known !== undefined) return known;
  const shape = Object.hasOwn(NUMBER_UNITS, text) ? { unit: text as NumberUnit } : shapeOf(text);
  const made = typeof shape === "string" || "unit" in shape ? shape : { shape };
  formats.set(text, made);
  return made;
}

/** Whether a text describes a format. */
export function isTimeFormat(text: string): boolean {
  return typeof parseTimeFormat(text) !== "string";
}

/** The format of a text that describes one. */
export function timeFormat(text: string): TimeFormat {
  return parseTimeFormat(text) as TimeFormat;
}

function shapeOf(format: string): TimeShape | string {
  const parts: TimePart[] = [];
  let pattern = "";
  /** Whether digits stand before, which then end where these begin only if all of these are there. */
  let afterDigits = false;
  for (const [token] of withoutBlanks(format).matchAll(/%[\s\S]?| +|[^% ]+/g)) {
    if (!token.startsWith("%") || token === "%%") {
      pattern += token.startsWith(" ") ? " +" : (token === "%%" ? "%" : token).replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
      afterDigits = /[0-9]$/.test(token);
      continue;
    }
    const directive = Object.hasOwn(DIRECTIVES, token.slice(1)) ? DIRECTIVES[token.slice(1)] : undefined;
    if (directive === undefined) {
      return `${token} is none of ${KNOWN_DIRECTIVES.join(" ")}, seconds, milliseconds, microseconds, nanoseconds`;
    }
    const { part, full } = directive;
    const text = afterDigits && full !== undefined ? full : directive.pattern;
    if (part !== undefined && parts.includes(part)) return `${token} says again what stands before it`;
    if (part !== undefined) parts.push(part);
    pattern += part === undefined ? `(?:${text})` : `(${text})`;
    afterDigits = full !== undefined || part === "year";
  }
  for (const pair of EXCLUSIVE) {
    if (pair.every((part) => parts.includes(part))) return "it has two parts that say the same";
  }
  if (!parts.includes("day") || !(parts.includes("month") || parts.includes("monthName"))) {
    return "a time needs a day (%d) and a month (%m or %b)";
  }
  if (parts.includes("hour12") !== parts.includes("half")) return "%I and %p need one another";
  return { pattern, parts };
}

const UNIT = whole(UNIT_NUMBER);

/** Milliseconds since 1970 UTC, or null where `value` is no time of this format. */
export function parseFormatted(value: string | number, format: TimeFormat, utcOffset: number): number | null {
  const text = withoutBlanks(String(value));
  if ("shape" in format) return readShape(text, format.shape, utcOffset);
  if (!UNIT.test(text)) return null;
  const milliseconds = floorDivide(millionthsOf(text), NUMBER_UNITS[format.unit]);
  return isTime(milliseconds) ? milliseconds : null;
}

/**
 * A time of a request, or of features.yaml: by the format of the log where it has one and the text is of it, else as
 * everywhere.
 */
export function readTime(value: string | number, format: string | null, utcOffset: number): number | null {
  const own = format === null ? null : parseFormatted(value, timeFormat(format), utcOffset);
  return own ?? parseTime(value, utcOffset);
}
