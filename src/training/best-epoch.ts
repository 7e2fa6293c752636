/** Which epoch's model is kept, and when there is no hope for a better one. */
import type { ReportedMetrics } from "../run/summary.ts";
import type { Progress } from "./progress.ts";

/** Whether `valid` is better than the validation result of every epoch so far. */
export function isBest(valid: ReportedMetrics, { best }: Progress): boolean {
  return best === null || isBetter(valid, best.valid);
}

/** By AUC, or by logloss where there is one class only and AUC is not defined. */
function isBetter(a: ReportedMetrics, b: ReportedMetrics): boolean {
  return Number.isNaN(a.auc) || Number.isNaN(b.auc) ? a.logloss < b.logloss : a.auc > b.auc;
}

/** Whether the latest `patience` epochs were all worse than the best one. */
export function isOutOfPatience({ epochs, best }: Progress, patience: number): boolean {
  return epochs.length - (best?.epoch ?? 0) >= patience;
}
