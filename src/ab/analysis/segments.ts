/** The lift among users of each value of a field: exploration, since with many values some look good by chance. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { holm } from "../../statistics/holm.ts";
import { byArm, type ReadingOptions, readLifts } from "./effects.ts";
import type { SegmentResult } from "./result.ts";
import { type GroupSums, sumsBy } from "./sums.ts";

/** Values with the most users that are told apart; the others are one. */
const MOST_VALUES = 12;
const OTHERS = "(others)";

/** Lifts of the metric of the verdict, fields in the order given, values by their users, the most first. */
export async function segmentsOf(
  connection: DuckDBConnection,
  arms: readonly string[],
  fields: readonly string[],
  quantities: readonly string[],
  options: ReadingOptions,
): Promise<SegmentResult[]> {
  const lifts: Omit<SegmentResult, "adjustedP">[] = [];
  for (const [index, field] of fields.entries()) {
    const counts = `SELECT s${index} AS value, count(*) AS users FROM users GROUP BY 1`;
    const top = `SELECT value FROM (${counts}) ORDER BY users DESC, value LIMIT ${MOST_VALUES}`;
    const named = `CASE WHEN s${index} IS NULL OR s${index} IN (${top}) THEN s${index} ELSE '${OTHERS}' END`;
    const found = await sumsBy(connection, `(SELECT *, ${named} AS value FROM users)`, ["arm", "value"], quantities);
    const byValue = new Map<string | null, GroupSums[]>();
    for (const one of found) {
      const value = one.group[1] as string | null;
      byValue.set(value, [...(byValue.get(value) ?? []), one]);
    }
    const values = [...byValue]
      .map(([value, own]) => ({ value, own: byArm(arms, own, quantities.length) }))
      .map((one) => ({ ...one, users: one.own.reduce((users, { sums }) => users + sums.n, 0) }))
      .sort((a, b) => b.users - a.users);
    for (const { value, own } of values) {
      for (const { arm, value: lift, low, high, p, users } of readLifts(own, options)) {
        lifts.push({ field, value, arm, users, lift, low, high, p });
      }
    }
  }
  const ps = holm(lifts.map(({ p }) => p));
  return lifts.map((one, index) => ({ ...one, adjustedP: ps[index] }));
}
