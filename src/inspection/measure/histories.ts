/** How long sequences and histories are. */
import { SPLITS, type Split } from "../../dataset/dataset.ts";
import type { DatasetTables } from "./database.ts";

/** How many have a length from `from` to `to`; `to` is null in the last of a long tail. */
export interface LengthBin {
  readonly from: number;
  readonly to: number | null;
  readonly count: number;
}

/** The lengths of all users' sequences, or of the histories of a split's samples. Quantiles are null without any. */
export interface Lengths {
  readonly of: "sequences" | Split;
  readonly count: number;
  readonly mean: number;
  readonly min: number | null;
  readonly p10: number | null;
  readonly median: number | null;
  readonly p90: number | null;
  readonly max: number | null;
  /** Share of histories that end at maxHistory though the sequence goes back further; of sequences NaN. */
  readonly cut: number;
  readonly bins: readonly LengthBin[];
}

/** Sequences first, whole as users or, where they are given, rows have them; then train, valid and test. */
export async function measureHistories({ manifest, rows }: DatasetTables): Promise<Lengths[]> {
  const { maxHistory, givenHistories } = manifest;
  const whole = givenHistories ? "sequence" : `"user"`;
  const sequences = await rows<LengthCount>(
    `SELECT length, count(*) AS count FROM (SELECT sum(behaviours) AS length FROM lengths GROUP BY ${whole})
     GROUP BY length ORDER BY length`,
  );
  const samples = await rows<LengthCount & { split: number; cut: number }>(
    `SELECT split, length, count(*) AS count, count(*) FILTER (WHERE length = ${maxHistory} AND position > length) AS cut
     FROM samples GROUP BY split, length ORDER BY split, length`,
  );
  return [
    { of: "sequences", ...describe(sequences), cut: Number.NaN },
    ...SPLITS.map((split, s) => {
      const own = samples.filter((row) => row.split === s);
      const described = describe(own);
      return { of: split, ...described, cut: own.reduce((sum, { cut }) => sum + cut, 0) / described.count };
    }),
  ];
}

/** One length that occurs, and how often. */
interface LengthCount {
  readonly length: number;
  readonly count: number;
}

/** Of lengths in rising order. The quantile q is the least length that a share q of all does not exceed. */
function describe(lengths: readonly LengthCount[]): Omit<Lengths, "of" | "cut"> {
  const count = lengths.reduce((sum, row) => sum + row.count, 0);
  const total = lengths.reduce((sum, row) => sum + row.length * row.count, 0);
  const quantile = (q: number) => quantileOf(lengths, q * count);
  return {
    count,
    mean: total / count,
    min: quantile(0),
    p10: quantile(0.1),
    median: quantile(0.5),
    p90: quantile(0.9),
    max: quantile(1),
    bins: binsOf(lengths, quantile(0.99) ?? 0),
  };
}

function quantileOf(lengths: readonly LengthCount[], rank: number): number | null {
  let upTo = 0;
  for (const { length, count } of lengths) {
    upTo += count;
    if (upTo >= rank) return length;
  }
  return null;
}

const MOST_BINS = 40;

/** Bins of equal width from 0 up to the length `most`, and one for what is longer. */
function binsOf(lengths: readonly LengthCount[], most: number): LengthBin[] {
  const width = Math.ceil((most + 1) / MOST_BINS);
  const last = Math.floor(most / width);
  const counts = new Array<number>(last + 2).fill(0);
  for (const { length, count } of lengths) counts[Math.min(last + 1, Math.floor(length / width))] += count;
  return counts
    .map((count, i) => ({ from: i * width, to: i > last ? null : (i + 1) * width - 1, count }))
    .filter(({ to, count }) => to !== null || count > 0);
}
