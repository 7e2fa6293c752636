/**
 * Which behaviours the history of a sample may hold: those strictly before its time, no further back than the window,
 * and of these the latest `maxHistory`. Preparing a dataset and encoding a request both ask here; nothing allocates.
 *
 * Times are milliseconds since 1970. One that is not known is NaN: it excludes nothing.
 */

/** How long histories are, and how far they go back. */
export interface HistoryLimits {
  readonly maxHistory: number;
  /** Milliseconds that a history goes back at most; null, to the beginning. */
  readonly window: number | null;
}

/** Whether a behaviour at `time` may be in the history of a sample at `now`, as far as their times decide. */
export function mayHold(time: number, now: number, window: number | null): boolean {
  return isBefore(time, now) && isWithin(time, now, window);
}

/** Whether a behaviour at `time` was strictly before a sample at `now`. What happened at the same time was not. */
export function isBefore(time: number, now: number): boolean {
  // No comparison with NaN is true.
  return !(time >= now);
}

function isWithin(time: number, now: number, window: number | null): boolean {
  return window === null || !(time < now - window);
}

/**
 * The length of the history of a sample at `now` that `position` behaviours of a sequence were before.
 * @param times of the behaviours in order; those of the sequence begin at `first`
 */
export function historyLength(
  times: ArrayLike<number>,
  first: number,
  position: number,
  now: number,
  { maxHistory, window }: HistoryLimits,
): number {
  const most = Math.min(position, maxHistory);
  if (window === null) return most;
  const end = first + position;
  let length = 0;
  while (length < most && isWithin(times[end - 1 - length], now, window)) length++;
  return length;
}
