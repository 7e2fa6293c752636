/** Failures of a single run: its settings are to blame, and a run with others may well succeed. */
import { isFailure } from "../errors/failure.ts";

/** Why a run failed: a loss or score that is not finite, or more memory than can be addressed. */
export type FailureReason = "diverged" | "too large";

/** The reason where `error` is such a failure; a search goes on without that run. */
export function failureReason(error: unknown): FailureReason | undefined {
  if (isFailure(error, "run.diverged")) return "diverged";
  return isFailure(error, "run.too-large") ? "too large" : undefined;
}
