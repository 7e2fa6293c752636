/** Where the time of a piece of work goes: kinds of kernels, calling them, and JavaScript. */
import type { CallCost, Clock } from "./clocks.ts";
import { KIND_OF, type Kind } from "./kinds.ts";

/** Seconds by kind of work; `calls` is what calling the kernels costs, `feed` the making of batches. */
export type Breakdown = Partial<Record<Kind | "calls" | "feed" | "JavaScript", number>>;

/**
 * Of work that takes `seconds` without clocks, by what clocks showed when it was done once more with them. What is in no kernel
 * is JavaScript.
 */
export function breakdown(
  seconds: number,
  kernels: Readonly<Record<string, Clock>>,
  call: CallCost,
  feed: number,
): Breakdown {
  const parts: Breakdown = {};
  const add = (part: keyof Breakdown, more: number) => {
    parts[part] = (parts[part] ?? 0) + more;
  };
  let left = seconds - feed;
  if (feed > 0) add("feed", feed);
  for (const [name, clock] of Object.entries(kernels)) {
    if (clock.calls === 0) continue;
    // The clock runs during a part of each call.
    const work = Math.max(0, clock.seconds - clock.calls * call.shown);
    add(KIND_OF[name as keyof typeof KIND_OF], work);
    add("calls", clock.calls * call.seconds);
    left -= work + clock.calls * call.seconds;
  }
  add("JavaScript", Math.max(0, left));
  return parts;
}

/** Everything divided by `whole`. */
export function shares(parts: Breakdown, whole: number): Breakdown {
  return Object.fromEntries(Object.entries(parts).map(([part, seconds]) => [part, seconds / whole]));
}

/** Of several, the median of each part. */
export function medianOf(all: readonly Breakdown[]): Breakdown {
  const parts = [...new Set(all.flatMap((each) => Object.keys(each)))] as (keyof Breakdown)[];
  return Object.fromEntries(parts.map((part) => [part, median(all.map((each) => each[part] ?? 0))]));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
