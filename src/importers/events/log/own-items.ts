/**
 * The items that strict negatives are never, of one user at a time: all of the user's own, or, where types are predicted,
 * those of these rows.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { Marks } from "../../../dataset/marks.ts";
import type { OwnItems } from "../../returns.ts";
import { readInt32 } from "../source/stream.ts";
import type { UserRows } from "./histories.ts";

export class MarkedItems implements OwnItems {
  readonly marks = new Marks();
  readonly areAll: boolean;
  readonly #connection: DuckDBConnection;
  /** Items of the rows that are predicted. */
  #predicted = new Int32Array();

  /**
   * @param connection not the one that the log is read from
   * @param areAll whether all items of a user are meant, not those of predicted types alone
   */
  constructor(connection: DuckDBConnection, areAll: boolean) {
    this.#connection = connection;
    this.areAll = areAll;
  }

  /** Marks those of the user whose rows these are. Of rows that are not in memory together, the database knows the others. */
  mark(part: UserRows): void | Promise<void> {
    const { item, from, to, begins, ends } = part;
    if (!begins) return;
    if (!ends) return this.#markRead(part.sequence);
    if (this.areAll) this.marks.mark(item, from, to);
    else this.#markPredicted(part);
  }

  #markPredicted({ item, label, from, to }: UserRows): void {
    if (to - from > this.#predicted.length) this.#predicted = new Int32Array(2 * (to - from));
    let count = 0;
    for (let row = from; row < to; row++) if (label[row] >= 0) this.#predicted[count++] = item[row];
    this.marks.mark(this.#predicted, 0, count);
  }

  async #markRead(sequence: number): Promise<void> {
    const which = this.areAll ? "" : "AND label >= 0";
    const query = `SELECT DISTINCT item FROM log WHERE sequence = ${sequence} ${which}`;
    const items = await readInt32(this.#connection, query);
    this.marks.mark(items, 0, items.length);
  }
}
