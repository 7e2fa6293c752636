/**
 * Beta calibration: log odds of a click = a ln(s) - b ln(1 - s) + c. With a = b it is Platt scaling; with others it bends
 * differently at low and at high scores. Kull, Silva Filho and Flach 2017, "Beta calibration: a well-founded and easily
 * implemented improvement on logistic calibration for binary classifiers", https://proceedings.mlr.press/v54/kull17a.html,
 * algorithm 1: a logistic regression on ln(s) and -ln(1 - s), whose slopes must not be negative. Here its targets are Platt's,
 * as a fit to plain labels is not finite where scores separate them.
 */
import type { BetaFit } from "./calibrator.ts";
import { regress } from "./logistic.ts";
import { withinOdds } from "./odds.ts";
import { type LabelledScores, smoothedTargets, unitWeights } from "./samples.ts";

export function fitBeta(samples: LabelledScores): BetaFit {
  const weight = unitWeights(samples);
  const score = Float64Array.from(samples.score, withinOdds);
  const features = [score.map((s) => Math.log(s)), score.map((s) => -Math.log1p(-s))];
  const { slopes, intercept } = regress({ features, target: smoothedTargets(samples.label, weight), weight });
  return { method: "beta", a: slopes[0], b: slopes[1], c: intercept };
}
