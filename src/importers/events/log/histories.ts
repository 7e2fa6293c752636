/**
 * Users' logs, row after row, to samples: how many behaviours came before each, and which of them are its history
 * (src/dataset/history.ts). Of the rows that were, no more is kept than the histories of rows to come need.
 */
import { SPLITS, type Split } from "../../../dataset/dataset.ts";
import { type HistoryLimits, historyLength } from "../../../dataset/history.ts";
import { temporalSplit } from "../../protocols.ts";
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
  /**
   * A sample, the user's `nth` (from 1), whose history is the last `length` of the first `position` behaviours of the user.
   */
  sample(row: number, split: Split, position: number, length: number, nth: number): void;
  /** A behaviour, and which split's part of the log it is in: `train`, then so are all of the user before it. */
  behaviour(row: number, part: Split): void;
}

/** Goes through the logs of users, one user after the other. */
export class HistoryWalk {
  readonly #rule: SampleRule;
  /** Times of the user's latest behaviours, twice in a row: behaviour b is at b modulo their number, and again after them. */
  readonly #times: Float64Array;
  /** Behaviours and samples of the user so far. */
  #count = 0;
  #samples = 0;
  /** Of the rows at the time that is reached: how many behaviours were before, and how long their histories are. */
  #time = Number.NaN;
  #position = 0;
  #length = 0;

  constructor(rule: SampleRule) {
    this.#rule = rule;
    this.#times = new Float64Array(2 * rule.maxHistory);
  }

  /** @param behaviours how many the user has in all */
  take(log: UserRows, behaviours: number, taker: RowTaker): void {
    const { split, isGiven } = this.#rule;
    if (log.begins) {
      this.#count = 0;
      this.#samples = 0;
      this.#time = Number.NaN;
    }
    for (let row = log.from; row < log.to; row++) {
      const time = log.time[row];
      if (time !== this.#time || isGiven) this.#reach(time);
      const place = this.#count;
      const part = split === null ? temporalSplit(place, behaviours) : splitOf(time, split);
      const isSample = split === null ? place > 0 : log.label[row] >= 0;
      if (isSample) taker.sample(row, part, this.#position, this.#length, ++this.#samples);
      if (log.behaviour[row] === 0) continue;
      taker.behaviour(row, part);
      this.#add(time);
    }
  }

  /** The behaviours so far were before `time`: rows are in order, so each was at another. */
  #reach(time: number): void {
    const { maxHistory } = this.#rule;
    this.#time = time;
    this.#position = this.#count;
    const kept = Math.min(this.#count, maxHistory);
    this.#length = historyLength(this.#times, this.#latest(), kept, time, this.#rule);
  }

  /** Where the times of the latest behaviours, of which `maxHistory` are kept, begin. */
  #latest(): number {
    return this.#count < this.#rule.maxHistory ? 0 : this.#count % this.#rule.maxHistory;
  }

  #add(time: number): void {
    const { maxHistory } = this.#rule;
    const at = this.#count % maxHistory;
    this.#times[at] = time;
    this.#times[at + maxHistory] = time;
    this.#count++;
  }
}

function splitOf(time: number, { validFrom, testFrom }: { validFrom: number; testFrom: number }): Split {
  const [train, valid, test] = SPLITS;
  return time < validFrom ? train : time < testFrom ? valid : test;
}
