/** The effect day by day: of the impressions of a day, and of all up to it. */
import { type ArmSums, type ReadingOptions, readLifts } from "./effects.ts";
import type { DayResult } from "./result.ts";
import type { GroupSums } from "./sums.ts";
import { type Trend, trendOf } from "./trend.ts";

const DAY = 86_400_000;

/**
 * Lifts on the days on which all arms have users; others tell nothing of lifts.
 * @param sums by arm and day, days since 1970
 */
export function dayResults(arms: readonly string[], sums: readonly GroupSums[], options: ReadingOptions): DayResult[] {
  return daysOf(arms, sums).flatMap(({ day, armSums }) => {
    const users = new Map(armSums.map(({ arm, sums }) => [arm, sums.n]));
    return readLifts(armSums, options).map(({ arm, value, low, high, p }) => ({
      ...{ arm, day: new Date(day * DAY).toISOString().slice(0, 10) },
      users: users.get(arm)! + armSums[0].sums.n,
      ...{ lift: value, low, high, p },
    }));
  });
}

/** The trend of each arm's effect over the days. */
export function trendsOf(
  arms: readonly string[],
  daily: readonly GroupSums[],
  options: ReadingOptions,
): { readonly arm: string; readonly trend: Trend }[] {
  const days = daysOf(arms, daily).flatMap(({ day, armSums }) =>
    readLifts(armSums, options).map(({ arm, value, error }) => ({ arm, day, lift: value, error })),
  );
  return arms.slice(1).flatMap((arm) => {
    const trend = trendOf(days.filter((one) => one.arm === arm));
    return trend === undefined ? [] : [{ arm, trend }];
  });
}

function daysOf(arms: readonly string[], sums: readonly GroupSums[]): { day: number; armSums: ArmSums[] }[] {
  const days = new Map<number, ArmSums[]>();
  for (const { group, sums: own } of sums) {
    const day = Number(group[1]);
    days.set(day, [...(days.get(day) ?? []), { arm: String(group[0]), sums: own }]);
  }
  return [...days]
    .sort(([a], [b]) => a - b)
    .map(([day, found]) => ({ day, armSums: arms.flatMap((arm) => found.filter((one) => one.arm === arm)) }))
    .filter(({ armSums }) => armSums.length === arms.length);
}
