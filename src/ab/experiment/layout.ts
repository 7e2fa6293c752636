/**
 * Which arm has which buckets. The first weights lay the arms out as GrowthBook does; later weights move buckets, and
 * with them users, only from arms that shrink to arms that grow.
 *
 * No layout that knows the present weights alone can do that with three arms or more: arm A would have to have its users
 * by A's weight alone, each arm's set growing with its weight; then A and B share nobody at any weights only if a user
 * who comes to A at weight a comes to B at 1 - a or later, and somebody comes to no arm at all. So the weights of before
 * are part of the definition.
 */
import { BUCKETS } from "./hash.ts";

/** The place of an arm for each bucket, or `OUT`. */
export type Buckets = Int16Array;

/** Of buckets without an arm: their users do not take part. */
export const OUT = -1;

/** Weights of all arms, which need not add up to anything, and the share of users who take part. */
export interface Weighting {
  readonly weights: readonly number[];
  readonly share: number;
}

/** The buckets of each arm after one stage after the other, the earliest first. */
export function layOut([first, ...later]: readonly Weighting[], arms: number): Buckets {
  const layout = plain(first);
  for (const stage of later) shift(layout, plain(stage), arms);
  return layout;
}

/**
 * Where each arm begins and ends, as shares of all users: GrowthBook's `getBucketRange`. Each arm has room for its weight
 * and fills the given share of it from below, so that more users come in without anybody changing arms.
 */
export function bucketRanges({ weights, share }: Weighting): [start: number, end: number][] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let start = 0;
  return weights.map((weight) => {
    const range: [number, number] = [start, start + (share * weight) / total];
    start += weight / total;
    return range;
  });
}

/** The place of the range that holds `n`, or `OUT`: GrowthBook's `chooseVariation`. */
export function chooseRange(ranges: readonly (readonly [start: number, end: number])[], n: number): number {
  return ranges.findIndex(([start, end]) => n >= start && n < end);
}

function plain(stage: Weighting): Buckets {
  const ranges = bucketRanges(stage);
  return Int16Array.from({ length: BUCKETS }, (_, bucket) => chooseRange(ranges, bucket / BUCKETS));
}

/** How many buckets each arm has; those without one are counted last. */
export function countsOf(layout: Buckets, arms: number): number[] {
  const counts = new Array<number>(arms + 1).fill(0);
  for (const arm of layout) counts[arm === OUT ? arms : arm]++;
  return counts;
}

/** Gives each arm as many buckets as it has in `wanted`, and where it can those that it has there. */
function shift(layout: Buckets, wanted: Buckets, arms: number): void {
  const has = countsOf(layout, arms);
  const needs = countsOf(wanted, arms);
  const place = (arm: number) => (arm === OUT ? arms : arm);
  const move = (bucket: number, arm: number) => {
    has[place(layout[bucket])]--;
    has[place(arm)]++;
    layout[bucket] = arm;
  };
  const shrinks = (arm: number) => has[place(arm)] > needs[place(arm)];
  const grows = (arm: number) => has[place(arm)] < needs[place(arm)];
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    if (shrinks(layout[bucket]) && grows(wanted[bucket])) move(bucket, wanted[bucket]);
  }
  const growing = Array.from({ length: arms + 1 }, (_, arm) => (arm === arms ? OUT : arm)).filter(grows);
  for (let bucket = BUCKETS - 1; bucket >= 0 && growing.length > 0; bucket--) {
    if (!shrinks(layout[bucket])) continue;
    move(bucket, growing[0]);
    if (!grows(growing[0])) growing.shift();
  }
}
