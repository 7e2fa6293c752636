/** Sums over users (`statistics/sums.ts`) by one query each: of arms, of days, of segments, of all days up to each. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { addSums, type Sums } from "../../statistics/sums.ts";

/** The quantities of a user, in the order of `Sums`; those before the experiment only where there is such a time. */
export const QUANTITIES = ["impressions", "clicks", "revenue"] as const;
export const BEFORE_QUANTITIES = QUANTITIES.map((name) => `b_${name}`);

export const quantitiesOf = (hasBefore: boolean): readonly string[] =>
  hasBefore ? [...QUANTITIES, ...BEFORE_QUANTITIES] : QUANTITIES;

const pairs = (quantities: readonly string[]) =>
  quantities.flatMap((one, i) => quantities.slice(0, i + 1).map((other) => [one, other] as const));

/**
 * Sums of whole numbers are exact, however threads share them out; others are added up in the order of users. So all sums
 * have the same bits in every run.
 */
function sumOf(quantities: readonly string[], term: string): string {
  const isWhole = quantities.every((name) => name === "impressions" || name === "clicks");
  return isWhole ? `sum(${term})` : `sum(${term} ORDER BY "user")`;
}

/** Sums of the users of a group. */
export interface GroupSums {
  /** The values of the columns that the rows were grouped by, the arm first. */
  readonly group: readonly (string | number | null)[];
  readonly sums: Sums;
}

/**
 * The sums of a table's rows, one a user in each group, in the order of groups.
 */
export async function sumsBy(
  connection: DuckDBConnection,
  table: string,
  groups: readonly string[],
  quantities: readonly string[],
): Promise<GroupSums[]> {
  const sums = quantities.map((name) => sumOf([name], name));
  const products = pairs(quantities).map((pair) => sumOf(pair, pair.join(" * ")));
  return await grouped(connection, table, groups, ["count(*)", ...sums, ...products], quantities.length);
}

/**
 * The sums of all users of each arm as they were at the end of each day that anybody came. A user's row changes on days
 * when the user comes, so that what it adds to each sum is a difference; these are added up over the days.
 */
export async function sumsUpTo(connection: DuckDBConnection, hasBefore: boolean): Promise<GroupSums[]> {
  // What was before the experiment counts from the first day on.
  const before = BEFORE_QUANTITIES.map((name) => `CASE WHEN is_first THEN ${name} ELSE 0 END AS ${name}`);
  const quantities = quantitiesOf(hasBefore);
  const now = quantities.map((name) => `sum(${name}) OVER sofar AS n_${name}`);
  const changes = pairs(quantities).map(([one, other]) => {
    return sumOf([one, other], `n_${one} * n_${other} - (n_${one} - ${one}) * (n_${other} - ${other})`);
  });
  const joined = hasBefore ? `JOIN (SELECT "user", ${BEFORE_QUANTITIES.join(", ")} FROM users) USING ("user")` : "";
  const days = `SELECT *, day = min(day) OVER (PARTITION BY "user") AS is_first FROM user_days ${joined}`;
  const cut = `SELECT "user", arm, day, is_first, ${[...QUANTITIES, ...(hasBefore ? before : [])].join(", ")} FROM (${days})`;
  const rows = `SELECT *, ${now.join(", ")} FROM (${cut}) WINDOW sofar AS (PARTITION BY "user" ORDER BY day)`;
  const added = ["count(*) FILTER (is_first)", ...quantities.map((name) => sumOf([name], name)), ...changes];
  const daily = await grouped(connection, `(${rows})`, ["arm", "day"], added, quantities.length);
  const totals = new Map<string, Sums>();
  const every = [...new Set(daily.map(({ group }) => Number(group[1])))].sort((a, b) => a - b);
  return every.flatMap((day) => {
    for (const { group, sums } of daily.filter(({ group }) => group[1] === day)) {
      const arm = String(group[0]);
      const total = totals.get(arm);
      totals.set(arm, total === undefined ? sums : addSums([total, sums]));
    }
    // Of an arm without visitors on this day, what it had before.
    return [...totals].map(([arm, sums]) => ({ group: [arm, day], sums }));
  });
}

async function grouped(
  connection: DuckDBConnection,
  from: string,
  groups: readonly string[],
  numbers: readonly string[],
  quantities: number,
): Promise<GroupSums[]> {
  const places = groups.map((_, index) => index + 1).join(", ");
  const sql = `SELECT ${[...groups, ...numbers].join(", ")} FROM ${from} GROUP BY ${places} ORDER BY ${places}`;
  return (await connection.runAndReadAll(sql)).getRowsJS().map((row) => {
    const group = row.slice(0, groups.length).map((value) => (typeof value === "bigint" ? Number(value) : value));
    const [n, ...rest] = row.slice(groups.length).map(Number);
    const sums = { n, sum: rest.slice(0, quantities), products: rest.slice(quantities) };
    return { group: group as (string | number | null)[], sums };
  });
}
