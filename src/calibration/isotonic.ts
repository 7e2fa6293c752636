/**
 * Isotonic regression: the non-decreasing shares of clicks that are nearest to the labels, by the pool-adjacent-violators
 * algorithm (Barlow, Bartholomew, Bremner and Brunk 1972; for calibration Zadrozny and Elkan 2002,
 * https://doi.org/10.1145/775047.775151).
 *
 * Its steps would make equal what the model tells apart. So each step becomes a knot at its centre, and between two knots log
 * odds are interpolated, as in the centred isotonic regression of Oron and Flournoy 2017, https://arxiv.org/abs/1701.05964;
 * beyond the first and the last they run along with those of the score. A step at 0 or 1 has no log odds; its share of clicks
 * is taken by the rule of succession, (clicks + 1) / (samples + 2).
 */
import type { IsotonicFit } from "./calibrator.ts";
import { logit, withinOdds } from "./odds.ts";
import { type LabelledScores, unitWeights } from "./samples.ts";

/** Samples of neighbouring scores with one share of clicks. */
export interface Step {
  readonly weight: number;
  /** Weight of the clicked ones. */
  readonly clicks: number;
  /** Sum over samples of weight times log odds of the score. */
  readonly odds: number;
}

export function fitIsotonic(samples: LabelledScores): IsotonicFit {
  const steps = poolAdjacent(samples);
  const shares = steps.map(({ clicks, weight }) => clicks / weight);
  const last = shares.length - 1;
  const succession = ({ clicks, weight }: Step) => (clicks + 1) / (weight + 2);
  if (shares[last] >= 1) shares[last] = Math.max(succession(steps[last]), (1 + (shares[last - 1] ?? 0)) / 2);
  if (shares[0] <= 0) shares[0] = Math.min(succession(steps[0]), (shares[1] ?? 1) / 2);
  return { method: "isotonic", scores: steps.map(({ odds, weight }) => odds / weight), clicks: shares.map(logit) };
}

/** The steps of the isotonic regression, by score: their shares of clicks increase. */
export function poolAdjacent(samples: LabelledScores): Step[] {
  const { label, score } = samples;
  const weight = unitWeights(samples);
  const order = Uint32Array.from(score, (_, i) => i).filter((i) => weight[i] > 0);
  order.sort((i, j) => score[i] - score[j]);
  const steps: Step[] = [];
  for (let from = 0; from < order.length; ) {
    const equal = score[order[from]];
    const odds = logit(withinOdds(equal));
    let step: Step = { weight: 0, clicks: 0, odds: 0 };
    for (; from < order.length && score[order[from]] === equal; from++) {
      const own = weight[order[from]];
      step = together(step, { weight: own, clicks: label[order[from]] > 0 ? own : 0, odds: own * odds });
    }
    while (steps.length > 0 && !isBelow(steps[steps.length - 1], step)) step = together(steps.pop()!, step);
    steps.push(step);
  }
  return steps;
}

/** Sums of weights are rounded: shares that differ by less than this are one. */
const ROUNDING = 1e-12;

function isBelow(low: Step, high: Step): boolean {
  return low.clicks / low.weight < high.clicks / high.weight - ROUNDING;
}

function together(a: Step, b: Step): Step {
  return { weight: a.weight + b.weight, clicks: a.clicks + b.clicks, odds: a.odds + b.odds };
}
