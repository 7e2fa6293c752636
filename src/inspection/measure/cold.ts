/** Whom and what the test samples show that training never did, and users of one kind of label. */
import type { DatasetTables } from "./database.ts";

/** Of the users, or the candidates, that have test samples. */
export interface Newcomers {
  readonly count: number;
  /** Those without a sample in train. */
  readonly unseen: number;
  /** The test samples of these. */
  readonly samples: number;
}

export interface Cold {
  readonly users: Newcomers;
  readonly items: Newcomers;
  /** Users with two test samples or more, and those of them whose samples have all the same label. */
  readonly repeated: number;
  readonly oneClass: number;
}

export async function measureCold({ rows }: DatasetTables): Promise<Cold> {
  const of = async (table: "user_counts" | "item_counts") => {
    const [found] = await rows<Newcomers>(
      `SELECT count(*) AS count, count(*) FILTER (WHERE n0 = 0) AS unseen,
              coalesce(sum(n2) FILTER (WHERE n0 = 0), 0) AS samples
       FROM ${table} WHERE n2 > 0`,
    );
    return found;
  };
  const [labels] = await rows<{ repeated: number; oneClass: number }>(
    `SELECT count(*) AS repeated, count(*) FILTER (WHERE k2 = 0 OR k2 = n2) AS "oneClass" FROM user_counts WHERE n2 > 1`,
  );
  return { users: await of("user_counts"), items: await of("item_counts"), ...labels };
}
