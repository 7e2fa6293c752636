/** Scoring raw requests with a trained run: values in, probabilities of a click out. */
import { z } from "zod";
import { calibrateWith } from "../calibration/calibrator.ts";
import { type MachineOptions, machineOptions } from "../engine/machine.ts";
import { weightTensors } from "../engine/state.ts";
import type { Engine } from "../kernels/load.ts";
import { path } from "../options/pieces.ts";
import { checkOptions } from "../options/problems.ts";
import { readCalibration } from "../run/calibration.ts";
import { weightsSha256InTurns } from "../run/sha256.ts";
import { calibrated } from "./options.ts";
import type { PredictRequest, RankRequest, ScoreRequest } from "./request.ts";
import type { RequestCounts } from "./request-cells.ts";
import { openModel } from "./request-model.ts";

const scorerArguments = z.object({ run: path, options: machineOptions.pick({ engine: true }).extend({ calibrated }) });
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
  /** The kernels that score. */
  readonly engine: Engine;
  /** Of all that was scored so far. */
  readonly counts: RequestCounts;
  /** SHA-256 of the calibration that probabilities go through; absent where they are the model's own. */
  readonly calibration?: string;
}

export interface ScorerOptions extends Pick<MachineOptions, "engine"> {
  /** Whether probabilities are calibrated, by what `calibrateRun` has put into the run. */
  readonly calibrated?: boolean | undefined;
}

/**
 * Opens the model of a run for scoring.
 * @throws UserError where there is none, or no calibration of its weights where that is asked for
 */
export async function loadScorer(run: string, options: ScorerOptions = {}): Promise<Scorer> {
  checkOptions("loadScorer", scorerArguments, { run, options });
  const { calibrated = false, ...machine } = options;
  const model = await openModel(run, machine);
  const weights = calibrated ? await weightsSha256InTurns(weightTensors(model.workspace)) : undefined;
  const calibration = weights === undefined ? undefined : await readCalibration(run, weights);
  const calibrate = calibration === undefined ? (score: number) => score : calibrateWith(calibration);
  return {
    score(requests: readonly ScoreRequest[]) {
      checkOptions("score", scoreArguments, { requests });
      // As many as there are requests; numbers, where none has a list of candidates.
      const scores = model.score(requests);
      return scores.map((of) => (typeof of === "number" ? calibrate(of) : of.map(calibrate))) as number[];
    },
    rank: (request) => model.rank(request).map((score) => calibrate(score)),
    engine: model.workspace.options.engine,
    counts: model.counts,
    ...(calibration && { calibration: calibration.sha256 }),
  };
}
