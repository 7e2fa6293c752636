/** Scoring raw requests with a trained run: values in, probabilities of a click out. */
import type { MachineOptions } from "../engine/machine.ts";
import { SCORE_BATCH } from "../engine/workspace.ts";
import type { PredictRequest } from "./request.ts";
import { type ItemCounts, openModel } from "./request-model.ts";

/** A trained model, ready to score. */
export interface Scorer {
  /**
   * Probability of a click for each request. A score does not depend on the other requests.
   * @throws UserError for a field that the model does not know, or a time that is none
   */
  score(requests: readonly PredictRequest[]): number[];
  /** Of all that was scored so far. */
  readonly counts: ItemCounts;
}

/**
 * Opens the model of a run for scoring.
 * @throws UserError where there is none
 */
export async function loadScorer(run: string, options: Pick<MachineOptions, "engine"> = {}): Promise<Scorer> {
  const model = await openModel(run, options);
  return {
    score(requests) {
      const scores: number[] = [];
      for (let from = 0; from < requests.length; from += SCORE_BATCH) {
        scores.push(...model.replay(requests.slice(from, from + SCORE_BATCH)));
      }
      return scores;
    },
    counts: model.counts,
  };
}
