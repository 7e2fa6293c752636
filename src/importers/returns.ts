/**
 * Returns: positives that stand in their own histories, for users come back to items. A negative that never does would
 * make that bit tell the label, so the negative of a return is another item of the same history
 * (docs/decisions/0022-negatives.md).
 */
import type { Marks } from "../dataset/marks.ts";

/** What a model is shown of a user, oldest first: items[from .. to) of an array that is filled anew as time goes on. */
export interface HistoryItems {
  readonly items: Int32Array;
  readonly from: number;
  readonly to: number;
}

/** The items that strict negatives are never, of the user at work. */
export interface OwnItems {
  readonly marks: Marks;
  /** Whether histories hold nothing else; if they do, negatives from a history are none of these either. */
  readonly areAll: boolean;
}

/** Whether an item stands in a history. */
export function holds({ items, from, to }: HistoryItems, item: number): boolean {
  for (let i = from; i < to; i++) if (items[i] === item) return true;
  return false;
}

/** Whether a positive can have a negative: a return whose history has no other item cannot. */
export function hasNegative(positive: number, history: HistoryItems, own: OwnItems): boolean {
  return !holds(history, positive) || countOthers(positive, history, own) > 0;
}

/** Of how many behaviours of its history the negative of a return may be the item. */
export function countOthers(positive: number, { items, from, to }: HistoryItems, own: OwnItems): number {
  let count = 0;
  for (let i = from; i < to; i++) if (isOther(items[i], positive, own)) count++;
  return count;
}

/** The item of the `nth` (from 0) of these behaviours. */
export function otherAt(nth: number, positive: number, { items, from }: HistoryItems, own: OwnItems): number {
  let i = from;
  for (let left = nth; ; i++) if (isOther(items[i], positive, own) && left-- === 0) return items[i];
}

function isOther(item: number, positive: number, { marks, areAll }: OwnItems): boolean {
  return item !== positive && (areAll || !marks.has(item));
}
