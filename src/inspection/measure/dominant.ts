/** Users who hold too much of the behaviours to be somebody (src/dataset/dominant.ts). */
import { countDominant, MOST_DOMINANT } from "../../dataset/dominant.ts";
import type { DatasetTables } from "./database.ts";

export interface DominantUser {
  /** As the log calls the user. */
  readonly key: string;
  readonly behaviours: number;
}

/** Those with the most behaviours first. */
export async function findDominant({ manifest, rows }: DatasetTables): Promise<DominantUser[]> {
  const first = await rows<DominantUser>(
    `SELECT sequences."user" AS key, behaviours FROM (
       SELECT min(sequence) AS sequence, sum(behaviours) AS behaviours FROM lengths GROUP BY "user"
       ORDER BY behaviours DESC, sequence LIMIT ${MOST_DOMINANT}) JOIN sequences USING (sequence)
     ORDER BY behaviours DESC, sequence`,
  );
  const behaviours = first.map((user) => user.behaviours);
  return first.slice(0, countDominant(behaviours, manifest.counts.behaviours));
}
