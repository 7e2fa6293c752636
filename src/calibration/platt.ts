/**
 * Platt scaling: a click's log odds are linear in those of the score, so a model that is too sure of itself, or too generous,
 * is put right. Platt 1999, "Probabilistic outputs for support vector machines and comparisons to regularized likelihood
 * methods", equation 5, there with the margin of a support vector machine in place of log odds.
 */
import type { PlattFit } from "./calibrator.ts";
import { regress } from "./logistic.ts";
import { logit, withinOdds } from "./odds.ts";
import { type LabelledScores, smoothedTargets, unitWeights } from "./samples.ts";

export function fitPlatt(samples: LabelledScores): PlattFit {
  const weight = unitWeights(samples);
  const features = [Float64Array.from(samples.score, (score) => logit(withinOdds(score)))];
  const { slopes, intercept } = regress({ features, target: smoothedTargets(samples.label, weight), weight });
  return { method: "platt", slope: slopes[0], intercept };
}
