/**
 * What another policy would have earned, from the log of one that left something to chance (off-policy evaluation). For
 * impression i with reward r_i, propensity e_i of what was shown, the probability p_i with which the other policy shows
 * it there, and so the weight w_i = p_i / e_i, the mean reward of the other policy is estimated by
 *
 *   IPS     sum w r / n                              Horvitz and Thompson 1952, https://doi.org/10.1080/01621459.1952.10483446
 *   SNIPS   sum w r / sum w                          Swaminathan and Joachims 2015, https://papers.nips.cc/paper/5748
 *   DR      sum (v + w (r - q)) / n                  Dudik, Langford and Li 2011, https://arxiv.org/abs/1103.4601
 *
 * with q_i a model's reward of what was shown, and v_i its mean over what the other policy would have shown. IPS and DR have
 * no bias where propensities are right; SNIPS has one that vanishes with n. Places of a list count one by one: what a place
 * earns is taken to depend on what it shows and where, not on its neighbours (Li et al. 2018,
 * https://arxiv.org/abs/1804.10488, the item-position model).
 *
 * All three are ratios of sums over users, and users are what was drawn: intervals are by the delta method, clustered by
 * user (`statistics/paired.ts`).
 */
import { type Effect, type Reading, readOnce } from "../../statistics/effect.ts";
import type { Metric } from "../../statistics/estimate.ts";
import { level, pairedEffect } from "../../statistics/paired.ts";
import type { Sums } from "../../statistics/sums.ts";

export const REWARDS = ["clicks", "revenue"] as const;
export type RewardName = (typeof REWARDS)[number];
export const ESTIMATORS = ["ips", "snips", "dr"] as const;
export type EstimatorName = (typeof ESTIMATORS)[number];

/** What is summed up of each user, in the order of `Sums`: n, w, and for each reward r, w r and v + w (r - q). */
export const quantities: readonly string[] = [
  ...["impressions", "weight"],
  ...REWARDS.flatMap((reward) => [reward, `weighted_${reward}`, `doubly_${reward}`]),
];
const place = (name: string) => quantities.indexOf(name);

/** A mean reward per impression, with its 95 % interval. */
export interface MeanReward {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}
export interface Estimated extends MeanReward {
  readonly estimator: EstimatorName;
  /** Over what the log earned, with interval and the p of no difference. */
  readonly lift: MeanReward & { readonly p: number };
}
export interface RewardEstimates {
  readonly reward: RewardName;
  /** What was earned. */
  readonly logged: MeanReward;
  readonly estimates: readonly Estimated[];
}

/** @param hasModel whether rewards of a model are known, which DR needs */
export function estimatesOf(sums: Sums, reward: RewardName, hasModel: boolean): RewardEstimates {
  const impressions = place("impressions");
  const logged: Metric = { of: place(reward), per: impressions };
  const metrics: Readonly<Record<EstimatorName, Metric>> = {
    ips: { of: place(`weighted_${reward}`), per: impressions },
    snips: { of: place(`weighted_${reward}`), per: place("weight") },
    dr: { of: place(`doubly_${reward}`), per: impressions },
  };
  return {
    reward,
    logged: read(level(sums, logged)),
    estimates: ESTIMATORS.filter((estimator) => estimator !== "dr" || hasModel).map((estimator) => {
      const lift = pairedEffect(sums, logged, metrics[estimator], "relative");
      return { estimator, ...read(level(sums, metrics[estimator])), lift: { ...read(lift), p: readOnce(lift).p } };
    }),
  };
}

/** The mean of all weights, whose expectation is 1, and the p of that. */
export function meanWeight(sums: Sums): MeanReward & { readonly p: number } {
  const mean = level(sums, { of: place("weight"), per: place("impressions") });
  const { p } = readOnce({ ...mean, value: mean.value - 1 });
  return { ...read(mean), p };
}

function read(effect: Effect): MeanReward {
  const { low, high }: Reading = readOnce(effect);
  return { value: effect.value, low, high };
}
