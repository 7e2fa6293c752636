/** Failures of a single run: its settings are to blame, and a run with others may well succeed. */
import { UserError } from "../errors.ts";

/** Why a run failed: a loss or score that is not finite, or more memory than can be addressed. */
export type FailureReason = "diverged" | "too large";

/** A run that its own settings make fail. A search goes on without it; for everyone else it is a UserError. */
export class RunFailed extends UserError {
  readonly reason: FailureReason;

  constructor(reason: FailureReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
