/** Records of experiments as files, and what `analyse` says of them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AnalyseOptions, analyse } from "../../../src/ab/analysis/analyse.ts";
import type { AbReport } from "../../../src/ab/analysis/result.ts";

export type Row = Readonly<Record<string, unknown>>;

export const START = Date.parse("2026-11-01T00:00:00Z");
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const iso = (time: number) => new Date(time).toISOString();

/** Writes rows into a new folder as a server would. */
export function writeRecords(folder: string, name: string, tables: Readonly<Record<string, readonly Row[]>>): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  for (const [table, rows] of Object.entries(tables)) {
    writeFileSync(join(path, `${table}-00000001.ndjson`), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  }
  return path;
}

/** What the records of a folder say, of CTR, read once. */
export async function reportOf(path: string, options: Partial<AnalyseOptions> = {}): Promise<AbReport> {
  return await analyse({
    ...{ exposures: path, outcomes: path, metric: "ctr", reading: "fixed", alpha: 0.05, tuning: 5000 },
    ...{ segments: [], click: "click", names: new Map(), memory: 2 ** 28 },
    ...options,
  });
}

export interface Person {
  readonly user: string;
  readonly arm: string;
  readonly impressions: number;
  readonly clicks: number;
  /** The value of each click. */
  readonly value?: number;
  /** The day of the first impression; another one each `every` hours. */
  readonly day?: number;
  readonly every?: number;
  readonly fields?: Row;
}

/** Exposures and outcomes of people. */
export function recordsOf(people: readonly Person[]): { exposures: Row[]; outcomes: Row[] } {
  const exposures: Row[] = [];
  const outcomes: Row[] = [];
  for (const { user, arm, impressions, clicks, value = 1, day = 0, every = 0, fields = {} } of people) {
    for (let i = 0; i < impressions; i++) {
      const id = `${user}-${i}`;
      const time = START + day * DAY + i * every * HOUR;
      exposures.push({ id, time: iso(time), experiment: "autumn", arm, user, propensity: 1, fields });
      if (i >= clicks) continue;
      outcomes.push({ id: `c-${id}`, time: iso(time + 60_000), user, type: "click", impression: id, value });
    }
  }
  return { exposures, outcomes };
}

/** Two arms of so many users with 10 impressions each; a user in `everyBase`, or `everyDien`, clicks twice. */
export function people(users: number, everyBase = 4, everyDien = 3): Person[] {
  const range = Array.from({ length: users }, (_, n) => n);
  const shared = (n: number) => ({
    impressions: 10,
    day: n % 7,
    every: 1,
    fields: { country: Math.floor(n / 12) % 2 === 0 ? "CN" : "DE" },
  });
  return [
    ...range.map((n) => ({ user: `b${n}`, arm: "base", clicks: n % everyBase === 0 ? 2 : 0, ...shared(n) })),
    ...range.map((n) => ({ user: `d${n}`, arm: "dien", clicks: n % everyDien === 0 ? 2 : 0, ...shared(n) })),
  ];
}
