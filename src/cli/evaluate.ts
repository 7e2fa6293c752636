/** `dien evaluate` */
import { type Command, Option } from "commander";
import { SPLITS, type Split } from "../data/dataset.ts";
import { type Context, printJson } from "./context.ts";
import { count, duration, metric } from "./format.ts";
import { addCommonOptions, gatherOptions, threadsOption } from "./options.ts";
import { withProgress } from "./progress.ts";
import { table } from "./table.ts";

interface Options {
  run: string;
  data: string;
  split: Split;
  threads?: number;
  json?: boolean;
}

export function addEvaluate(program: Command, context: Context): void {
  const command = program
    .command("evaluate")
    .summary("measure a trained model on a dataset")
    .description("Scores the samples of a dataset with the best model of a run: AUC, GAUC and logloss.")
    .option("--run <folder>", "run, made by `dien train`")
    .option("--data <folder>", "dataset with the fields of the one the run was trained on")
    .addOption(new Option("--split <name>", "which samples").choices(SPLITS).default("test"))
    .addOption(threadsOption())
    .addHelpText(
      "after",
      `
Examples:
  dien evaluate --run runs/dien --data data/beauty
  dien evaluate --run runs/dien --data data/beauty --split valid --json

AUC counts ties one half. GAUC is the AUC within each user, weighted by samples. A metric that is not defined
(all labels equal) is n/a, in JSON null.`,
    )
    .action(async () => {
      const { json, ...options } = await gatherOptions<Options>(command, ["run", "data"]);
      const result = await withProgress(context.stderr, (progress) =>
        context.jobs.evaluateRun({
          ...options,
          onProgress: (done, total) => progress.update("scored", done, total),
        }),
      );
      if (json) return printJson(context, result);
      const { auc, gauc, logloss, samples, seconds } = result;
      const row = [options.split, count(samples), metric(auc), metric(gauc), metric(logloss), duration(seconds)];
      context.stdout.write(table(["", "samples", "AUC", "GAUC", "logloss", "time"], [row]));
    });
  addCommonOptions(command);
}
