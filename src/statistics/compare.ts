/**
 * Is model A better than model B? The difference of their AUC, each in one or more runs (seeds), and how sure it is.
 *
 * Two things would come out otherwise if all were done again, and their variances add up:
 *
 *   other test users   DeLong's variance of correlated AUCs (1988, https://doi.org/10.2307/2531595) from placement
 *                      values averaged over the runs, with users as clusters, since a user's samples are not
 *                      independent (Obuchowski 1997, https://doi.org/10.2307/2533958; one factor U / (U - 1) stands
 *                      for those that she has for users with positives and with negatives)
 *   other seeds        s^2 / n of the runs' AUC, for a side of two runs or more: nothing can be said of a single one's
 *
 * The difference over the root of the sum is compared with Student's t, degrees of freedom after Welch (1947,
 * https://doi.org/10.1093/biomet/34.1-2.28). With one run a side it is the plain clustered DeLong test.
 *
 * A sample with a weight counts as so many samples of its user would.
 */
import { classTotals, type Placements, placementsOf } from "./placements.ts";
import { spreadOf } from "./spread.ts";
import { quantileT, twoSidedP } from "./student.ts";

/** The same samples, scored by the runs of two models. */
export interface Comparison {
  /** 0 or 1. */
  readonly label: ArrayLike<number>;
  /** The user that the sample belongs to: a non-negative integer, best dense. */
  readonly group: Int32Array;
  /** What each sample weighs, 0 or more; without it all weigh the same. */
  readonly weight?: ArrayLike<number> | undefined;
  /** Scores of all samples by each run of A, and of B. */
  readonly a: readonly ArrayLike<number>[];
  readonly b: readonly ArrayLike<number>[];
}

/** NaN where it cannot be known: a class is absent, or there is only one user. */
export interface Difference {
  /** Mean AUC of A minus that of B. */
  readonly difference: number;
  /** Its standard error. */
  readonly deviation: number;
  /** 95 % confidence interval. */
  readonly low: number;
  readonly high: number;
  /** Two-sided p-value of "no difference". */
  readonly p: number;
}

/** A variance, and how many degrees of freedom it was estimated with. */
interface Variance {
  readonly value: number;
  readonly df: number;
}

/**
 * Compares two models by AUC. Throws RangeError where a side has no runs, lists differ in length or a score is NaN.
 */
export function compareAuc({ label, group, weight, a, b }: Comparison): Difference {
  check(label, group, a, "a");
  check(label, group, b, "b");
  return comparePlacements(label, group, placementsOf(label, a, weight), placementsOf(label, b, weight), weight);
}

/** As `compareAuc`, where one side is compared with many others: its placements are the costly part. */
export function comparePlacements(
  label: ArrayLike<number>,
  group: Int32Array,
  a: Placements,
  b: Placements,
  weight?: ArrayLike<number>,
): Difference {
  return judge(a.auc - b.auc, [userVariance(label, group, a, b, weight), ...seedVariance(a), ...seedVariance(b)]);
}

function check(label: ArrayLike<number>, group: Int32Array, scores: readonly ArrayLike<number>[], side: string): void {
  if (scores.length === 0) throw new RangeError(`no scores of ${side}`);
  for (const score of scores) {
    if (score.length !== label.length || group.length !== label.length) {
      throw new RangeError(`${label.length} labels, ${score.length} scores of ${side}, ${group.length} groups`);
    }
  }
}

/** Variance of the difference over samples of users: each user's influence on it is the sum of their samples'. */
function userVariance(
  label: ArrayLike<number>,
  group: Int32Array,
  a: Placements,
  b: Placements,
  weight?: ArrayLike<number>,
): Variance {
  const { positives, negatives } = classTotals(label, weight);
  let groups = 0;
  for (let i = 0; i < label.length; i++) groups = Math.max(groups, group[i] + 1);
  const influence = new Float64Array(groups);
  const present = new Uint8Array(groups);
  const difference = a.auc - b.auc;
  for (let i = 0; i < label.length; i++) {
    const own = weight === undefined ? 1 : weight[i];
    if (own === 0) continue;
    influence[group[i]] += (own * (a.value[i] - b.value[i] - difference)) / (label[i] > 0 ? positives : negatives);
    present[group[i]] = 1;
  }
  const users = present.reduce((sum, one) => sum + one, 0);
  if (users < 2) return { value: Number.NaN, df: Number.NaN };
  const squares = influence.reduce((sum, value) => sum + value * value, 0);
  return { value: (squares * users) / (users - 1), df: users - 1 };
}

/** Variance of a side's mean AUC over samples of seeds, where it has several. */
function seedVariance({ aucs }: Placements): Variance[] {
  if (aucs.length < 2) return [];
  return [{ value: spreadOf(aucs).deviation ** 2 / aucs.length, df: aucs.length - 1 }];
}

function judge(difference: number, variances: readonly Variance[]): Difference {
  const variance = variances.reduce((sum, { value }) => sum + value, 0);
  if (variance === 0) {
    return { difference, deviation: 0, low: difference, high: difference, p: difference === 0 ? 1 : 0 };
  }
  const deviation = Math.sqrt(variance);
  const df = variance ** 2 / variances.reduce((sum, { value, df }) => sum + value ** 2 / df, 0);
  const reach = quantileT(0.975, df) * deviation;
  const p = twoSidedP(difference / deviation, df);
  return { difference, deviation, low: difference - reach, high: difference + reach, p };
}
