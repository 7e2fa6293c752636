/** Scoring raw requests with a trained run: values in, probabilities of a click out. */
import { z } from "zod";
import { type MachineOptions, machineOptions } from "../engine/machine.ts";
import { path } from "../options/pieces.ts";
import { checkOptions } from "../options/problems.ts";
import type { PredictRequest, RankRequest, ScoreRequest } from "./request.ts";
import type { RequestCounts } from "./request-cells.ts";
import { openModel } from "./request-model.ts";

const scorerArguments = z.object({ run: path, options: machineOptions.pick({ engine: true }) });
/** Each request is looked at when it is read. */
const scoreArguments = z.object({ requests: z.custom(Array.isArray, "expected a list of requests") });

/** A trained model, ready to score. */
export interface Scorer {
  /**
   * Probability of a click for each request; for one with `candidates` a list of them, in their order. A score does not
   * depend on the other requests, nor on the other candidates.
   * @throws UserError where one is no request, for a field that the model does not know, or a time that is none
   */
  score(requests: readonly PredictRequest[]): number[];
  score(requests: readonly ScoreRequest[]): (number | number[])[];
  /**
   * Probability of a click for each candidate of a request, in their order. What does not depend on the candidate is
   * computed once.
   * @throws UserError as `score`
   */
  rank(request: RankRequest): number[];
  /** Of all that was scored so far. */
  readonly counts: RequestCounts;
}

/**
 * Opens the model of a run for scoring.
 * @throws UserError where there is none
 */
export async function loadScorer(run: string, options: Pick<MachineOptions, "engine"> = {}): Promise<Scorer> {
  checkOptions("loadScorer", scorerArguments, { run, options });
  const model = await openModel(run, options);
  return {
    score(requests: readonly ScoreRequest[]) {
      checkOptions("score", scoreArguments, { requests });
      // As many as there are requests; numbers, where none has a list of candidates.
      return model.score(requests) as number[];
    },
    rank: (request) => model.rank(request),
    counts: model.counts,
  };
}
