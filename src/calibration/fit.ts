/** Fitting a calibration, and choosing its kind by what it is worth on samples that it was not fitted on. */
import { logloss } from "../statistics/logloss.ts";
import { fitBeta } from "./beta.ts";
import { CALIBRATION_METHODS, type CalibrationMethod, calibrateAll, type Fit } from "./calibrator.ts";
import { fitIsotonic } from "./isotonic.ts";
import { fitPlatt } from "./platt.ts";
import { type LabelledScores, samplesAt } from "./samples.ts";

const FITS: Readonly<Record<CalibrationMethod, (samples: LabelledScores) => Fit>> = {
  platt: fitPlatt,
  beta: fitBeta,
  isotonic: fitIsotonic,
};

/** Fits one method to samples, of which there must be some. */
export function fitMethod(method: CalibrationMethod, samples: LabelledScores): Fit {
  return FITS[method](samples);
}

export interface Tried {
  readonly method: CalibrationMethod;
  /** In nats: the mean over samples, each calibrated by a fit to the others' parts. */
  readonly logloss: number;
}

const FOLDS = 5;

/**
 * What each method is worth: cross-validated logloss over five parts. All samples of a user (a group) are in one part, for
 * they are alike.
 */
export function crossValidate(samples: LabelledScores): Tried[] {
  const { label, score, group, weight } = samples;
  const places = Int32Array.from(score, (_, i) => i);
  const calibrated = new Map(CALIBRATION_METHODS.map((method) => [method, new Float64Array(score.length)]));
  for (let fold = 0; fold < FOLDS; fold++) {
    const held = places.filter((i) => group[i] % FOLDS === fold);
    const others = places.filter((i) => group[i] % FOLDS !== fold);
    if (held.length === 0 || others.length === 0) continue;
    const [test, train] = [samplesAt(samples, held), samplesAt(samples, others)];
    for (const [method, probabilities] of calibrated) {
      const found = calibrateAll({ fit: fitMethod(method, train), rate: 1 }, test.score);
      held.forEach((i, place) => {
        probabilities[i] = found[place];
      });
    }
  }
  return CALIBRATION_METHODS.map((method) => ({ method, logloss: logloss(label, calibrated.get(method)!, weight) }));
}

/** The method with the least logloss; of equal ones the simplest. */
export function bestOf(tried: readonly Tried[]): CalibrationMethod {
  return tried.reduce((best, next) => (next.logloss < best.logloss ? next : best)).method;
}
