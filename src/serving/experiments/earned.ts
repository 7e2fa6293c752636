/** What the arms of an experiment have shown so far, as a bandit wants to know it. */
import type { ArmCounts } from "../../ab/bandit/thompson.ts";
import { readRecords } from "../../ab/records/read.ts";

/** Impressions of each arm (all scores of a request are one), and how many of them were clicked within the window, by the records in a folder. */
export async function earnedIn(folder: string, experiment: string): Promise<ReadonlyMap<string, ArmCounts>> {
  return await readRecords({ exposures: [folder], outcomes: [folder] }, async (connection) => {
    const result = await connection.runAndReadAll(
      `SELECT arm, count(DISTINCT id) AS impressions, coalesce(any_value(clicked), 0) AS clicks
         FROM exposures LEFT JOIN (
           SELECT arm, count(DISTINCT impression) AS clicked FROM outcomes
             WHERE experiment = $1 AND type = 'click' AND attributed GROUP BY arm) USING (arm)
         WHERE experiment = $1 GROUP BY arm`,
      [experiment],
    );
    const rows = result.getRows().map(([arm, impressions, clicks]) => {
      return [String(arm), { impressions: Number(impressions), clicks: Number(clicks) }] as const;
    });
    return new Map(rows);
  });
}
