/**
 * A calibration as data, and what it makes of a score.
 *
 * Each kind is a strictly increasing function of the score, so candidates keep their order. It is computed in float64, and
 * the result stays float64: two neighbouring scores of float32 may be less than a step of float32 apart. Equal scores stay
 * equal. Different ones become equal only where float64 cannot tell their probabilities: neighbours within about 1e-8 of 1.
 */
import { logit, sigmoid, withinOdds } from "./odds.ts";

export const CALIBRATION_METHODS = ["platt", "beta", "isotonic"] as const;
export type CalibrationMethod = (typeof CALIBRATION_METHODS)[number];

/** log odds = slope logit(score) + intercept (platt.ts). */
export interface PlattFit {
  readonly method: "platt";
  readonly slope: number;
  readonly intercept: number;
}

/** log odds = a ln(score) - b ln(1 - score) + c (beta.ts). */
export interface BetaFit {
  readonly method: "beta";
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** Log odds of knots, both strictly increasing: of the score, and of a click (isotonic.ts). */
export interface IsotonicFit {
  readonly method: "isotonic";
  readonly scores: readonly number[];
  readonly clicks: readonly number[];
}

export type Fit = PlattFit | BetaFit | IsotonicFit;

export interface Calibrator {
  readonly fit: Fit;
  /** Negatives drawn for each one that there was, by which the odds are multiplied (prior.ts); 1 where all were taken. */
  readonly rate: number;
}

/** Of a click: scores as models give them, float32, or calibrated, float64. */
export type Probabilities = Float32Array | Float64Array;

/** Makes the calibrated probability, float64, of a score, float32. */
export type Calibrate = (score: number) => number;

export function calibrateWith({ fit, rate }: Calibrator): Calibrate {
  const odds = oddsOf(fit);
  const shift = Math.log(rate);
  return (score) => sigmoid(odds(withinOdds(score)) + shift);
}

/** The same for many scores. */
export function calibrateAll(calibrator: Calibrator, scores: ArrayLike<number>): Float64Array {
  return Float64Array.from(scores, calibrateWith(calibrator));
}

/** The log odds that a fit gives for a score in (0, 1). */
function oddsOf(fit: Fit): (score: number) => number {
  switch (fit.method) {
    case "platt":
      return (score) => fit.slope * logit(score) + fit.intercept;
    case "beta":
      return (score) => fit.a * Math.log(score) - fit.b * Math.log1p(-score) + fit.c;
    case "isotonic":
      return (score) => interpolate(fit, logit(score));
  }
}

/** On the line between two knots; beyond the first and the last one with slope 1, as far from the score as the knot is. */
function interpolate({ scores, clicks }: IsotonicFit, score: number): number {
  const last = scores.length - 1;
  if (score <= scores[0]) return clicks[0] + (score - scores[0]);
  if (score >= scores[last]) return clicks[last] + (score - scores[last]);
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (scores[middle] <= score) low = middle;
    else high = middle;
  }
  const slope = (clicks[high] - clicks[low]) / (scores[high] - scores[low]);
  // Rounding must not carry it beyond the next knot.
  return Math.min(clicks[low] + slope * (score - scores[low]), clicks[high]);
}
