/** The sentence that is repeated: every kind of it, to the letter. */
import { expect, it } from "vitest";
import type { AbMetric } from "../../../src/ab/analysis/metrics.ts";
import type { EffectResult, Finding, ReadingKind } from "../../../src/ab/analysis/result.ts";
import { verdictOf } from "../../../src/ab/analysis/verdict.ts";

function effect(arm: string, metric: AbMetric, lift: number, reach: number, adjustedP: number): EffectResult {
  const interval = { low: lift - reach, high: lift + reach, p: adjustedP / 2 };
  return {
    arm,
    metric,
    lift,
    ...interval,
    adjustedP,
    fixed: interval,
    sequential: interval,
    smallest: 1.43 * reach,
    theta: 0,
  };
}

const report = (effects: readonly EffectResult[], reading: ReadingKind = "fixed") => {
  const read = { control: "base", metric: "ctr", reading, alpha: 0.05, days: 21, users: 40_112, effects } as const;
  return verdictOf(read, []);
};

it.each<[string, readonly EffectResult[], string, string | null, string]>([
  [
    "an arm that wins",
    [effect("dien", "ctr", 0.12, 0.04, 0.0001), effect("dien", "ppc", -0.03, 0.02, 0.01)],
    "keep",
    "dien",
    "dien shows 12 % more clicks per impression than base (95 % interval 8 to 16 %, 21 days, 40,112 users): keep dien.",
  ],
  [
    "two arms that win",
    [effect("din", "ctr", 0.05, 0.02, 0.001), effect("dien", "ctr", 0.12, 0.04, 0.0001)],
    "keep",
    "dien",
    "dien shows 12 % more clicks per impression than base (95 % interval 8 to 16 %, 21 days, 40,112 users): keep dien (din shows 5.0 % more).",
  ],
  [
    "an arm that loses",
    [effect("dien", "ctr", -0.05, 0.02, 0.001)],
    "keep",
    "base",
    "dien shows 5.0 % fewer clicks per impression than base (95 % interval 3.0 to 7.0 %, 21 days, 40,112 users): keep base.",
  ],
  [
    "no difference",
    [effect("dien", "ctr", 0.004, 0.021, 0.7)],
    "wait",
    null,
    "no difference in clicks per impression can be told yet between dien and base (95 % interval -1.7 to 2.5 %, 21 days, 40,112 users): with these users an effect below 3.0 % stays unseen.",
  ],
  [
    "no difference of one arm, and another that loses",
    [effect("dien", "ctr", 0.01, 0.021, 0.7), effect("din", "ctr", -0.05, 0.02, 0.001)],
    "wait",
    null,
    "no difference in clicks per impression can be told yet between dien and base (95 % interval -1.1 to 3.1 %, 21 days, 40,112 users): with these users an effect below 3.0 % stays unseen; din shows 5.0 % fewer clicks per impression.",
  ],
  [
    "a gain that is paid for",
    [effect("dien", "ctr", 0.12, 0.04, 0.0001), effect("dien", "revenue_per_user", -0.05, 0.03, 0.002)],
    "weigh",
    null,
    "dien shows 12 % more clicks per impression than base (95 % interval 8 to 16 %, 21 days, 40,112 users), but 5.0 % less revenue per user (2.0 to 8.0 %): weigh the one against the other.",
  ],
  [
    "a p-value that Holm does not leave below alpha",
    [effect("dien", "ctr", 0.1, 0.09, 0.06), effect("din", "ctr", 0.01, 0.09, 0.6)],
    "wait",
    null,
    "no difference in clicks per impression can be told yet between dien, din and base (21 days, 40,112 users): with these users an effect below 13 % stays unseen.",
  ],
  [
    "nothing to compare",
    [effect("dien", "ctr", Number.NaN, Number.NaN, Number.NaN)],
    "wait",
    null,
    "no difference in clicks per impression can be told yet between dien and base (21 days, 40,112 users): there is no CTR to compare.",
  ],
])("%s", (_, effects, decision, arm, sentence) => {
  expect(report(effects)).toEqual({ decision, arm, sentence });
});

it("says where its interval is always valid", () => {
  const { sentence } = report([effect("dien", "ctr", 0.12, 0.04, 0.0001)], "sequential");
  expect(sentence).toContain("(95 % always-valid interval 8 to 16 %, 21 days");
});

it("is none where a finding is grave, whatever the effect", () => {
  const grave: Finding = { check: "sample-ratio", level: "grave", message: "the arms have not the users" };
  const warning: Finding = { check: "novelty", level: "warning", message: "it fades" };
  const read = { control: "base", metric: "ctr", reading: "fixed", alpha: 0.05, days: 1, users: 1 } as const;
  const effects = [effect("dien", "ctr", 0.12, 0.04, 0.0001)];
  expect(verdictOf({ ...read, effects }, [grave, warning])).toEqual({
    ...{ decision: "stop", arm: null, sentence: "do not decide: the arms have not the users." },
  });
  expect(verdictOf({ ...read, effects }, [grave, grave, grave]).sentence).toBe(
    "do not decide: the arms have not the users (and 2 more grave findings).",
  );
  expect(verdictOf({ ...read, effects }, [warning]).sentence).toMatch(/1 day, 1 user\): keep dien\.$/);
});
