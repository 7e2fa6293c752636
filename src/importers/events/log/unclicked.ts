/**
 * Of each behaviour the item of the latest impression that was not clicked, of another item, since the behaviour before
 * it and until its own time; 0 where there was none. Of impressions at one time the greatest item counts.
 */
import type { UserRows } from "./histories.ts";

/** The greatest items that were shown at one time and not clicked; 0 where there are no more. */
export type ShownItems = readonly [greatest: number, next: number];
export const NOTHING: ShownItems = [0, 0];

/** Goes through the logs of users, one user after the other. */
export class UnclickedWalk {
  /** When the behaviour before was. */
  #previous = Number.NEGATIVE_INFINITY;
  /** The item that was shown last since, and the one that was before it. */
  #last = 0;
  #other = 0;

  /**
   * @param beyond of a part that does not end its user: what was shown at its last time, in the rows to come too
   * @param found gets the item of each behaviour at the place of its row
   */
  take(log: UserRows, beyond: ShownItems, found: Int32Array): void {
    if (log.begins) {
      this.#previous = Number.NEGATIVE_INFINITY;
      this.#last = 0;
      this.#other = 0;
    }
    for (let row = log.from; row < log.to; row++) {
      const [time, item] = [log.time[row], log.item[row]];
      if (isUnclicked(log, row) && time > this.#previous) this.#show(item);
      if (log.behaviour[row] === 0) continue;
      // What was shown at a time belongs to the first behaviour then.
      if (time === this.#previous) {
        found[row] = 0;
        continue;
      }
      found[row] = shownWith(log, row, beyond) || (this.#last !== item ? this.#last : this.#other);
      this.#previous = time;
      this.#last = 0;
      this.#other = 0;
    }
  }

  #show(item: number): void {
    if (item === this.#last) return;
    this.#other = this.#last;
    this.#last = item;
  }
}

function isUnclicked({ label, item }: UserRows, row: number): boolean {
  return label[row] === 0 && item[row] > 0;
}

/** The greatest item that was shown at the time of a behaviour and is not its own; rows at one time are in the order of items. */
function shownWith(log: UserRows, row: number, [greatest, next]: ShownItems): number {
  const { time, item } = log;
  let end = row;
  while (end < log.to && time[end] === time[row]) end++;
  if (end === log.to && !log.ends) return greatest !== item[row] ? greatest : next;
  for (let shown = end - 1; shown >= log.from && time[shown] === time[row]; shown--) {
    if (isUnclicked(log, shown) && item[shown] !== item[row]) return item[shown];
  }
  return 0;
}
