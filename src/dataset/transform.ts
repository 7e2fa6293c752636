/**
 * From a raw value to a category: what comes before the vocabulary, for every field alike. Preparing a dataset and
 * scoring a request call the same function with the same numbers, which are kept in the dataset and the model.
 */
import { z } from "zod";
import { DAY, HOUR, MINUTE } from "./time.ts";

/** Minutes east of UTC. */
export const offsetSchema = z.int().min(-840).max(840);

/** Texts that stand for no value, beside the empty one. */
const missing = z.array(z.string()).min(1).exactOptional();

export const transformSchema = z.discriminatedUnion("kind", [
  /** The value's text is the category. */
  z.strictObject({ kind: z.literal("category"), missing }),
  /** A number falls into a bucket between rising edges; a bucket holds its lower edge and not its upper one. */
  z.strictObject({ kind: z.literal("number"), edges: z.array(z.number()), missing }),
  /** The hour of the day (0 to 23), or the day of the week (mon to sun), of the time of the impression. */
  z.strictObject({ kind: z.literal("hour"), offset: offsetSchema }),
  z.strictObject({ kind: z.literal("weekday"), offset: offsetSchema }),
]);
export type Transform = z.infer<typeof transformSchema>;

/** 1970-01-01 was a Thursday. */
const WEEKDAYS = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"] as const;

/** Whether a field is made of the impression's time instead of a value of its own. */
export function readsTime(transform: Transform): boolean {
  return transform.kind === "hour" || transform.kind === "weekday";
}

/** Whether a text stands for no value in that field. */
export function isMissing(transform: Transform, value: string | null): boolean {
  if (value === null || value === "") return true;
  return "missing" in transform && transform.missing.includes(value);
}

/**
 * The category of a raw value, or null, the unknown, where there is none. A field that reads the time is given it as
 * milliseconds since 1970, in decimal. In a field of numbers a text that is none is unknown.
 */
export function categoryOf(transform: Transform, value: string | null): string | null {
  if (value === null || isMissing(transform, value)) return null;
  switch (transform.kind) {
    case "category":
      return value;
    case "number": {
      const number = parseNumber(value);
      return number === null ? null : bucketName(transform.edges, bucketOf(transform.edges, number));
    }
    case "hour": {
      const local = Number(value) + transform.offset * MINUTE;
      return String(Math.floor((local - Math.floor(local / DAY) * DAY) / HOUR));
    }
    case "weekday": {
      const day = Math.floor((Number(value) + transform.offset * MINUTE) / DAY);
      return WEEKDAYS[((day % 7) + 7) % 7];
    }
  }
}

/** A finite decimal number, or null. */
export function parseNumber(text: string): number | null {
  const number = text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : null;
}

/** Number of edges at or below `value`. */
function bucketOf(edges: readonly number[], value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function bucketName(edges: readonly number[], bucket: number): string {
  if (edges.length === 0) return "any";
  if (bucket === 0) return `below ${edges[0]}`;
  if (bucket === edges.length) return `${edges[bucket - 1]} and above`;
  return `${edges[bucket - 1]} to ${edges[bucket]}`;
}
