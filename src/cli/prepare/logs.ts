/** What the commands that prepare logs have in common: progress, and the report at the end. */
import type { OnProgress } from "../../dataset/dataset.ts";
import type { EventsSummary } from "../../importers/events/prepare.ts";
import { type Context, printJson } from "../context.ts";
import { withProgress } from "../progress.ts";
import { eventsText } from "./counts.ts";

/** Runs the job with progress and reports what came of it. */
export async function reportPrepared(
  context: Context,
  { out, json }: { readonly out: string; readonly json: boolean },
  job: (onProgress: OnProgress) => Promise<EventsSummary>,
): Promise<void> {
  const summary = await withProgress(context.stderr, (progress) =>
    job((stage, done, total) => progress.update(stage, done, total)),
  );
  for (const warning of summary.warnings) context.stderr.write(`warning: ${warning}\n`);
  if (json) return printJson(context, summary);
  context.stdout.write(eventsText(summary, out));
}
