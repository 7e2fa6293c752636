/**
 * Vocabularies: which ids the categories of a field have, learned on the training part alone (docs/data-format.md).
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Field, isNumber } from "../features/schema.ts";
import type { ListShape } from "../tensor/arrays.ts";
import { writeFile } from "./file-writer.ts";
import { vocabularyFile } from "./layout.ts";
import type { Manifest } from "./manifest.ts";
import type { Transform } from "./transform.ts";

export interface Vocabulary {
  readonly name: string;
  readonly transform: Transform;
  /** The known categories and how often training has each: id i is at place i - 1. */
  readonly values: readonly string[];
  readonly counts: Int32Array;
  /** Distinct known categories, or numbers, in the whole data. */
  readonly distinct: number;
  /** Of lists. */
  readonly list?: ListShape;
}

/** As the layout of a dataset has it. */
export function fieldOf({ name, transform, values, list }: Vocabulary): Field {
  return { name, size: transform.kind === "value" ? 0 : values.length + 1, ...(list && { list }) };
}

/** The known among some categories in the order of their ids, and the id of each, 0 of those that are not known. */
interface Ranking {
  readonly values: readonly string[];
  readonly counts: Int32Array;
  readonly ids: Int32Array;
}

/**
 * Ids from 1 by falling count, equal counts by value (code units). What training has less often than `least` is
 * unknown.
 */
export function rankByCount(values: readonly string[], counts: ArrayLike<number>, least = 1): Ranking {
  const known = values
    .map((_, index) => index)
    .filter((index) => counts[index] >= least)
    .sort((a, b) => counts[b] - counts[a] || (values[a] < values[b] ? -1 : 1));
  const ids = new Int32Array(values.length);
  known.forEach((index, rank) => {
    ids[index] = rank + 1;
  });
  return {
    values: known.map((index) => values[index]),
    counts: Int32Array.from(known, (index) => counts[index]),
    ids,
  };
}

/** How the manifest describes a field. */
export function describeField(vocabulary: Vocabulary): Manifest["fields"]["user"][number] {
  const { name, size, list } = fieldOf(vocabulary);
  const { distinct, transform } = vocabulary;
  return { name, size, values: distinct, transform, ...(list && { list }) };
}

/** Writes a field's vocabulary; numbers have none. @throws UserError where the file cannot be written */
export async function writeVocabulary(
  connection: DuckDBConnection,
  folder: string,
  vocabulary: Vocabulary,
): Promise<void> {
  const field = fieldOf(vocabulary);
  if (isNumber(field)) return;
  const { values, counts } = vocabulary;
  await writeFile(connection, folder, vocabularyFile(field), {
    id: Int32Array.from(values, (_, index) => index + 1),
    value: values,
    count: counts,
  });
}
