/**
 * From a raw value to the categories that the vocabulary knows, or to a number: for every field alike. Preparing a dataset
 * and scoring a request call the same functions with the same numbers, which are kept in the dataset and the model.
 */
import { z } from "zod";
import { type ListShape, POOLINGS } from "../tensor/arrays.ts";
import { LONGEST_LIST, valuesOf } from "./lists.ts";
import { DAY, HOUR, MINUTE } from "./time.ts";
import { isTimeFormat } from "./time-format.ts";

/** How raw data write times; null, where as everywhere (time.ts). */
export const timeFormatSchema = z.string().refine(isTimeFormat, "expected a format of times").nullable();

/** What is standardised of a number: itself, or log(1 + x), with the sign of x where that is negative. */
export const SCALES = ["standard", "log1p"] as const;
export type NumberScale = (typeof SCALES)[number];

/** Standard deviations from the mean: what is farther away counts as so far. */
export const FARTHEST_VALUE = 10;

/** Minutes east of UTC. */
export const offsetSchema = z.int().min(-840).max(840);

/** Of a field with several values: how long its lists are at most, and what becomes of the vectors of their values. */
export const listShapeSchema = z.strictObject({
  most: z.int().min(1).max(LONGEST_LIST),
  pooling: z.enum(POOLINGS),
}) satisfies z.ZodType<ListShape>;

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
  /** Several values, each of them a category (lists.ts). */
  z.strictObject({ kind: z.literal("list"), separator: z.string().min(1).exactOptional(), missing }),
  /** A number by itself: how many standard deviations it is from the mean, of itself or of its logarithm. */
  z.strictObject({
    kind: z.literal("value"),
    scale: z.enum(SCALES),
    mean: z.number(),
    deviation: z.number().positive(),
    missing,
  }),
]);
export type Transform = z.infer<typeof transformSchema>;
export type ListTransform = Extract<Transform, { kind: "list" }>;
export type ValueTransform = Extract<Transform, { kind: "value" }>;
/** That of a field which has one category a row. */
export type CategoryTransform = Exclude<Transform, ListTransform | ValueTransform>;

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
export function categoryOf(transform: CategoryTransform, value: string | null): string | null {
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

/** The categories of a raw list, none of them twice; none where it is missing. */
export function categoriesOf(transform: ListTransform, value: string | null): string[] {
  return value === null || isMissing(transform, value) ? [] : valuesOf(value, transform);
}

/** The number that a model is given of a raw value, in single precision; NaN where there is none. */
export function numberOf(transform: ValueTransform, value: string | null): number {
  const number = value === null || isMissing(transform, value) ? null : parseNumber(value);
  if (number === null) return Number.NaN;
  const deviations = (scaled(transform.scale, number) - transform.mean) / transform.deviation;
  return Math.fround(Math.max(-FARTHEST_VALUE, Math.min(FARTHEST_VALUE, deviations)));
}

/** What is standardised of a number. */
export function scaled(scale: NumberScale, number: number): number {
  return scale === "standard" ? number : Math.sign(number) * Math.log1p(Math.abs(number));
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
