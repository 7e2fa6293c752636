/** What checks look at beside sums: who clicked most, when arms began, what types of outcomes there are. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { quote } from "../../database/sql.ts";

/** The user with most of something in an arm. */
export interface Top {
  readonly user: string;
  /** Of what all users of the arm have, 0 where nobody has any. */
  readonly share: number;
}

export interface ArmFacts {
  readonly arm: string;
  readonly clickers: number;
  readonly topClicks: Top;
  readonly topRevenue: Top;
  /** Milliseconds since 1970 of the first impression. */
  readonly first: number;
  /** Users of all other arms who came before that. */
  readonly earlier: number;
}

export interface Facts {
  readonly arms: readonly ArmFacts[];
  /** Of impressions, in milliseconds since 1970; NaN without any. */
  readonly from: number;
  readonly to: number;
  /** The lowest propensity of an impression, 1 where none is known. */
  readonly leastPropensity: number;
  /** Types of outcomes that have a value other than 0. */
  readonly valued: readonly string[];
  /** All types of outcomes. */
  readonly types: readonly string[];
}

export async function factsOf(connection: DuckDBConnection, arms: readonly string[]): Promise<Facts> {
  const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJS();
  const top = (of: string) =>
    `arg_max("user", (${of}, "user")), CASE WHEN sum(${of}) > 0 THEN max(${of}) / sum(${of}) ELSE 0 END`;
  const found = await rows(`SELECT arm, count(*) FILTER (clicks > 0), ${top("clicks")}, ${top("revenue")}, min(first)
    FROM users GROUP BY arm`);
  const byArm = new Map(found.map(([arm, ...rest]) => [String(arm), rest]));
  const facts: ArmFacts[] = [];
  for (const arm of arms) {
    const [clickers, clicker, clicks, buyer, revenue, first] = byArm.get(arm) ?? [0, "", 0, "", 0, Number.NaN];
    const start = Number(first);
    const [[earlier]] = Number.isNaN(start)
      ? [[0]]
      : await rows(`SELECT count(*) FROM users WHERE first < ${start} AND arm <> ${quote(arm)}`);
    facts.push({
      arm,
      clickers: Number(clickers),
      topClicks: { user: String(clicker), share: Number(clicks) },
      topRevenue: { user: String(buyer), share: Number(revenue) },
      first: start,
      earlier: Number(earlier),
    });
  }
  const [[from, to, least]] = await rows(`SELECT min("time"), max("time"), min(propensity) FROM shown`);
  const types = await rows(`SELECT type, count(*) FILTER (value <> 0) FROM once GROUP BY type ORDER BY type`);
  return {
    arms: facts,
    from: from === null ? Number.NaN : Number(from),
    to: to === null ? Number.NaN : Number(to),
    leastPropensity: least === null ? 1 : Number(least),
    valued: types.filter(([, valued]) => Number(valued) > 0).map(([type]) => String(type)),
    types: types.map(([type]) => String(type)),
  };
}
