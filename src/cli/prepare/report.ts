/** What the commands that prepare datasets report: progress, warnings, counts, what to do next. */
import type { OnProgress } from "../../dataset/dataset.ts";
import type { PreparedCounts } from "../../dataset/manifest.ts";
import { count, duration, share } from "../../format.ts";
import type { EventsSummary } from "../../importers/events/prepare.ts";
import { shellWord } from "../../report/text.ts";
import type { Context } from "../context.ts";
import { print, printJson } from "../output.ts";
import { withProgress } from "../progress.ts";
import { table } from "../table.ts";

/** Counts of a dataset whose items have a category. */
export function categorised(summary: PreparedCounts & { readonly categories: number }): string[] {
  const { users, items, categories, train, valid, test } = summary;
  const head = ["users", "items", "categories", "train", "validation", "test"];
  return table(head, [[users, items, categories, train, valid, test].map(count)]);
}

/** What is left out, and what becomes of it, where its name does not say it. */
const MEANINGS: Readonly<Record<string, string>> = {
  duplicateEvents: "equal in all columns that are used; one is kept",
  unusedEvents: "neither impressions nor behaviours",
  usersWithOneBehaviour: "nothing to predict from",
  usersWithoutTarget: "without a row of a target type",
  anonymousBehaviours: "of nobody, and no impressions",
  returnsWithoutNegative:
    "the only item of their own history, so that none can be sampled; no samples, but in histories",
  listValues: "of longer lists than are read",
  brokenReviews: "lines that are none",
  brokenMetadata: "lines that are none",
  incompleteReviews: "without user, item or time",
  incompleteMetadata: "without item or categories",
  duplicateReviews: "the same user, item and time; one is kept",
  usersWithOneReview: "nothing to predict from",
  itemsWithoutCategory: "kept; their category is unknown",
};

/** What was left out, a line for each reason. */
export function droppedLines(dropped: Readonly<Record<string, number>>): string[] {
  const lines = Object.entries(dropped).filter(([, rows]) => rows > 0);
  return lines.map(([reason, rows]) => `${words(reason)}: ${count(rows)}`);
}

/** "duplicateReviews" as "duplicate reviews (the same user, item and time; one is kept)". */
function words(name: string): string {
  const said = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return name in MEANINGS ? `${said} (${MEANINGS[name]})` : said;
}

/** What people should know about what was made. */
export function printWarnings({ stderr }: Context, warnings: readonly string[]): void {
  print(
    stderr,
    warnings.map((warning) => `warning: ${warning}`),
  );
}

/** Makes a dataset of logs with progress, and reports it. */
export async function reportPrepared(
  context: Context,
  { out, json }: { readonly out: string; readonly json: boolean },
  job: (onProgress: OnProgress) => Promise<EventsSummary>,
): Promise<void> {
  const summary = await withProgress(context.stderr, (progress) =>
    job((stage, done, total) => progress.update(stage, done, total)),
  );
  printWarnings(context, summary.warnings);
  if (json) return printJson(context.stdout, summary);
  print(context.stdout, eventsLines(summary, out));
}

const WITHOUT_LABELS: Readonly<Record<string, readonly string[]>> = {
  temporal: [
    "no labels: each behaviour is predicted from those before it, against a sampled negative (columns.label names a label)",
  ],
  target: [
    "no labels: each row of a target type is predicted from the behaviours before it, against a sampled negative",
  ],
};

/** The summary of a dataset of logs, and the next commands. */
function eventsLines(summary: EventsSummary, out: string): string[] {
  const { users, items, behaviours, clickRate, validFrom, testFrom, dropped, seconds } = summary;
  const rows = [
    ["train", count(summary.train), share(clickRate.train), validFrom === undefined ? "" : `before ${validFrom}`],
    ["validation", count(summary.valid), share(clickRate.valid), validFrom === undefined ? "" : `from ${validFrom}`],
    ["test", count(summary.test), share(clickRate.test), testFrom === undefined ? "" : `from ${testFrom}`],
  ];
  const quoted = shellWord(out);
  return [
    ...table(["users", "items", "behaviours"], [[users, items, behaviours].map(count)]),
    ...table(["samples", "", "clicked", ""], rows),
    ...droppedLines(dropped),
    ...(summary.anonymous === undefined ? [] : [`samples of nobody: ${count(summary.anonymous)}`]),
    ...(WITHOUT_LABELS[summary.protocol] ?? []),
    `dataset in ${out}, ${duration(seconds)}`,
    `next: dien inspect --data ${quoted}; dien train --data ${quoted} --out RUN`,
  ];
}
