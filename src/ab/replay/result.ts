/** What a replay gives: as data, for the terminal, pages and programs. */
import type { Engine } from "../../kernels/load.ts";
import type { Estimated, MeanReward, RewardEstimates } from "./estimates.ts";
import type { UnusedRows } from "./tables.ts";

export interface Weights {
  /** Its expectation is 1 where the log could have shown all that the policy would. */
  readonly mean: MeanReward & { readonly p: number };
  readonly largest: number;
  /** Kish's effective sample size (sum w)^2 / sum w^2, in impressions. */
  readonly effective: number;
  /** Share of impressions that the policy would not have shown. */
  readonly unshown: number;
  /** The user with the most weight has this share of it. */
  readonly heaviestUser: number;
  /** Impressions whose weights were cut, and which share of all weight that took away. */
  readonly clipped: number;
  readonly cut: number;
}

export type ReplayCheck = "support" | "effective" | "heavy" | "clipped" | "missing" | "users";

/** Something to know before one believes an estimate; a grave one says that none is to be believed. */
export interface ReplayFinding {
  readonly check: ReplayCheck;
  readonly level: "grave" | "warning";
  readonly message: string;
}

export interface ReplayResult {
  /** Which kernels computed what a run would have shown; a table needs none. */
  readonly engine?: Engine;
  /** In one sentence. */
  readonly verdict: string;
  readonly findings: readonly ReplayFinding[];
  readonly impressions: number;
  readonly users: number;
  /** What intervals take for independent. */
  readonly unit: "user" | "impression";
  readonly weights: Weights;
  readonly rewards: readonly RewardEstimates[];
  readonly leftOut: UnusedRows & {
    /** Rows that could not be read. */
    readonly bad: number;
    /** Impressions of requests that were not recorded, and those of items that were no candidates. */
    readonly withoutRequest: number;
    readonly unknownItems: number;
  };
}

/** What a reward is to be read by: doubly robust where there is a model, else self-normalised. */
export function preferred({ estimates }: RewardEstimates): Estimated {
  return estimates.find(({ estimator }) => estimator === "dr") ?? estimates.find((one) => one.estimator === "snips")!;
}
