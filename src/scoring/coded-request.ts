/** Requests whose ids are known, and what of them is checked before it becomes addresses in memory. */
import type { Bounds } from "../dataset/layout.ts";
import { FARTHEST_VALUE } from "../dataset/transform.ts";
import { failure, type UserError } from "../errors/failure.ts";
import { type Field, isNumber } from "../features/schema.ts";
import { NO_ID, widthOf } from "../tensor/arrays.ts";

/** A request in the ids and the catalogue rows of the dataset that the model was trained on. */
export interface CodedRequest {
  /**
   * What stands for the user and context fields, one field after the other: an id or a number, and of lists as many ids as the
   * longest list has, -1 in the places behind the last.
   */
  readonly user: readonly number[];
  readonly context: readonly number[];
  readonly candidate: number;
  /** Oldest first; the latest ones count. */
  readonly history: readonly number[];
}

/** What a number of a coded request may be. */
export interface Range {
  readonly bounds: Bounds;
  readonly isWhole: boolean;
}

/** What the cells of a field may be. */
export function rangesOf(field: Field): Range[] {
  if (isNumber(field)) return [{ bounds: [-FARTHEST_VALUE, FARTHEST_VALUE], isWhole: false }];
  return Array.from({ length: widthOf(field) }, (_, j) => ({
    bounds: [j === 0 ? 0 : NO_ID, field.size - 1],
    isWhole: true,
  }));
}

/** Ids and rows become addresses in memory: each must lie in its table. @throws UserError that names the first that does not */
export function checkCells(name: string, given: unknown, ranges: readonly Range[]): void {
  if (!isNumbers(given) || given.length !== ranges.length) throw refuseNumbers(name, given, `${ranges.length} ids`);
  for (let i = 0; i < given.length; i++)
    if (!isIn(ranges[i], given[i])) throw refuseNumber(name, i, ranges[i], given[i]);
}

/** The same of rows of the catalogue. */
export function checkRows(name: string, given: unknown, range: Range): void {
  if (!isNumbers(given)) throw refuseNumbers(name, given, "rows");
  for (let i = 0; i < given.length; i++) if (!isIn(range, given[i])) throw refuseNumber(name, i, range, given[i]);
}

function isNumbers(given: unknown): given is ArrayLike<number> {
  return Array.isArray(given) || given instanceof Int32Array;
}

function isIn({ bounds: [least, most], isWhole }: Range, number: number): boolean {
  return number >= least && number <= most && (isWhole ? Number.isInteger(number) : typeof number === "number");
}

function refuseNumbers(field: string, given: unknown, what: string): UserError {
  const found = String(JSON.stringify(given)).slice(0, 60);
  return failure("request.wrong-value", { field, expected: `a list of ${what}`, found });
}

function refuseNumber(
  name: string,
  place: number,
  { bounds: [least, most], isWhole }: Range,
  found: number,
): UserError {
  const expected = `a ${isWhole ? "whole " : ""}number, ${least} to ${most}`;
  return failure("request.wrong-value", { field: `${name}.${place}`, expected, found: String(found) });
}
