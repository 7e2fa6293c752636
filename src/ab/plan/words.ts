/** A plan in words and cells, for the terminal and for the page. */
import { count, percent } from "../../format.ts";
import { DESCRIBED } from "../analysis/metrics.ts";
import type { ExperimentPlan } from "./plan.ts";

/** What clicks of the same user have in common, in a sentence. */
export function clusteringSentence({ clustering }: ExperimentPlan): string {
  return `The variance of CTR is ${clustering.toFixed(2)} times that of as many independent clicks.`;
}

export const PLAN_HEAD = ["metric", "now", "least users", "reading", "users", "days", "smallest lift"];

/** The cells of the table; null where there is no answer. */
export function planCells({ metrics }: ExperimentPlan): (string | null)[][] {
  return metrics.flatMap(({ metric, value, leastUsers, readings }) =>
    readings.map(({ horizon, users, days, smallestLift }, i) => [
      i === 0 ? DESCRIBED[metric].title : "",
      i === 0 ? String(Number(value.toPrecision(4))) : "",
      i === 0 ? count(leastUsers) : "",
      horizon,
      users === null ? null : count(users),
      days === null ? null : count(days),
      smallestLift === null ? null : percent(smallestLift),
    ]),
  );
}
