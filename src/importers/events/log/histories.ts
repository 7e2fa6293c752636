/**
 * Users' logs, row after row, to samples: how many behaviours came before each, and which of them are its history
 * (src/dataset/history.ts). Of the rows that were, no more is kept than the histories of rows to come need.
 */
import { SPLITS, type Split } from "../../../dataset/dataset.ts";
import { type HistoryLimits, historyLength } from "../../../dataset/history.ts";
import { temporalSplit } from "../../protocols.ts";
import { type HistoryItems, hasNegative, type OwnItems } from "../../returns.ts";
import type { UserPart } from "../source/stream.ts";

/** Rows of columns that hold users' logs in order of time; rows of equal time are in the order of the log table. */
export interface UserRows extends UserPart {
  /** Milliseconds since 1970. */
  readonly time: Float64Array;
  /** Catalogue rows. */
  readonly item: Int32Array;
  /** 1 or 0 of an impression, negative where it is none. */
  readonly label: Int32Array;
  /** 1 of a behaviour, else 0. An impression may be a behaviour too. */
  readonly behaviour: Int32Array;
}

/** How samples are made of a log. */
export interface SampleRule extends HistoryLimits {
  /** Impressions are samples, split by their time; null, each behaviour but the first is one. */
  readonly split: { readonly validFrom: number; readonly testFrom: number } | null;
  /** Whether histories are given: whatever stands before a sample is its history, at whatever time. */
  readonly isGiven?: boolean;
}

/** What is made of a user's rows, in their order. */
export interface RowTaker {
  /** A sample, the user's `nth` (from 1), whose history is the last of the first `position` behaviours of the user. */
  sample(row: number, split: Split, position: number, history: HistoryItems, nth: number): void;
  /** What would be a sample too, but is a positive without a negative; counted as a sample in `nth`. */
  leftOut?(row: number, split: Split, history: HistoryItems): void;
  /**
   * A behaviour, which split's part of the log it is in (`train`, then so are all of the user before it), and the history at
   * its time.
   */
  behaviour(row: number, part: Split, history: HistoryItems): void;
}

/** Goes through the logs of users, one user after the other. */
export class HistoryWalk {
  readonly #rule: SampleRule;
  readonly #own: OwnItems | undefined;
  /**
   * The user's latest behaviours before the time that is reached, twice in a row: behaviour b is at b modulo their number,
   * and again after them.
   */
  readonly #times: Float64Array;
  readonly #items: Int32Array;
  /** Items of the latest behaviours at that time, behaviour b at b modulo their number: the next time will be after them. */
  readonly #present: Int32Array;
  /** Behaviours and samples of the user so far. */
  #count = 0;
  #samples = 0;
  /** Of the rows at the time that is reached: how many behaviours were before, and which of them are their history. */
  #time = Number.NaN;
  #position = 0;
  readonly #history: { readonly items: Int32Array; from: number; to: number };

  /** @param own where samples are positives that get strict negatives: what these are never, of the user at work */
  constructor(rule: SampleRule, own?: OwnItems) {
    this.#rule = rule;
    this.#own = own;
    this.#times = new Float64Array(2 * rule.maxHistory);
    this.#items = new Int32Array(2 * rule.maxHistory);
    this.#present = new Int32Array(rule.maxHistory);
    this.#history = { items: this.#items, from: 0, to: 0 };
  }

  /** @param behaviours how many the user has in all */
  take(log: UserRows, behaviours: number, taker: RowTaker): void {
    const { split, isGiven } = this.#rule;
    if (log.begins) {
      this.#count = 0;
      this.#samples = 0;
      this.#time = Number.NaN;
      this.#position = 0;
    }
    for (let row = log.from; row < log.to; row++) {
      const time = log.time[row];
      if (time !== this.#time || isGiven) this.#reach(time);
      const place = this.#count;
      const part = split === null ? temporalSplit(place, behaviours) : splitOf(time, split);
      const isSample = split === null ? place > 0 : log.label[row] >= 0;
      if (isSample) this.#sample(log.item[row], row, part, taker);
      if (log.behaviour[row] === 0) continue;
      taker.behaviour(row, part, this.#history);
      this.#present[this.#count++ % this.#present.length] = log.item[row];
    }
  }

  #sample(item: number, row: number, part: Split, taker: RowTaker): void {
    const nth = ++this.#samples;
    const own = this.#own;
    if (own !== undefined && !hasNegative(item, this.#history, own)) taker.leftOut?.(row, part, this.#history);
    else taker.sample(row, part, this.#position, this.#history, nth);
  }

  /** The behaviours so far were before `time`: rows are in order, so each was at another. */
  #reach(time: number): void {
    const { maxHistory } = this.#rule;
    const count = this.#count;
    for (let b = Math.max(this.#position, count - maxHistory); b < count; b++) this.#keep(b);
    this.#time = time;
    this.#position = count;
    const kept = Math.min(count, maxHistory);
    const first = count < maxHistory ? 0 : count % maxHistory;
    this.#history.to = first + kept;
    this.#history.from = first + kept - historyLength(this.#times, first, kept, time, this.#rule);
  }

  /** Behaviour b, of the time that was reached, is one before the time to come. */
  #keep(b: number): void {
    const { maxHistory } = this.#rule;
    const at = b % maxHistory;
    this.#times[at] = this.#time;
    this.#times[at + maxHistory] = this.#time;
    this.#items[at] = this.#present[at];
    this.#items[at + maxHistory] = this.#present[at];
  }
}

function splitOf(time: number, { validFrom, testFrom }: { validFrom: number; testFrom: number }): Split {
  const [train, valid, test] = SPLITS;
  return time < validFrom ? train : time < testFrom ? valid : test;
}
