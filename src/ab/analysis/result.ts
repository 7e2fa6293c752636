/** What `dien ab report` finds; `--json` prints it as it is, so that keys stay. Lifts are relative to control: .12 is 12 % more. */
import type { AbMetric } from "./metrics.ts";
import type { LoadedRows } from "./sources.ts";
import type { Attribution, Counts } from "./tables.ts";

export type { Attribution };

export type ReadingKind = "fixed" | "sequential";

/** An interval of a lift, and the p-value of none. NaN, null in JSON, where nothing can be said. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly p: number;
}

export interface ArmResult {
  readonly arm: string;
  readonly users: number;
  readonly impressions: number;
  readonly clicks: number;
  readonly revenue: number;
  /** As they are, whatever lifts are adjusted by. */
  readonly metrics: Readonly<Record<AbMetric, number>>;
}

export interface EffectResult extends Interval {
  readonly arm: string;
  readonly metric: AbMetric;
  readonly lift: number;
  /** By Holm's procedure: of the metric of the verdict over all arms; of the others over all arms and all of them. */
  readonly adjustedP: number;
  /** Both readings; `low`, `high` and `p` are those of the one that was asked for. */
  readonly fixed: Interval;
  readonly sequential: Interval;
  /** The smallest lift that would have been seen in 4 of 5 experiments like this one. */
  readonly smallest: number;
  /** How strongly CUPED has adjusted it by the time before; 0 where it has not. */
  readonly theta: number;
}

/** A lift of the metric of the verdict on a day, by impressions of that day or of all days up to it. */
export interface DayResult extends Interval {
  readonly arm: string;
  /** In UTC: 2026-11-01. */
  readonly day: string;
  readonly users: number;
  readonly lift: number;
}

export interface SegmentResult extends Interval {
  readonly field: string;
  /** Null of users whose field has no value. */
  readonly value: string | null;
  readonly arm: string;
  readonly users: number;
  readonly lift: number;
  /** By Holm's procedure over all values of all fields, and all arms. */
  readonly adjustedP: number;
}

/** What is wrong, or good to know. A grave one stops the verdict. */
export interface Finding {
  readonly check: CheckName;
  readonly level: "grave" | "warning" | "note";
  readonly message: string;
}
export type CheckName =
  | "sample-ratio"
  | "mixed-users"
  | "early-outcomes"
  | "lost-outcomes"
  | "late-outcomes"
  | "few-users"
  | "dominance"
  | "novelty"
  | "start"
  | "rows"
  | "repeated-ids"
  | "other-rows"
  | "values"
  | "attribution"
  | "bandit"
  | "unfinished";

export interface Verdict {
  /**
   * `keep` an arm; `weigh` a gain against a loss in another metric; `wait`, since nothing can be told yet; or `stop`: the
   * data decide nothing.
   */
  readonly decision: "keep" | "weigh" | "wait" | "stop";
  /** Which one to keep. */
  readonly arm: string | null;
  readonly sentence: string;
}

export interface AbReport {
  readonly experiment: string | null;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly control: string;
  /** What the verdict rests on. */
  readonly metric: AbMetric;
  readonly reading: ReadingKind;
  readonly alpha: number;
  /** Users at which always-valid intervals are narrowest. */
  readonly tuning: number;
  /** Of impressions; ISO 8601. */
  readonly from: string;
  readonly to: string;
  /** Calendar days in UTC, the first and the last included. */
  readonly days: number;
  readonly windowHours: number;
  readonly attribution: Attribution;
  /** In arms, mixed ones left out. */
  readonly users: number;
  /** Of these, users of whom the time before is known; null where no such time is given. */
  readonly usersBefore: number | null;
  /** P-value of the users of arms under their weights; null where there are no fixed ones. */
  readonly sampleRatioP: number | null;
  readonly arms: readonly ArmResult[];
  readonly effects: readonly EffectResult[];
  readonly upToDay: readonly DayResult[];
  readonly byDay: readonly DayResult[];
  readonly segments: readonly SegmentResult[];
  readonly rows: { readonly exposures: RowCounts; readonly outcomes: RowCounts; readonly before: RowCounts | null };
  readonly counts: Counts;
}
export type RowCounts = Pick<LoadedRows, "files" | "read" | "bad">;
