/** What an outcome is put down to. */
import { type KnownRequest, requestsOf } from "./remembered.ts";
import type { NewOutcome, Outcome } from "./rows.ts";

/** An outcome with the experiment and the arm of its impression, put down to it where it is the user's and in time. */
export function attribute(row: NewOutcome, requests: ReadonlyMap<string, KnownRequest>, window: number): Outcome {
  const [found] = requestsOf(row.impression).flatMap(({ request, position }) => {
    const known = requests.get(request);
    return known !== undefined && position >= 1 && position <= known.rows ? known : [];
  });
  if (found === undefined) return { ...row, experiment: null, arm: null, attributed: false };
  const { experiment, arm, user, time } = found;
  const after = row.time - time;
  return { ...row, experiment, arm, attributed: user === row.user && after >= 0 && after <= window };
}
