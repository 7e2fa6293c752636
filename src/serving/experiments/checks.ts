/** Whether an experiment can be served, and whether it can take the place of the one that is. */
import { movesBetween, type OnlineExperiment } from "../../ab/experiment/experiment.ts";
import { failure } from "../../errors/failure.ts";
import { USER_KEY } from "../../scoring/values.ts";
import { mismatchOf } from "../models/mismatch.ts";
import type { Models } from "../models/models.ts";

/**
 * Looks at the models of the arms: each must be served and take every request that the default model takes.
 * @throws UserError otherwise, and where a condition is on a field that users do not have
 */
export function checkArms({ path, arms, who }: OnlineExperiment, models: Models): void {
  const served = models.list();
  const names = served.map(({ name }) => name);
  for (const { name, model } of arms) {
    if (!names.includes(model)) throw failure("ab.unserved-arm", { path, name, expected: names, found: model });
    const problem = mismatchOf(served[0].description, models.get(model).description);
    if (problem !== undefined) throw failure("ab.mismatched-arm", { path, name, problem });
  }
  const { schema, userKey = USER_KEY } = served[0].description;
  const known = [...new Set([userKey, ...schema.user.map(({ name }) => name)])];
  const field = Object.keys(who).find((each) => !known.includes(each));
  if (field !== undefined) throw failure("ab.unknown-field", { path, field, known });
}

/**
 * Looks at what a new definition would do to those who take part.
 * @returns the share of all users who get another arm, come or go
 * @throws UserError where it moves users without need, or changes what cannot change
 */
export function checkSuccessor(before: OnlineExperiment, after: OnlineExperiment): number {
  const { path } = after;
  const mustStay: [field: string, expected: string, found: string][] = [
    ["name", before.name, after.name],
    ["seed", before.seed, after.seed],
    ["policy.kind", before.policy.kind, after.policy.kind],
    ["window_hours", hours(before), hours(after)],
  ];
  for (const [field, expected, found] of mustStay) {
    if (expected !== found) throw failure("ab.other-key", { path, field, expected, found });
  }
  const { moved, needless } = movesBetween(before, after);
  if (after.policy.kind === "fixed" && needless > 0) {
    throw failure("ab.needless-moves", { path, found: `${(100 * needless).toFixed(2)} %`, expected: earlier(before) });
  }
  return moved;
}

const hours = ({ window }: OnlineExperiment) => String(window / 3_600_000);

/** What has to stand in the file so that a definition moves no more users than it must. */
function earlier({ arms, share, before }: OnlineExperiment): string {
  const now = { weights: Object.fromEntries(arms.map(({ name, weight }) => [name, weight])), share };
  const stages = [...before, now].map(({ weights, share: of = share }) => {
    const each = Object.entries(weights).map(([name, weight]) => `${name}: ${weight}`);
    return `{weights: {${each.join(", ")}}, share: ${of}}`;
  });
  return `before: [${stages.join(", ")}]`;
}
