/** `dien ab replay`: what another model would have earned, from what was recorded. */
import { stat } from "node:fs/promises";
import type { Command } from "commander";
import { z } from "zod";
import type { ReplayResult } from "../../ab/replay/result.ts";
import { replayTables } from "../../ab/replay/show.ts";
import { machineOptions } from "../../engine/machine.ts";
import { failure } from "../../errors/failure.ts";
import { count } from "../../format.ts";
import { engineOptions } from "../../importers/events/options.ts";
import { text } from "../../options/pieces.ts";
import { calibrated } from "../../scoring/options.ts";
import type { Context } from "../context.ts";
import { addOptions } from "../options.ts";
import { print, printJson } from "../output.ts";
import { withProgress } from "../progress.ts";
import { table } from "../table.ts";
import { columnNames, commandOf, words } from "./pieces.ts";

export const replayFlags = z.strictObject({
  exposures: text("files", "what was shown: the folder of a server's records, a file, or a pattern in quotes"),
  outcomes: text("files", "what came of it; otherwise of the folder of --exposures, or its column click").optional(),
  run: text("folder", "the policy: a model that shows what it ranks first").optional(),
  probabilities: text(
    "file",
    "or a table of the policy: item, probability, and perhaps position, predicted",
  ).optional(),
  name: text("name", "which experiment, where files hold several").optional(),
  click: text("type", "the type of outcomes that are clicks").default("click"),
  revenue: words("type,...", "types of outcomes whose values are revenue (otherwise all)").optional(),
  clip: z.number().gt(0).optional().describe("the largest weight of an impression; larger ones become this"),
  columns: columnNames("item=item_id").optional(),
  memory: engineOptions.memory,
  calibrated,
  engine: machineOptions.shape.engine,
  out: text("folder", "also a page with a figure, and all data").optional(),
});

export function addReplay(parent: Command, context: Context): void {
  const command = parent
    .command("replay")
    .summary("what another model would have earned")
    .description("Estimates from a log that left something to chance what another model or policy would have earned.");
  const read = addOptions(command, replayFlags);
  command
    .addHelpText(
      "after",
      `
The log must say with which probability each item was shown where it was shown (propensity): a server records that under an
experiment with \`explore\`, and with it the requests, which --run ranks anew. Files of your own (CSV, TSV, NDJSON, Parquet) have
the columns item and propensity, and if they are known id, user, position, click, revenue. A policy that is no run is a
table of item and probability, for each position or id if it has such columns, and with predicted (what a model expects)
for the doubly robust estimate. docs/ab/replay.md explains the result.

Examples:
  dien ab replay --exposures records --run runs/new
  dien ab replay --exposures records --run runs/new --out replay
  dien ab replay --exposures log.csv --probabilities policy.csv --columns item=item_id,propensity=propensity_score`,
    )
    .action(async () => {
      const { options, json } = await read();
      const { run, probabilities, columns, out, ...rest } = options;
      const result = await withProgress(context.stderr, async (progress) =>
        context.jobs.replay({
          ...rest,
          policy: policyOf(run, probabilities),
          outcomes: rest.outcomes ?? ((await isFolder(rest.exposures)) ? rest.exposures : undefined),
          names: columns ?? new Map(),
          onProgress: (stage, done, total) => progress.update(stage, done, total),
        }),
      );
      if (!json) print(context.stdout, replayLines(result));
      if (out !== undefined) {
        await context.jobs.writeReplay(out, result, commandOf(command));
        print(context.stderr, [`page in ${out}/report.html`]);
      }
      if (json) printJson(context.stdout, result);
    });
}

/** @throws UserError unless just one of them is given */
function policyOf(run: string | undefined, probabilities: string | undefined) {
  const [option, other] = ["--run", "--probabilities"];
  if (run !== undefined && probabilities !== undefined) throw failure("usage.contradiction", { option, other });
  if (run !== undefined) return { run };
  if (probabilities !== undefined) return { probabilities };
  throw failure("usage.missing-option", { option, instead: other });
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

function replayLines(result: ReplayResult): string[] {
  const { verdict, findings, leftOut } = result;
  const left = Object.entries(LEFT_OUT).flatMap(([key, what]) => {
    const rows = leftOut[key as keyof typeof LEFT_OUT];
    return rows > 0 ? [`left out: ${count(rows)} ${what}`] : [];
  });
  return [
    verdict,
    ...findings.map(({ level, message }) => `${level}: ${message}`),
    ...replayTables(result).flatMap(({ head, rows }) => ["", ...table(head, rows)]),
    ...(left.length > 0 ? ["", ...left] : []),
  ];
}

/** What a finding does not tell anyway. */
const LEFT_OUT = {
  bad: "rows that could not be read",
  repeated: "rows that were there before",
  otherExperiments: "impressions of other experiments",
  unplaced: "impressions whose place is not known",
  outcomes: "outcomes of no impression that is used",
} as const satisfies Partial<Record<keyof ReplayResult["leftOut"], string>>;
