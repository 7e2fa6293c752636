/** `dien ab report`: what the records of an experiment say, in one sentence and in full. */
import { stat } from "node:fs/promises";
import type { Command } from "commander";
import { z } from "zod";
import { METRICS } from "../../ab/analysis/metrics.ts";
import type { AbReport, CheckName } from "../../ab/analysis/result.ts";
import { experimentSchema } from "../../ab/experiment/schema.ts";
import { headline, readingOf, reportTables } from "../../ab/show/tables.ts";
import { failure } from "../../errors/failure.ts";
import { unlessAbsent } from "../../files/failures.ts";
import { parseYaml, readYamlText } from "../../files/yaml.ts";
import { engineOptions } from "../../importers/events/options.ts";
import { text, toggle } from "../../options/pieces.ts";
import { whatIsWrong } from "../../options/problems.ts";
import type { Context } from "../context.ts";
import { addOptions } from "../options.ts";
import { print, printJson } from "../output.ts";
import { withProgress } from "../progress.ts";
import { table } from "../table.ts";
import { columnNames, commandOf, pairs, words } from "./pieces.ts";

const WEIGHTS = "expected ARM=WEIGHT, several with commas between";
export const reportFlags = z.strictObject({
  exposures: text("files", "who saw what: the folder of a server's records, a file, or a pattern in quotes"),
  outcomes: text("files", "what came of it; by default of the folder of --exposures").optional(),
  before: text("files", "what users did before: columns user, impressions, clicks, revenue (CUPED)").optional(),
  experiment: text("file", "ab.yaml: arms, weights, window and end of the experiment").optional(),
  name: text("name", "which experiment, where files hold several and there is no --experiment").optional(),
  control: text("arm", "what the others are compared with (otherwise the first arm)").optional(),
  weights: pairs(/^[^=,]+=\s*\d+(?:\.\d+)?\s*$/, WEIGHTS, Number, {
    value: "arm=weight,...",
    description: "shares of users, of every arm (otherwise of ab.yaml, or equal)",
  }).optional(),
  metric: z.enum(METRICS).default("ctr").describe("what the verdict rests on; choose it before the start"),
  sequential: toggle("always-valid intervals: recommended, unless you look once, at an end set before the start"),
  tuning: z
    .int()
    .min(1)
    .default(5000)
    .describe("of --sequential: users at which intervals are narrowest, as `dien ab plan` has it"),
  alpha: z.number().gt(0).lt(1).default(0.05).describe("false alarms that are allowed"),
  windowHours: z
    .number()
    .gt(0)
    .optional()
    .describe("outcomes later than this do not count (otherwise of ab.yaml, or 24)"),
  segment: words("field,...", "also lifts among users of each value of these fields, as exploration").default([]),
  click: text("type", "the type of outcomes that are clicks").default("click"),
  revenue: words("type,...", "types of outcomes whose values are revenue (otherwise all)").optional(),
  columns: columnNames("arm=variant").optional(),
  memory: engineOptions.memory,
  out: text("folder", "also a page with figures, and all data").optional(),
});

export function addReport(parent: Command, context: Context): void {
  const command = parent
    .command("report")
    .summary("which arm to keep, and how sure that is")
    .description("Reads what a server recorded, or files of your own, and says which arm to keep.");
  const read = addOptions(command, reportFlags);
  command
    .addHelpText(
      "after",
      `
Files are CSV, TSV, NDJSON (each perhaps with .gz or .zst) or Parquet. Exposures have the columns user, arm, time, and if
they are known id, experiment, propensity, fields; outcomes have type, time, and impression (the id of an exposure) or
user, and if they are known id, value, experiment. What else they have is left alone. docs/ab.md explains the result.

Examples:
  dien ab report --exposures records --experiment ab.yaml --sequential
  dien ab report --exposures records --experiment ab.yaml --segment country,age --out report
  dien ab report --exposures seen.csv --outcomes 'clicks/*.parquet' --columns arm=variant,time=ts --control old`,
    )
    .action(async () => {
      const { options, json } = await read();
      const { experiment, sequential, tuning, segment, columns, out, memory, ...rest } = options;
      if (experiment !== undefined && rest.name !== undefined) {
        throw failure("usage.contradiction", { option: "--name <name>", other: "--experiment <file>" });
      }
      const definition = experiment === undefined ? undefined : await readDefinition(experiment);
      const outcomes = rest.outcomes ?? (await folderOf(rest.exposures));
      const report = await withProgress(context.stderr, (progress) =>
        context.jobs.analyse({
          ...rest,
          memory: memory / 2,
          outcomes,
          definition,
          reading: sequential ? "sequential" : "fixed",
          tuning,
          segments: segment,
          names: columns ?? new Map(),
          onProgress: (stage, done, total) => progress.update(stage, done, total),
        }),
      );
      if (!json) print(context.stdout, reportLines(report));
      if (out !== undefined) {
        await context.jobs.writeAbReport(out, report, commandOf(command));
        print(context.stderr, [`page in ${out}/report.html`]);
      }
      if (json) printJson(context.stdout, report);
    });
}

/** The folder that holds outcomes, too. @throws UserError where it is no folder */
async function folderOf(exposures: string): Promise<string> {
  const place = await stat(exposures).catch(unlessAbsent);
  const isOther = place === undefined ? /[*?[]/.test(exposures) : !place.isDirectory();
  if (isOther) throw failure("usage.missing-option", { option: "--outcomes <files>" });
  return exposures;
}

async function readDefinition(path: string) {
  const content = await readYamlText(path);
  let value: unknown;
  try {
    value = parseYaml(content);
  } catch (error) {
    throw failure("usage.not-yaml", { path, reason: (error as Error).message }, error);
  }
  const parsed = experimentSchema.safeParse(value);
  if (!parsed.success) throw failure("ab.invalid", { path, problem: whatIsWrong(experimentSchema, value) });
  return parsed.data;
}

/** What helps against a finding, in words of the command line. */
const HELP: Readonly<Partial<Record<CheckName, string>>> = {
  unfinished: "--sequential has intervals that hold now",
  values: "--revenue chooses",
  bandit:
    "--experiment ab.yaml says where it was exploration within an arm; docs/ab/bandit.md says how a bandit is read",
};

/** The verdict comes last, where the eye is when the command ends. */
function reportLines(report: AbReport): string[] {
  const tables = reportTables(report).flatMap(({ caption, head, rows }) => ["", caption, ...table(head, rows)]);
  const findings = report.findings.map(({ level, message, check }) => {
    return `${MARKS[level]}${message}${HELP[check] === undefined ? "" : `; ${HELP[check]}`}`;
  });
  return [headline(report), ...tables, "", readingOf(report), ...findings, "", report.verdict.sentence];
}

const MARKS = { grave: "GRAVE:   ", warning: "warning: ", note: "note:    " };
