/** Samples and clicks over time. */
import { SPLITS, type Split } from "../../dataset/dataset.ts";
import { DAY, HOUR } from "../../dataset/time.ts";
import type { SplitCounts } from "./counts.ts";
import type { DatasetTables } from "./database.ts";
import type { Clicks } from "./fields.ts";

/** A stretch of time by split. */
export interface Stretch extends Readonly<Record<Split, Clicks>> {
  /** Its begin, in milliseconds since 1970; days and hours are those of UTC. */
  readonly start: number;
}

export interface Timeline {
  readonly unit: "day" | "hour";
  /** How many of the unit a stretch has: more than one where there would be too many stretches. */
  readonly every: number;
  /** In order of time; stretches without samples are left out. */
  readonly stretches: readonly Stretch[];
}

const MOST_STRETCHES = 400;

/** By hours where all samples lie within a day, else by days; null where all have the same time. */
export async function measureTimeline(
  { rows }: DatasetTables,
  splits: readonly SplitCounts[],
): Promise<Timeline | null> {
  const times = splits.flatMap(({ first, last }) => [first, last]).filter((time) => time !== null);
  if (times.length === 0) return null;
  const [first, last] = [Math.min(...times), Math.max(...times)];
  if (first === last) return null;
  const [unit, length] = last - first < DAY ? (["hour", HOUR] as const) : (["day", DAY] as const);
  const start = Math.floor(first / length) * length;
  const every = Math.max(1, Math.ceil((last - start + 1) / length / MOST_STRETCHES));
  const found = await rows<{ split: number; stretch: number; samples: number; clicks: number }>(
    `SELECT split, (time - ${start}) // ${every * length} AS stretch, count(*) AS samples, sum(label) AS clicks
     FROM samples GROUP BY split, stretch ORDER BY stretch`,
  );
  const cells = new Map(found.map((row) => [`${row.stretch} ${row.split}`, row]));
  const stretches = [...new Set(found.map(({ stretch }) => stretch))].map((stretch): Stretch => {
    const [train, valid, test] = SPLITS.map((_, s) => {
      const { samples, clicks } = cells.get(`${stretch} ${s}`) ?? { samples: 0, clicks: 0 };
      return { samples, clicks, rate: clicks / samples };
    });
    return { start: start + stretch * every * length, train, valid, test };
  });
  return { unit, every, stretches };
}

/** How long a stretch is, in milliseconds. */
export function stretchLength({ unit, every }: Pick<Timeline, "unit" | "every">): number {
  return every * (unit === "day" ? DAY : HOUR);
}

/** The same with longer stretches, at most `most`, for those who want fewer. */
export function coarser({ unit, every, stretches }: Timeline, most: number): Timeline {
  if (stretches.length <= most) return { unit, every, stretches };
  const length = stretchLength({ unit, every });
  const first = stretches[0].start;
  const steps = (stretches[stretches.length - 1].start - first) / length + 1;
  const times = Math.ceil(steps / most);
  const merged = new Map<number, Stretch>();
  for (const stretch of stretches) {
    const start = first + Math.floor((stretch.start - first) / (length * times)) * length * times;
    const before = merged.get(start);
    merged.set(start, before === undefined ? { ...stretch, start } : add(before, stretch));
  }
  return { unit, every: every * times, stretches: [...merged.values()] };
}

function add(a: Stretch, b: Stretch): Stretch {
  const [train, valid, test] = SPLITS.map((split) => {
    const samples = a[split].samples + b[split].samples;
    const clicks = a[split].clicks + b[split].clicks;
    return { samples, clicks, rate: clicks / samples };
  });
  return { start: a.start, train, valid, test };
}
