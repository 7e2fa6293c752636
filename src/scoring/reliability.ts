/** What probabilities are worth as such: how far they are from clicks, over the traffic that they are of. */
import { trafficWeights } from "../calibration/prior.ts";
import { type CalibrationBin, calibrationOf } from "../statistics/calibration.ts";
import { logloss } from "../statistics/logloss.ts";
import type { Scores } from "../statistics/metrics.ts";

export interface Reliability {
  readonly logloss: number;
  /** Expected calibration error over ten bins of equally many samples. */
  readonly ece: number;
  /** Clicks predicted for each one observed. */
  readonly ratio: number;
  readonly bins: readonly CalibrationBin[];
}

/**
 * Of probabilities of samples, or of the traffic that the samples' negatives were drawn from.
 * @param rate negatives drawn for each one that there was
 */
export function reliabilityOf(scores: Pick<Scores, "label" | "score" | "weight">, rate = 1): Reliability {
  const { label, score } = scores;
  const weight = rate === 1 ? scores.weight : trafficWeights(scores, rate);
  return { logloss: logloss(label, score, weight), ...calibrationOf(label, score, undefined, weight) };
}
