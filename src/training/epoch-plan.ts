/** The steps of an epoch, window by window: a batch never reaches into the next window. */
import type { Window } from "../dataset/blocks.ts";

/** Steps [first, end) of the epoch read `window`. */
export interface PlannedWindow {
  readonly number: number;
  readonly window: Window;
  readonly first: number;
  readonly end: number;
}

export interface EpochPlan {
  readonly windows: readonly PlannedWindow[];
  readonly steps: number;
}

export function planEpoch(windows: readonly Window[], batchSize: number): EpochPlan {
  let steps = 0;
  const planned = windows.map((window, number) => {
    const first = steps;
    steps += Math.ceil(window.samples / batchSize);
    return { number, window, first, end: steps };
  });
  return { windows: planned, steps };
}

/** Where a step of the epoch belongs. */
export function windowOfStep({ windows }: EpochPlan, step: number): PlannedWindow {
  return windows.find(({ end }) => step < end)!;
}
