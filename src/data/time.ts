/**
 * Moments as logs and requests write them, to milliseconds since 1970.
 */

/** A date, or a date and a time of day, perhaps with its offset from UTC (ISO 8601, a blank for the T allowed). */
const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;
const NUMBER = /^[+-]?\d+(?:\.\d+)?$/;

const MINUTE = 60_000;

/**
 * Milliseconds since 1970, rounded down, or null where `value` is no moment. A number counts seconds, milliseconds or
 * microseconds, told apart by magnitude: 1e11 seconds are the year 5138, 1e11 milliseconds March 1973.
 * @param utcOffset minutes east of UTC of dates and times that name no offset
 */
export function parseTime(value: string | number, utcOffset: number): number | null {
  if (typeof value === "number") return ofNumber(value);
  const text = value.trim();
  if (NUMBER.test(text)) return ofNumber(Number(text));
  const parts = ISO.exec(text);
  if (parts === null) return null;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part ?? 0));
  const midnight = Date.UTC(year, month - 1, day);
  // Date.UTC takes the 31st of April for the 1st of May, and the year 70 for 1970.
  const date = new Date(midnight);
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  const offset = parts[8] === undefined ? utcOffset : minutesOf(parts[8]);
  if (hour > 23 || minute > 59 || second > 59 || offset === null) return null;
  const fraction = Number((parts[7] ?? "").slice(0, 3).padEnd(3, "0"));
  return midnight + (60 * hour + minute - offset) * MINUTE + 1000 * second + fraction;
}

function ofNumber(value: number): number | null {
  if (!Number.isFinite(value)) return null;
  const size = Math.abs(value);
  return Math.floor(size < 1e11 ? value * 1000 : size < 1e14 ? value : value / 1000);
}

/** Minutes of "Z", "+08", "+0800" or "+08:00"; null beyond a day's hours and an hour's minutes. */
function minutesOf(offset: string): number | null {
  if (offset === "Z" || offset === "z") return 0;
  const digits = offset.slice(1).replace(":", "").padEnd(4, "0");
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2))];
  if (hours > 23 || minutes > 59) return null;
  return (offset[0] === "-" ? -1 : 1) * (60 * hours + minutes);
}
