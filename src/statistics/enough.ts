/**
 * From how many users on intervals hold what they promise. The normal approximation fails where few users make up most of a
 * metric: of users with log-normal activity and revenue, 95 % intervals of relative effects cover the truth in 94 to 96 % as
 * long as the metric's own standard error is below a twentieth of it in each arm; at a tenth in 93 to 95 %, at a quarter in
 * 91 % (docs/ab/trust.md). How far revenue is from normal counts in no other way: a metric that varies more needs more users to get there.
 */
import type { Estimate } from "./estimate.ts";

const LARGEST_ERROR = 0.05;

/** Users that an arm has to have before its effects can be trusted: infinitely many where the metric is 0 or not defined. */
export function usersToTrust({ value, variance, base }: Estimate): number {
  // What adjustment explains does not make the rest more normal.
  const { value: plain, variance: whole } = base ?? { value, variance };
  const users = whole / (plain * LARGEST_ERROR) ** 2;
  return Number.isNaN(users) ? Number.POSITIVE_INFINITY : Math.ceil(users);
}
