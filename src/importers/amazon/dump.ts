/**
 * Reads the public dumps of Amazon reviews (https://amazon-reviews-2023.github.io names those of all years): reviews, one
 * JSON object a line, and metadata, one JSON object or (in 2014) Python literal a line; perhaps packed by gzip.
 */

import type { InputFile } from "../../dataset/manifest.ts";
import { failure } from "../../errors/failure.ts";
import { printable } from "../../errors/printable.ts";
import { readLines } from "../../lines.ts";
import type { BehaviourLog } from "../behaviours.ts";
import { categoryOf, type Fields, itemOf, reviewOf, type Wrong } from "./layouts.ts";
import { type PythonValue, parsePythonLiteral } from "./python-literal.ts";

/** A dump may hold this many unusable lines, or this share of all lines, whichever is more. */
const TOLERATED_LINES = 100;
const TOLERATED_SHARE = 0.01;
/** Unusable lines that are reported one by one. */
const EXAMPLES = 5;

/** What of a dump could not be used. */
export interface Unusable {
  /** Lines that are no object in the file's notation. */
  readonly broken: number;
  /** Objects that lack a field that is needed, or hold something else in it. */
  readonly incomplete: number;
  /** The first few, each with its line number and what is wrong. */
  readonly examples: readonly string[];
}

type DumpProgress = (done: number, total: number | undefined) => void;

export interface Reviews extends Unusable, BehaviourLog {
  readonly file: InputFile;
}

export interface Metadata extends Unusable {
  readonly file: InputFile;
  /** The leaf category of each item that has one. */
  readonly categories: ReadonlyMap<string, string>;
}

/** Every review is a behaviour, in the layout of any year. @throws UserError where the dump is unusable. */
export async function readReviews(path: string, onProgress?: DumpProgress): Promise<Reviews> {
  const users = new Map<string, number>();
  const items = new Map<string, number>();
  const log = { user: [] as number[], item: [] as number[], time: [] as number[] };
  const { file, ...unusable } = await readObjects(path, JSON.parse, onProgress, (fields) => {
    const review = reviewOf(fields);
    if ("field" in review) return review;
    log.user.push(numberOf(users, review.user));
    log.item.push(numberOf(items, review.item));
    log.time.push(review.time);
    return null;
  });
  return { file, ...unusable, users: [...users.keys()], items: [...items.keys()], ...log };
}

/**
 * The category of every item of `wanted`; of several lines for one item the first that has one counts.
 * @throws UserError where the dump is unusable.
 */
export async function readMetadata(
  path: string,
  wanted: ReadonlySet<string>,
  onProgress?: DumpProgress,
): Promise<Metadata> {
  const categories = new Map<string, string>();
  // One string a category: those that the parser cuts out would keep their whole lines alive.
  const names = new Map<string, string>();
  const { file, ...unusable } = await readObjects(path, parseMetadata, onProgress, (fields) => {
    const item = itemOf(fields);
    if (typeof item !== "string") return item;
    if (!wanted.has(item) || categories.has(item)) return null;
    const category = categoryOf(fields);
    if (typeof category !== "string") return category ?? null;
    if (!names.has(category)) names.set(category, Buffer.from(category).toString());
    categories.set(Buffer.from(item).toString(), names.get(category)!);
    return null;
  });
  return { file, ...unusable, categories };
}

/** JSON has a double quote where a Python dict of strings has a single one. */
function parseMetadata(line: string): unknown {
  return /^\s*\{\s*"/.test(line) ? JSON.parse(line) : parsePythonLiteral(line);
}

/** Hands a look-up of each line's fields to `take`, which returns what is missing or wrong, or null. */
async function readObjects(
  path: string,
  parse: (line: string) => unknown,
  onProgress: DumpProgress | undefined,
  take: (fields: Fields) => Wrong | null,
): Promise<Unusable & { file: InputFile }> {
  const examples: string[] = [];
  let lines = 0;
  let broken = 0;
  let incomplete = 0;
  const note = (number: number, what: string) => {
    if (examples.length < EXAMPLES) examples.push(`line ${number}: ${printable(what)}`);
  };
  const file = await readLines(
    path,
    ({ number, text, isUtf8 }) => {
      lines++;
      if (!isUtf8) {
        broken++;
        return note(number, "the text is not UTF-8");
      }
      let value: unknown;
      try {
        value = parse(text);
      } catch (error) {
        broken++;
        return note(number, (error as Error).message);
      }
      const fields = fieldsOf(value);
      if (fields === null) {
        broken++;
        return note(number, "no object");
      }
      const wrong = take(fields);
      if (wrong === null) return;
      incomplete++;
      const { field, layout } = wrong;
      const found = fields(field);
      const what = found === undefined ? `no ${field}` : `${field} is ${JSON.stringify(found)?.slice(0, 60)}`;
      note(number, `${what} (layout ${layout})`);
    },
    onProgress,
  );
  if (lines === 0) throw failure("file.empty", { path });
  const unusable = broken + incomplete;
  if (unusable === lines || unusable > Math.max(TOLERATED_LINES, TOLERATED_SHARE * lines)) {
    throw failure("source.unusable-rows", {
      source: path,
      unit: "lines",
      bad: unusable,
      total: lines,
      first: examples[0],
    });
  }
  return { file, broken, incomplete, examples };
}

function fieldsOf(value: unknown): Fields | null {
  if (value instanceof Map) return (field) => (value as Map<unknown, PythonValue>).get(field);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return (field) => (Object.hasOwn(value, field) ? (value as Record<string, unknown>)[field] : undefined);
}

function numberOf(numbers: Map<string, number>, name: string): number {
  const known = numbers.get(name);
  if (known !== undefined) return known;
  numbers.set(name, numbers.size);
  return numbers.size - 1;
}
