/**
 * What a field learns from the training part alone: the edges of a number's buckets, or its mean and spread, and its
 * vocabulary.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type LearnedField, learnCells, type RawValues } from "../../../dataset/learned.ts";
import { type NumberScale, parseNumber, scaled, type Transform } from "../../../dataset/transform.ts";
import type { Features, FieldSpec } from "../features/features.ts";
import { readTexts } from "../source/stream.ts";

/** A field's distinct raw values, known by codes from 1; code 0 is none. */
export interface Dictionary {
  /** Gives the raw value of each code, in order; null where the code stands for no value. */
  readonly query: string;
  readonly size: number;
}

/**
 * Learns a field.
 * @param counts how often training has each code
 * @param weights how much each code weighs in the edges of a number, or in its mean
 */
export async function learnField(
  connection: DuckDBConnection,
  spec: FieldSpec,
  { query, size }: Dictionary,
  features: Pick<Features, "utcOffset" | "missing">,
  counts: Int32Array,
  weights: Int32Array,
): Promise<LearnedField> {
  const each: RawValues["each"] = (take) => readTexts(connection, query, (raw, index) => take(raw, index + 1));
  const transform = await learnTransform(spec, { each, size, counts }, features, weights);
  return await learnCells(
    spec.name,
    transform,
    { each, size, counts },
    { least: spec.minCount, pooling: spec.pooling },
  );
}

async function learnTransform(
  { kind, from, buckets, scale, separator, learned }: FieldSpec,
  { each, size }: RawValues,
  features: Pick<Features, "utcOffset" | "missing">,
  weights: Int32Array,
): Promise<Transform> {
  const missing = from !== "key" && features.missing.length > 0 ? { missing: [...features.missing] } : {};
  if (kind === "category") return { kind, ...missing };
  if (kind === "list") return { kind, ...(separator !== undefined && { separator }), ...missing };
  if (kind === "hour" || kind === "weekday") return { kind, offset: features.utcOffset };
  if (learned && "edges" in learned) return { kind: "number", ...learned, ...missing };
  if (learned) return { kind: "value", scale, ...learned, ...missing };
  const numbers = new Float64Array(size + 1).fill(Number.NaN);
  await each((raw, code) => {
    numbers[code] = (raw === null ? null : parseNumber(raw)) ?? Number.NaN;
  });
  if (kind === "number") return { kind, edges: quantiles(numbers, weights, buckets), ...missing };
  return { kind, scale, ...spreadOf(numbers, weights, scale), ...missing };
}

/**
 * Mean and standard deviation of weighted numbers, on their scale; 1 where they do not differ, or there are none. Numbers
 * that are NaN do not count.
 */
export function spreadOf(
  numbers: Float64Array,
  weights: ArrayLike<number>,
  scale: NumberScale,
): { mean: number; deviation: number } {
  const counted = Array.from(numbers.keys()).filter((i) => weights[i] > 0 && !Number.isNaN(numbers[i]));
  const largest = counted.reduce((most, i) => Math.max(most, Math.abs(scaled(scale, numbers[i]))), 0);
  if (largest === 0) return { mean: 0, deviation: 1 };
  // In parts of the largest: squares of no number are too large, or vanish, and equal numbers have exactly their mean.
  const meanOf = (term: (part: number) => number) => {
    let [sum, total] = [0, 0];
    for (const i of counted) {
      sum += weights[i] * term(scaled(scale, numbers[i]) / largest);
      total += weights[i];
    }
    return sum / total;
  };
  const mean = meanOf((part) => part);
  const deviation = Math.sqrt(meanOf((part) => (part - mean) ** 2));
  return { mean: mean * largest, deviation: deviation > 0 ? deviation * largest : 1 };
}

/**
 * Edges that cut weighted numbers into `buckets` of about the same weight, rising; where a number weighs more than a
 * bucket there are fewer. None is the least number: what is less than all that training has seen falls into its bucket.
 * Numbers that are NaN do not count.
 */
export function quantiles(numbers: Float64Array, weights: ArrayLike<number>, buckets: number): number[] {
  const order = Array.from(numbers.keys()).filter((i) => weights[i] > 0 && !Number.isNaN(numbers[i]));
  order.sort((a, b) => numbers[a] - numbers[b]);
  const total = order.reduce((sum, i) => sum + weights[i], 0);
  const edges: number[] = [];
  let before = 0;
  let bucket = 1;
  for (const i of order) {
    // The number is at the places [before, before + weight) of all in order; an edge is at a place.
    const value = numbers[i];
    for (; bucket < buckets && Math.floor((bucket * total) / buckets) < before + weights[i]; bucket++) {
      if (value > numbers[order[0]] && value !== edges.at(-1)) edges.push(value);
    }
    before += weights[i];
  }
  return edges;
}
