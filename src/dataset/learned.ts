/**
 * What a field learns: its vocabulary, and what stands in the rows of each of its raw values. Raw values are known by codes from 1;
 * code 0 is none.
 */
import { type CellValues, type ListShape, NO_ID, type Pooling } from "../tensor/arrays.ts";
import { LONGEST_LIST } from "./lists.ts";
import {
  type CategoryTransform,
  categoriesOf,
  categoryOf,
  type ListTransform,
  numberOf,
  type Transform,
  type ValueTransform,
} from "./transform.ts";
import { rankByCount, type Vocabulary } from "./vocabulary.ts";

/** A field's distinct raw values. */
export interface RawValues {
  /** Passes each value and its code to `take`, in the order of the codes; null stands for no value. */
  readonly each: (take: (text: string | null, code: number) => void) => Promise<void>;
  readonly size: number;
  /** [size + 1] how often training has each code. */
  readonly counts: ArrayLike<number>;
}

/** A field's vocabulary, and what stands in a row of each of its codes (see `Samples`). */
export interface LearnedField extends Vocabulary {
  /** [size + 1] ids or numbers, NaN where there is none; of lists [size + 1, most]. */
  readonly cells: CellValues;
  /** Of lists: values of different lists that were left out, as the lists were too long. */
  readonly cut: number;
}

export interface LearnOptions {
  /** What training has less often than this is unknown. */
  readonly least: number;
  /** Of lists. */
  readonly pooling: Pooling;
}

/** Learns a field. */
export async function learnCells(
  name: string,
  transform: Transform,
  raw: RawValues,
  { least, pooling }: LearnOptions,
): Promise<LearnedField> {
  if (transform.kind === "list") return await learnLists(name, transform, raw, least, pooling);
  if (transform.kind === "value") return await readNumbers(name, transform, raw);
  return await learnCategories(name, transform, raw, least);
}

async function learnCategories(
  name: string,
  transform: CategoryTransform,
  { each, size, counts }: RawValues,
  least: number,
): Promise<LearnedField> {
  const values: string[] = [];
  const seen: number[] = [];
  /** Of each code the place of its category in `values`. */
  const places = new Int32Array(size + 1).fill(-1);
  const placeOf = new Map<string, number>();
  let distinct = 0;
  await each((raw, code) => {
    const category = categoryOf(transform, raw);
    if (category === null) return;
    // Texts that are their own categories are all different: there may be too many to hold those that are not known.
    const own = transform.kind === "category";
    if (own) distinct++;
    if (own && counts[code] < least) return;
    let place = own ? undefined : placeOf.get(category);
    if (place === undefined) {
      place = values.push(category) - 1;
      seen.push(0);
      if (!own) distinct = placeOf.set(category, place).size;
    }
    seen[place] += counts[code];
    places[code] = place;
  });
  const ranking = rankByCount(values, seen, least);
  const cells = places.map((place) => (place < 0 ? 0 : ranking.ids[place]));
  return { name, transform, values: ranking.values, counts: ranking.counts, distinct, cells, cut: 0 };
}

/** Each value of a list counts as often as the list. */
async function learnLists(
  name: string,
  transform: ListTransform,
  { each, size, counts }: RawValues,
  least: number,
  pooling: Pooling,
): Promise<LearnedField> {
  const values: string[] = [];
  const seen: number[] = [];
  const placeOf = new Map<string, number>();
  /** The places of the categories in `values`, list after list; those of a code begin at `begins[code]`. */
  const places: number[] = [];
  const begins = new Int32Array(size + 2);
  let longest = 1;
  let cut = 0;
  await each((raw, code) => {
    const all = categoriesOf(transform, raw);
    const kept = all.slice(0, LONGEST_LIST);
    for (const category of kept) {
      let place = placeOf.get(category);
      if (place === undefined) {
        place = values.push(category) - 1;
        seen.push(0);
        placeOf.set(category, place);
      }
      seen[place] += counts[code];
      places.push(place);
    }
    begins[code + 1] = places.length;
    longest = Math.max(longest, kept.length);
    cut += all.length - kept.length;
  });
  const ranking = rankByCount(values, seen, least);
  const list: ListShape = { most: longest, pooling };
  const cells = new Int32Array((size + 1) * longest).fill(NO_ID);
  for (let code = 0; code <= size; code++) {
    // A list without values has the unknown.
    cells[code * longest] = 0;
    for (let i = begins[code]; i < begins[code + 1]; i++) {
      cells[code * longest + i - begins[code]] = ranking.ids[places[i]];
    }
  }
  return { name, transform, list, values: ranking.values, counts: ranking.counts, distinct: values.length, cells, cut };
}

async function readNumbers(name: string, transform: ValueTransform, { each, size }: RawValues): Promise<LearnedField> {
  const cells = new Float32Array(size + 1).fill(Number.NaN);
  let distinct = 0;
  await each((raw, code) => {
    cells[code] = numberOf(transform, raw);
    if (!Number.isNaN(cells[code])) distinct++;
  });
  return { name, transform, values: [], counts: new Int32Array(), distinct, cells, cut: 0 };
}
