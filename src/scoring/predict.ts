/** Scoring raw requests with a trained run: values in, probabilities of a click out. */
import { z } from "zod";
import { type MachineOptions, machineOptions } from "../engine/machine.ts";
import { SCORE_BATCH } from "../engine/workspace.ts";
import { path } from "../options/pieces.ts";
import { checkOptions } from "../options/problems.ts";
import type { PredictRequest } from "./request.ts";
import { type ItemCounts, openModel } from "./request-model.ts";

const scorerArguments = z.object({ run: path, options: machineOptions.pick({ engine: true }) });
/** Each request is looked at when it is read. */
const scoreArguments = z.object({ requests: z.custom(Array.isArray, "expected a list of requests") });

/** A trained model, ready to score. */
export interface Scorer {
  /**
   * Probability of a click for each request. A score does not depend on the other requests.
   * @throws UserError where one is no request, for a field that the model does not know, or a time that is none
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
  checkOptions("loadScorer", scorerArguments, { run, options });
  const model = await openModel(run, options);
  return {
    score(requests) {
      checkOptions("score", scoreArguments, { requests });
      const scores: number[] = [];
      for (let from = 0; from < requests.length; from += SCORE_BATCH) {
        scores.push(...model.replay(requests.slice(from, from + SCORE_BATCH), from));
      }
      return scores;
    },
    counts: model.counts,
  };
}
