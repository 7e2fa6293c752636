/** What may be meant by texts that are no times as they are: formats that logs are known to have. */
import { AMBIGUOUS, DAY, parseTime, readShape, withoutBlanks } from "./time.ts";
import { parseFormatted, timeFormat } from "./time-format.ts";

/** Those of a day first, then of a month first: of many texts mostly one of the two reads all. */
const FORMATS = [
  ...["%m/%d/%Y %I:%M:%S %p", "%d/%m/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%d/%m/%Y %I:%M %p"],
  ...["/", ".", "-"].flatMap((sign) =>
    ["", " %H:%M", " %H:%M:%S"].flatMap((clock) =>
      [`%d${sign}%m${sign}%Y`, `%m${sign}%d${sign}%Y`].map((date) => `${date}${clock}`),
    ),
  ),
  ...["%Y.%m.%d", "%Y.%m.%d %H:%M", "%Y.%m.%d %H:%M:%S", "%d/%b/%Y:%H:%M:%S %z", "%d %b %Y", "%b %d, %Y"],
  ...["%a %b %d %H:%M:%S %z %Y", "%a, %d %b %Y %H:%M:%S %z", "%d-%b-%y", "%d-%b-%Y"],
  ...["%Y%m%d%H", "%y%m%d%H", "%m%d", "nanoseconds"],
];

/** Nanoseconds are those of these times: of others a number is a code. */
const NANOSECONDS = [20 * 365 * DAY, 130 * 365 * DAY] as const;

/** The known formats that read all of some texts, the likeliest first. */
export function formatsThatRead(texts: readonly string[]): string[] {
  if (texts.length === 0) return [];
  return FORMATS.filter((name) => {
    const format = timeFormat(name);
    return texts.every((text) => {
      const time = parseFormatted(text, format, 0);
      return time !== null && (name !== "nanoseconds" || (time > NANOSECONDS[0] && time < NANOSECONDS[1]));
    });
  });
}

/** What a text may be that is no time, as `parseTime` reads it; undefined where nobody knows. */
export function whatItMayBe(text: string): string | undefined {
  if (parseTime(text, 0) !== null) return undefined;
  if (/^[0-9.]+[eE]/.test(text)) return "a number with an exponent must be whole, with 18 digits at most";
  const formats = formatsThatRead([text]);
  if (readShape(withoutBlanks(text), AMBIGUOUS, 0) !== null) formats.push("seconds");
  return formats.length === 0
    ? undefined
    : `columns.time may need a format: ${formats.slice(0, 3).map(quoted).join(" or ")}`;
}

/** A format as features.yaml has it. */
export function quoted(format: string): string {
  return format.includes("%") ? JSON.stringify(format) : format;
}
