/** How much there is: samples, clicks, times and empty histories of each split. */
import { SPLITS, type Split } from "../../dataset/dataset.ts";
import type { DatasetTables } from "./database.ts";

export interface SplitCounts {
  readonly split: Split;
  readonly samples: number;
  readonly clicks: number;
  /** Share of clicks; NaN without samples. */
  readonly rate: number;
  /** Users with samples. */
  readonly users: number;
  /** Of the earliest and the latest sample, in milliseconds since 1970; null without samples. */
  readonly first: number | null;
  readonly last: number | null;
  /** Share of samples without any history. */
  readonly empty: number;
}

/** Of train, valid and test, in this order. */
export async function countSplits({ rows }: DatasetTables): Promise<SplitCounts[]> {
  const found = await rows<{
    split: number;
    samples: number;
    clicks: number;
    first: number;
    last: number;
    empty: number;
  }>(
    `SELECT split, count(*) AS samples, sum(label) AS clicks, min(time) AS first, max(time) AS last,
            count(*) FILTER (WHERE length = 0) AS empty
     FROM samples GROUP BY split`,
  );
  const [users] = await rows<Record<string, number>>(
    `SELECT ${SPLITS.map((_, s) => `count(*) FILTER (WHERE n${s} > 0) AS users${s}`).join(", ")} FROM user_counts`,
  );
  return SPLITS.map((split, s) => {
    const { samples, clicks, first, last, empty } = found.find((row) => row.split === s) ?? NOTHING;
    return {
      split,
      samples,
      clicks,
      rate: clicks / samples,
      users: users[`users${s}`],
      first,
      last,
      empty: empty / samples,
    };
  });
}

const NOTHING = { samples: 0, clicks: 0, first: null, last: null, empty: 0 };

/** Samples to which something applies, and the clicked ones of them. */
type Some = Pick<SplitCounts, "samples" | "clicks">;

/** AUC of "it applies" as a prediction: half of how much more often it does to clicked samples than to others, and one half. */
export function aucOfBit(some: Some, { samples, clicks }: Some): number {
  return 0.5 + (some.clicks / clicks - (some.samples - some.clicks) / (samples - clicks)) / 2;
}

/** The standard error of that where it tells nothing. */
export function errorOfBit(some: Some, { samples, clicks }: Some): number {
  const part = some.samples / samples;
  return Math.sqrt((part * (1 - part) * (1 / clicks + 1 / (samples - clicks))) / 4);
}
