/** A replay as tables of text, for the terminal and for the page. */
import { count, metric, percent, pValue, share } from "../../format.ts";
import type { EstimatorName, RewardEstimates, RewardName } from "./estimates.ts";
import type { ReplayResult } from "./result.ts";

export interface ReplayTable {
  readonly name: string;
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export const ESTIMATOR: Readonly<Record<EstimatorName, string>> = {
  ips: "inverse propensity",
  snips: "self-normalised",
  dr: "doubly robust",
};
/** Clicks per impression, and revenue per thousand of them. */
export const REWARD: Readonly<Record<RewardName, { readonly title: string; readonly factor: number }>> = {
  clicks: { title: "CTR", factor: 1 },
  revenue: { title: "eCPM", factor: 1000 },
};

export function replayTables({ rewards, weights, unit, users, impressions }: ReplayResult): ReplayTable[] {
  return [
    ...rewards.map((reward) => rewardTable(reward, unit)),
    {
      name: "weights",
      caption:
        "Weights: the policy's probability of what was shown, by the log's. Their mean is 1 where the log covers the policy.",
      head: ["impressions", `${unit}s`, "effective", "mean weight", "largest", "not shown"],
      rows: [
        [
          ...[impressions, users, weights.effective].map(count),
          ...[metric(weights.mean.value), metric(weights.largest), share(weights.unshown)],
        ],
      ],
    },
  ];
}

function rewardTable({ reward, logged, estimates }: RewardEstimates, unit: string): ReplayTable {
  const { title, factor } = REWARD[reward];
  const text = (value: number) => metric(factor * value);
  const between = (low: string, high: string) => `${low} to ${high}`;
  return {
    name: reward,
    caption: `${title} of the log and, as estimated, of the policy, with 95 % intervals over ${unit}s.`,
    head: [title, "", "interval", "lift", "interval of lift", "p"],
    rows: [
      ["the log", text(logged.value), between(text(logged.low), text(logged.high)), "", "", ""],
      ...estimates.map(({ estimator, value, low, high, lift }) => [
        ESTIMATOR[estimator],
        text(value),
        between(text(low), text(high)),
        percent(lift.value),
        between(percent(lift.low), percent(lift.high)),
        Number.isFinite(lift.p) ? pValue(lift.p) : "n/a",
      ]),
    ],
  };
}
