/** What a treatment changes, and how certain that is: read once at the end, or at any time. */
import type { Estimate } from "./estimate.ts";
import { sequentialBound, sequentialP } from "./sequential.ts";
import { quantileT, twoSidedP } from "./student.ts";

/** A difference, as it is or relative to control. NaN where an arm has no estimate, or control is 0 and that divides. */
export interface Effect {
  readonly value: number;
  readonly error: number;
  /** Degrees of freedom, after Welch and Satterthwaite. */
  readonly degrees: number;
  /** Of both arms. */
  readonly users: number;
}

/** An interval and the p-value of no effect: `low` and `high` do not enclose 0 just where p is below alpha. */
export interface Reading {
  readonly low: number;
  readonly high: number;
  readonly p: number;
}

/**
 * Treatment less control; relative, over control, with the variance of that quotient by the delta method: for independent
 * arms var(b) / a^2 + b^2 var(a) / a^4 (Deng, Knoblich and Lu, https://arxiv.org/abs/1803.06336, section 3.1), and with
 * CUPED also the covariance of control as it was adjusted with control as it is.
 */
export function effect(control: Estimate, treatment: Estimate, kind: "absolute" | "relative"): Effect {
  const difference = treatment.value - control.value;
  const [ofControl, ofTreatment] = [control.variance / control.n, treatment.variance / treatment.n];
  const users = control.n + treatment.n;
  const degrees =
    (ofControl + ofTreatment) ** 2 / (ofControl ** 2 / (control.n - 1) + ofTreatment ** 2 / (treatment.n - 1));
  if (kind === "absolute") return { value: difference, error: Math.sqrt(ofControl + ofTreatment), degrees, users };
  const { value, variance, covariance } = control.base ?? { ...control, covariance: control.variance };
  const lift = difference / Math.abs(value);
  const turned = value < 0 ? -lift : lift; // the quotient by control itself
  const ofQuotient = (control.variance + 2 * turned * covariance + turned ** 2 * variance) / control.n;
  return { value: lift, error: Math.sqrt(ofQuotient + ofTreatment) / Math.abs(value), degrees, users };
}

/**
 * Welch's t test (https://doi.org/10.1093/biomet/34.1-2.28): right for one look, at a time chosen before the start. NaN
 * where nothing varies.
 */
export function readOnce({ value, error, degrees }: Effect, alpha = 0.05): Reading {
  const reach = quantileT(1 - alpha / 2, degrees) * error;
  return { low: value - reach, high: value + reach, p: twoSidedP(value / error, degrees) };
}

/**
 * An always-valid interval and p-value (`sequential.ts`): right however often one looks, whenever one stops. `tuning`, the
 * users at which it is narrowest, is chosen before the start. NaN where nothing varies.
 */
export function readAnyTime({ value, error, users }: Effect, tuning: number, alpha = 0.05): Reading {
  if (!(error > 0)) return { low: Number.NaN, high: Number.NaN, p: Number.NaN };
  const reach = sequentialBound(users, tuning, alpha) * error;
  return { low: value - reach, high: value + reach, p: sequentialP(value / error, users, tuning, alpha) };
}
