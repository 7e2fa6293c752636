/** What speaks against believing a replay. */
import { count, share } from "../../format.ts";
import type { ReplayFinding, ReplayResult } from "./result.ts";

/** A mean weight this unlikely says that the log lacks what the policy would have shown, or that propensities are wrong. */
const UNSUPPORTED = 1e-4;
const FEW_EFFECTIVE = 200;
const HEAVY = 0.1;
const FEW_USERS = 100;

type CheckedReplay = Pick<ReplayResult, "impressions" | "users" | "unit" | "weights" | "leftOut">;

export function findingsOf({ impressions, users, unit, weights, leftOut }: CheckedReplay): ReplayFinding[] {
  const { mean, effective, heaviestUser, clipped, cut } = weights;
  const findings: ReplayFinding[] = [];
  const warn = (check: ReplayFinding["check"], message: string) => findings.push({ check, level: "warning", message });
  if (clipped === 0 && mean.p < UNSUPPORTED) {
    const message = `the mean weight is ${mean.value.toFixed(3)} where 1 is expected: the log could not have shown all that the policy would, or its propensities are wrong`;
    findings.push({ check: "support", level: "grave", message });
  }
  if (effective < FEW_EFFECTIVE) {
    warn(
      "effective",
      `${count(impressions)} impressions weigh no more than ${count(Math.round(effective))} equal ones`,
    );
  }
  if (users < FEW_USERS) warn("users", `${count(users)} ${unit}s are few: intervals hold for many`);
  else if (heaviestUser > HEAVY) warn("heavy", `one ${unit} has ${share(heaviestUser)} of all weight`);
  if (clipped > 0) {
    const message = `weights of ${count(clipped)} impressions were cut, which took away ${share(cut)} of all weight: estimates have a bias towards what is cut least`;
    warn("clipped", message);
  }
  const { withoutPropensity, withoutRequest, unknownItems } = leftOut;
  const missing = withoutPropensity + withoutRequest + unknownItems;
  if (missing > 0) {
    const which = [
      ...(withoutPropensity > 0 ? [`${count(withoutPropensity)} without propensity`] : []),
      ...(withoutRequest > 0 ? [`${count(withoutRequest)} of requests that were not recorded`] : []),
      ...(unknownItems > 0 ? [`${count(unknownItems)} of items that were no candidates`] : []),
    ];
    warn("missing", `left out: ${count(missing)} impressions (${which.join(", ")}); estimates are of the others alone`);
  }
  return findings.sort((a, b) => Number(b.level === "grave") - Number(a.level === "grave"));
}
