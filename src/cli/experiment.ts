/** `dien experiment NAME`: the paper's tables and figures, and the search for settings, on people's own datasets. */
import { join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import type { LabEvent } from "../experiments/lab/lab.ts";
import type { Stop } from "../experiments/lab/trials.ts";
import { type Experiment, experimentOptions, experiments, ownData, sharedOptions } from "../experiments/list.ts";
import type { ExperimentOutcome } from "../experiments/run.ts";
import { duration, metric } from "../format.ts";
import { texts } from "../options/pieces.ts";
import { type Context, INTERRUPTED } from "./context.ts";
import { addOptions } from "./options.ts";
import { print, printJson } from "./output.ts";
import { type ProgressDisplay, withProgress } from "./progress.ts";
import { readSettings } from "./settings.ts";
import { table } from "./table.ts";
import { showTraining } from "./training.ts";

const { data, out, ...otherShared } = sharedOptions.shape;

export const experimentFlags = z.strictObject({
  data,
  out,
  set: texts("key=value", "set a key for all models that have it; `dien train --model NAME --help` lists them").default(
    [],
  ),
  ...otherShared,
  ...experimentOptions.shape,
});

/** Of an experiment that makes its own data. */
export const ownDataFlags = experimentFlags.extend({ data: ownData });

/** Options that only some experiments read. */
const SOME = experimentOptions.keyof().options;

export function addExperiment(program: Command, context: Context, finish: (exitCode: number) => void): void {
  const parent = program
    .command("experiment")
    .summary("the paper's tables and figures on your datasets")
    .description("Regenerates a table or figure of the paper: trains what it takes and writes a report.");
  for (const experiment of experiments.values()) addOne(parent, experiment, context, finish);
}

function addOne(
  parent: Command,
  { name, summary, description, manySeeds, options: own, makeData }: Experiment,
  context: Context,
  finish: (exitCode: number) => void,
): void {
  const unread = [...(manySeeds ? [] : ["seeds" as const]), ...SOME.filter((key) => !own.includes(key))];
  const command = parent.command(name).summary(summary).description(description);
  const read = addOptions(command, makeData ? ownDataFlags : experimentFlags, unread);
  const given = makeData ? "" : " --data data/beauty --data data/sports";
  command
    .addHelpText(
      "after",
      `
Finished runs are not trained again: the same command continues after Ctrl-C or a kill${manySeeds ? ", and with more seeds trains only those" : ""}.

Examples:
  dien experiment ${name}${given} --out experiments
  dien experiment ${name}${makeData ? "" : " --data data/beauty"}${manySeeds ? " --seeds 2" : ""} --set train.epochs=2 --out quick`,
    )
    .action(async () => {
      const { options, json } = await read();
      const { set, ...rest } = options;
      const settings = readSettings(set);
      const outcome = await withProgress(context.stderr, (progress) =>
        context.jobs.runExperiment({
          ...rest,
          seeds: manySeeds ? options.seeds : 1,
          name,
          settings,
          signal: context.signal,
          onProgress: showRuns(progress),
        }),
      );
      if (outcome.interrupted) {
        if (json) printJson(context.stdout, outcome);
        print(context.stderr, ["interrupted; the runs so far are kept, the same command continues from here"]);
        finish(INTERRUPTED);
      } else if (json) printJson(context.stdout, { ...outcome, report: { ...outcome.report, blocks: undefined } });
      else print(context.stdout, outcomeLines(outcome));
    });
}

/**
 * Shows a lab's events: the training under way, and a line for every run that ended. The time left is that of the runs to
 * come, if they take as long as those before on average.
 */
function showRuns(progress: ProgressDisplay): (event: LabEvent) => void {
  let seconds = 0;
  let shown = -1;
  let show = showTraining(progress);
  return ({ name, index, count, ...what }) => {
    if (what.kind === "step") return progress.update(name, what.done, what.total);
    const place = `[${index + 1}/${count}]`;
    if (what.kind !== "training") {
      seconds += what.seconds;
      const left = (seconds / (index + 1)) * (count - index - 1);
      const end = what.kind === "finished" ? `test AUC ${metric(what.summary.test.auc)}` : stopText(what.stop);
      const rest = index + 1 < count ? `; about ${duration(left)} left` : "";
      progress.note(`${place} ${name}: ${end}, ${duration(what.seconds)}${rest}`);
      return;
    }
    if (index !== shown) {
      shown = index;
      show = showTraining(progress, `${place} ${name}: `);
    }
    // An epoch's line would be one of hundreds here; the run's own log has it.
    if (what.event.kind !== "epoch") show(what.event);
  };
}

/** How a trial ended that has no model. */
function stopText({ reason, validAuc }: Stop): string {
  if (reason !== "early") return reason;
  return `stopped after epoch ${validAuc.length}, validation AUC ${metric(Math.max(...validAuc))}`;
}

/** The report's answer and its tables, as far as a terminal shows them. */
function outcomeLines({ report, folder, seconds }: ExperimentOutcome): string[] {
  const tables = report.blocks.flatMap((block) => {
    if (block.kind !== "table") return [];
    const cell = (value: (typeof block.rows)[number][number]) =>
      value === null ? "" : typeof value === "object" ? [value.text, value.note ?? ""].join(" ").trim() : String(value);
    const rows = block.rows.map((row) => row.map(cell));
    return ["", block.caption, ...table(block.head, rows)];
  });
  const page = `${join(folder, "report.html")} has it all with figures, ${duration(seconds)}`;
  return [report.lead, ...tables, "", page];
}
