/**
 * One user's log to a sequence and samples: which behaviours came before each sample, and which of them are its history
 * (src/dataset/history.ts).
 */
import { SPLITS, type Split } from "../../../dataset/dataset.ts";
import { type HistoryLimits, historyLength, isBefore } from "../../../dataset/history.ts";
import { temporalSplit } from "../../protocols.ts";

/** Rows [from, to) of columns that hold a user's log in order of time; rows of equal time are in the order of the log table. */
export interface UserRows {
  readonly from: number;
  readonly to: number;
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
  /** Impressions are samples, split by their time; null, each behaviour but the first is a positive. */
  readonly split: { readonly validFrom: number; readonly testFrom: number } | null;
}

interface UserSamples {
  /** The sequence: the user's behaviours in order, and how many of the first are the training part. */
  readonly items: readonly number[];
  readonly times: readonly number[];
  readonly training: number;
  readonly samples: readonly LoggedSample[];
}

export interface LoggedSample {
  /** Row of the columns. */
  readonly row: number;
  readonly split: Split;
  /** How many behaviours of the sequence came before. */
  readonly position: number;
  /** How many of them, the latest, are the history. */
  readonly length: number;
  /** Of a behaviour that is predicted: its own place in the sequence, which is after `position` where times are equal. */
  readonly place: number;
}

/** Makes a user's samples, in order of time. */
export function samplesOf(log: UserRows, rule: SampleRule): UserSamples {
  const { split } = rule;
  const items: number[] = [];
  const times: number[] = [];
  for (let row = log.from; row < log.to; row++) {
    if (log.behaviour[row] === 0) continue;
    items.push(log.item[row]);
    times.push(log.time[row]);
  }
  const samples: LoggedSample[] = [];
  let position = 0;
  let place = -1;
  for (let row = log.from; row < log.to; row++) {
    place += log.behaviour[row];
    const sampled = split === null ? place > 0 : log.label[row] >= 0;
    if (!sampled) continue;
    const time = log.time[row];
    while (position < times.length && isBefore(times[position], time)) position++;
    samples.push({
      row,
      split: split === null ? temporalSplit(place, times.length) : splitOf(time, split),
      position,
      length: historyLength(times, 0, position, time, rule),
      place,
    });
  }
  return { items, times, training: trainingLength(times, split), samples };
}

function splitOf(time: number, { validFrom, testFrom }: { validFrom: number; testFrom: number }): Split {
  const [train, valid, test] = SPLITS;
  return time < validFrom ? train : time < testFrom ? valid : test;
}

/** The behaviours before the first validation sample: by time, or all but the last two. */
function trainingLength(times: readonly number[], split: SampleRule["split"]): number {
  if (split === null) return Math.max(0, times.length - 2);
  let length = 0;
  while (length < times.length && times[length] < split.validFrom) length++;
  return length;
}

/**
 * Of each behaviour the item of the latest impression that was not clicked, of another item, since the behaviour before
 * it and until its own time; 0 where there was none. Of impressions at one time the greatest item counts.
 */
export function unclickedOf(log: UserRows): number[] {
  const unclicked: number[] = [];
  /** Where the impressions begin that were after the behaviour before. */
  let begin = log.from;
  let previous = Number.NEGATIVE_INFINITY;
  for (let row = log.from; row < log.to; row++) {
    if (log.behaviour[row] === 0) continue;
    const time = log.time[row];
    while (begin < log.to && log.time[begin] <= previous) begin++;
    let end = begin;
    while (end < log.to && log.time[end] <= time) end++;
    let found = 0;
    for (let shown = end - 1; shown >= begin && found === 0; shown--) {
      if (log.label[shown] === 0 && log.item[shown] !== log.item[row]) found = log.item[shown];
    }
    unclicked.push(found);
    previous = time;
  }
  return unclicked;
}
