/**
 * The statistics as programs call them. Inside of this project types and tests say what they are given; here it is
 * checked, for a caller from JavaScript has neither, and a text among numbers would give a wrong result in silence.
 */
import { z } from "zod";
import { checkOptions } from "../options/problems.ts";
import * as calibration from "../statistics/calibration.ts";
import * as compare from "../statistics/compare.ts";
import * as metrics from "../statistics/metrics.ts";
import * as relaimpr from "../statistics/relaimpr.ts";
import * as spread from "../statistics/spread.ts";

const list = <T>(isMember: (member: unknown) => boolean, expected: string) =>
  z.custom<T>((given) => isList(given) && Array.prototype.every.call(given, isMember), expected);
const isList = (given: unknown) => Array.isArray(given) || (ArrayBuffer.isView(given) && "length" in given);
const isNumber = (member: unknown) => typeof member === "number" && !Number.isNaN(member);

const labels = list((member) => member === 0 || member === 1, "expected a list of 0 and 1");
const numbers = list(isNumber, "expected a list of numbers, none of them NaN");
const weights = list(
  (member) => typeof member === "number" && member >= 0 && Number.isFinite(member),
  "expected a list of finite numbers, none below 0",
).optional();
const groups = z.custom(
  (given) => given instanceof Int32Array && given.every((one) => one >= 0),
  "expected an Int32Array of 0 or more",
);

const scored = z
  .object({ label: labels, score: numbers, group: groups, known: labels.optional(), weight: weights })
  .superRefine(({ label, ...lists }, context) => {
    refuseOtherLengths(context, label, lists);
  });
const compared = z
  .object({ label: labels, group: groups, weight: weights, a: z.array(numbers).min(1), b: z.array(numbers).min(1) })
  .superRefine(({ label, group, weight, a, b }, context) => {
    refuseOtherLengths(context, label, { group, weight, ...named("a", a), ...named("b", b) });
  });
const calibrated = z
  .object({ label: labels, score: numbers, bins: z.int().min(1).max(1_000_000), weight: weights })
  .superRefine(({ label, score, weight }, context) => refuseOtherLengths(context, label, { score, weight }));

const named = (name: string, lists: readonly unknown[]) =>
  Object.fromEntries(lists.map((each, i) => [`${name}.${i}`, each]));

function refuseOtherLengths(context: z.RefinementCtx, label: unknown, lists: Readonly<Record<string, unknown>>): void {
  const { length } = label as ArrayLike<number>;
  for (const [name, each] of Object.entries(lists)) {
    if (each === undefined) continue;
    const found = (each as ArrayLike<number>).length;
    if (found === length) continue;
    const message = `expected ${length} of them, one for each label, found ${found}`;
    context.addIssue({ code: "custom", path: name.split("."), message });
  }
}

/** Metrics of scored samples. @throws UserError where the lists differ in length, or a score is no number */
export function evaluateScores(scores: metrics.Scores): metrics.Metrics {
  checkOptions("evaluateScores", scored, scores);
  return metrics.evaluateScores(scores);
}

/**
 * Whether the AUCs of two models differ, over other users and other seeds: DeLong's test with users as clusters.
 * @throws UserError where a side has no runs, lists differ in length, or a score is no number
 */
export function compareAuc(comparison: compare.Comparison): compare.Difference {
  checkOptions("compareAuc", compared, comparison);
  return compare.compareAuc(comparison);
}

/** Calibration of `score[i]` for `label[i]` in {0, 1}, in bins of equally many. @throws UserError as `evaluateScores` */
export function calibrationOf(
  label: ArrayLike<number>,
  score: ArrayLike<number>,
  bins = 10,
  weight?: ArrayLike<number>,
): calibration.Calibration {
  checkOptions("calibrationOf", calibrated, { label, score, bins, weight });
  return calibration.calibrationOf(label, score, bins, weight);
}

const oneNumber = z.custom<number>((given) => typeof given === "number", "expected a number");
const relative = z.object({ auc: oneNumber, base: oneNumber });
const spreading = z.object({ values: z.array(oneNumber) });

/** By what fraction `auc` lies further above the one half of guessing than `base`; NaN for a base that guesses. */
export function relaImpr(auc: number, base: number): number {
  checkOptions("relaImpr", relative, { auc, base });
  return relaimpr.relaImpr(auc, base);
}

/** Mean, deviation and confidence interval of the values; NaN where they are too few. */
export function spreadOf(values: readonly number[]): spread.Spread {
  checkOptions("spreadOf", spreading, { values });
  return spread.spreadOf(values);
}
