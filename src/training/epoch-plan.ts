/** The steps of an epoch, portion by portion: a batch never reaches into the next portion. */
import type { Portion } from "../dataset/blocks.ts";

/** Steps [first, end) of the epoch read `portion`. */
export interface PlannedPortion {
  readonly number: number;
  readonly portion: Portion;
  readonly first: number;
  readonly end: number;
}

export interface EpochPlan {
  readonly portions: readonly PlannedPortion[];
  readonly steps: number;
}

export function planEpoch(portions: readonly Portion[], batchSize: number): EpochPlan {
  let steps = 0;
  const planned = portions.map((portion, number) => {
    const first = steps;
    steps += Math.ceil(portion.samples / batchSize);
    return { number, portion, first, end: steps };
  });
  return { portions: planned, steps };
}

/** Where a step of the epoch belongs. */
export function portionOfStep({ portions }: EpochPlan, step: number): PlannedPortion {
  return portions.find(({ end }) => step < end)!;
}
