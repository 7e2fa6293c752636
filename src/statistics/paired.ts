/**
 * Two metrics of the same users, who are no independent groups then: arms that a bandit draws anew for each user each
 * day, or what the same visits earned and would have earned. `effect.ts` has those of arms with users of their own.
 */
import type { Effect } from "./effect.ts";
import { covarianceOfMetrics, estimate, type Metric } from "./estimate.ts";
import type { Sums } from "./sums.ts";

/** A metric alone, to be read like an effect. */
export function level(sums: Sums, metric: Metric): Effect {
  const { value, variance } = estimate(sums, metric);
  return ofUsers(sums, value, variance);
}

/**
 * Metric `other` less metric `base`; relative, over the base. Its variance is that of the influence of one user, by the
 * delta method: of the quotient var(o) / b^2 + o^2 var(b) / b^4 - 2 o cov(o, b) / b^3 (Deng, Knoblich and Lu,
 * https://arxiv.org/abs/1803.06336, section 3.1).
 */
export function pairedEffect(sums: Sums, base: Metric, other: Metric, kind: "absolute" | "relative"): Effect {
  const [b, o] = [estimate(sums, base), estimate(sums, other)];
  const together = covarianceOfMetrics(sums, base, other);
  if (kind === "absolute") return ofUsers(sums, o.value - b.value, b.variance + o.variance - 2 * together);
  const quotient = o.value / b.value;
  const variance = (o.variance + quotient ** 2 * b.variance - 2 * quotient * together) / b.value ** 2;
  return ofUsers(sums, (o.value - b.value) / Math.abs(b.value), variance);
}

function ofUsers({ n }: Sums, value: number, variance: number): Effect {
  // Where nothing varies, rounding may leave less than nothing.
  return { value, error: Math.sqrt(Math.max(variance, 0) / n), degrees: n - 1, users: n };
}
