/**
 * Users who hold too much of a log to be somebody: "NA", "0", "guest", or a robot. Their histories are a mixture of what
 * strangers did.
 *
 * Small logs are uneven by nature, and the first of a few users may well have a fifth of all. What tells nobody from an eager
 * somebody is the distance to whoever comes next.
 */

/** More of the behaviours than this, and so many times those of the first user who has less. */
const SHARE = 0.1;
const TIMES_NEXT = 10;
/** With fewer a log is too small to say anything. */
const LEAST = 100;
/** So many users at most have more than `SHARE`, and one more is what they are measured by. */
export const MOST_DOMINANT = 1 / SHARE;

/** How many of the first users do, by the behaviours of the `MOST_DOMINANT` users with the most, falling. */
export function countDominant(behaviours: readonly number[], total: number): number {
  const next = behaviours.find((own) => own <= SHARE * total);
  if (next === undefined) return 0;
  return behaviours.filter((own) => own > SHARE * total && own >= Math.max(LEAST, TIMES_NEXT * next)).length;
}

/** What to say of one, by the key of the log. */
export function dominance(key: string, behaviours: number, total: number): string {
  const [own, all] = [behaviours, total].map((count) => count.toLocaleString("en-US"));
  const share = ((100 * behaviours) / total).toFixed(1);
  return `user ${JSON.stringify(key)} has ${own} of ${all} behaviours (${share} %): if that is nobody, features.yaml can say so (missing, anonymous)`;
}
