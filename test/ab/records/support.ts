/** Rows of an experiment, and what the files of a folder say of them. */

import { readRecords } from "../../../src/ab/records/read.ts";
import type { NewExposure, NewOutcome } from "../../../src/ab/records/rows.ts";

export const START = Date.UTC(2026, 0, 5, 12);

/** What request `request` shows: `count` items, to the user of that number. */
export function shown(request: string, user: number, count = 2, time = START): NewExposure[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${request}.${i + 1}`,
    time,
    experiment: "ads",
    arm: user % 2 === 0 ? "din" : "dien",
    user: `u${user}`,
    model: "dien",
    version: "v1",
    item: `item "${i}"`,
    position: i + 1,
    probability: 0.25 / (i + 1),
    propensity: 1,
    fields: { city: "Köln", age: ["20", "30"] },
  }));
}

export function clicked(id: string, impression: string, user: number, time = START + 1000): NewOutcome {
  return { id, time, user: `u${user}`, type: "click", impression, value: 0.5 };
}

/** All rows of some folders, as texts and numbers, in the order of their ids. */
export async function rowsIn(...folders: string[]) {
  return await readRecords({ exposures: folders, outcomes: folders }, async (connection, reading) => {
    const all = async (query: string) => (await connection.runAndReadAll(query)).getRowObjectsJson();
    return {
      exposures: await all("SELECT * REPLACE (CAST(time AS VARCHAR) AS time) FROM exposures ORDER BY id, item"),
      outcomes: await all("SELECT * REPLACE (CAST(time AS VARCHAR) AS time) FROM outcomes ORDER BY id"),
      ...reading,
    };
  });
}
