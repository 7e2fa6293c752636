/**
 * Samples whose histories begin with the same behaviour of one sequence: the shorter ones are prefixes of the longest, so
 * one sequence serves them all. In the files of a split those of a user stand together.
 */
import type { Samples } from "./dataset.ts";

/** Whether the histories of two samples begin with the same behaviour. */
export function beginAlike({ sequence, position, length }: Samples, a: number, b: number): boolean {
  return sequence[a] === sequence[b] && position[a] - length[a] === position[b] - length[b];
}

/** Where the groups of consecutive samples that begin alike begin, and at last where they end. None has more than `most`. */
export function groupsOf(samples: Samples, most: number): Int32Array {
  const { count } = samples;
  const bounds = new Int32Array(count + 1);
  let groups = 0;
  for (let i = 1; i <= count; i++) {
    const goesOn = i < count && i - bounds[groups] < most && beginAlike(samples, i, i - 1);
    if (!goesOn) bounds[++groups] = i;
  }
  return bounds.slice(0, groups + 1);
}
