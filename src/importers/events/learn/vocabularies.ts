/**
 * What a field learns from the training part alone: the edges of a number's buckets, and its vocabulary.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { categoryOf, parseNumber, type Transform } from "../../../dataset/transform.ts";
import { type LearnedField, rankByCount } from "../../../dataset/vocabulary.ts";
import type { Features, FieldSpec } from "../features/features.ts";
import { readTexts } from "../source/stream.ts";

/** A field's distinct raw values, known by codes from 1; code 0 is none. */
export interface Dictionary {
  /** Gives the raw value of each code, in order; null where the code stands for no value. */
  readonly query: string;
  readonly size: number;
}

/**
 * Learns a field; its ids are those [size + 1] of the codes.
 * @param counts how often training has each code
 * @param weights how much each code weighs in the edges of a number
 */
export async function learnField(
  connection: DuckDBConnection,
  { name, kind, buckets, minCount, from }: FieldSpec,
  { query, size }: Dictionary,
  features: Pick<Features, "utcOffset" | "missing">,
  counts: Int32Array,
  weights: Int32Array,
): Promise<LearnedField> {
  const transform = await learnTransform();
  const values: string[] = [];
  const seen: number[] = [];
  /** Of each code the place of its category in `values`. */
  const places = new Int32Array(size + 1).fill(-1);
  const placeOf = new Map<string, number>();
  let distinct = 0;
  await readTexts(connection, query, (raw, index) => {
    const code = index + 1;
    const category = categoryOf(transform, raw);
    if (category === null) return;
    // Texts that are their own categories are all different: there may be too many to hold those that are not known.
    const own = transform.kind === "category";
    if (own) distinct++;
    if (own && counts[code] < minCount) return;
    let place = own ? undefined : placeOf.get(category);
    if (place === undefined) {
      place = values.push(category) - 1;
      seen.push(0);
      if (!own) distinct = placeOf.set(category, place).size;
    }
    seen[place] += counts[code];
    places[code] = place;
  });
  const ranking = rankByCount(values, seen, minCount);
  const ids = places.map((place) => (place < 0 ? 0 : ranking.ids[place]));
  return { name, transform, values: ranking.values, counts: ranking.counts, distinct, ids };

  async function learnTransform(): Promise<Transform> {
    const missing = from !== "key" && features.missing.length > 0 ? { missing: [...features.missing] } : {};
    if (kind === "category") return { kind, ...missing };
    if (kind !== "number") return { kind, offset: features.utcOffset };
    const numbers = new Float64Array(size + 1).fill(Number.NaN);
    await readTexts(connection, query, (raw, index) => {
      numbers[index + 1] = (raw === null ? null : parseNumber(raw)) ?? Number.NaN;
    });
    return { kind, edges: quantiles(numbers, weights, buckets), ...missing };
  }
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
