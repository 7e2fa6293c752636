/** Samples whose candidate stands in its own history: whether that alone tells the label. */
import { SPLITS, type Split } from "../../dataset/dataset.ts";
import { aucOfBit, type SplitCounts } from "./counts.ts";
import type { DatasetTables } from "./database.ts";
import type { Clicks } from "./fields.ts";

export interface Returns extends Clicks {
  readonly split: Split;
  /** AUC of a prediction by this alone; NaN where it is not defined. */
  readonly auc: number;
}

/** Of train, valid and test, in this order. Behaviours are laid out as rows and met by their item, as they may be many. */
export async function measureReturns({ rows }: DatasetTables, splits: readonly SplitCounts[]): Promise<Returns[]> {
  const found = await rows<{ split: number; samples: number; clicks: number }>(
    `SELECT split, count(*) AS samples, sum(label) AS clicks FROM samples SEMI JOIN (
       SELECT sequence, unnest(items) AS item, unnest(range(1, len(items) + 1)) AS place FROM sequences
     ) AS behaviour
     ON samples.sequence = behaviour.sequence AND samples.item = behaviour.item
        AND place > position - length AND place <= position
     GROUP BY split`,
  );
  return SPLITS.map((split, s) => {
    const { samples, clicks } = found.find((row) => row.split === s) ?? { samples: 0, clicks: 0 };
    return { split, samples, clicks, rate: clicks / samples, auc: aucOfBit({ samples, clicks }, splits[s]) };
  });
}
