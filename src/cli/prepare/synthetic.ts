/** `dien prepare synthetic` */
import type { Command } from "commander";
import { failure } from "../../errors/failure.ts";
import { count, duration, metric } from "../../format.ts";
import { syntheticFlags } from "../../importers/synthetic/options.ts";
import type { Context } from "../context.ts";
import { addOptions } from "../options.ts";
import { print, printJson } from "../output.ts";
import { withProgress } from "../progress.ts";
import { table } from "../table.ts";
import { categorised } from "./report.ts";

export function addSynthetic(prepare: Command, context: Context): void {
  const command = prepare
    .command("synthetic")
    .summary("from a synthetic shop whose click probability is known")
    .description(
      "Makes a dataset of a synthetic shop: users hold a few interests that drift, and click by a known probability.",
    );
  const read = addOptions(command, syntheticFlags);
  command
    .addHelpText(
      "after",
      `
The ceiling is the AUC of the true click probability on the test samples: no model can do better but by luck.

Examples:
  dien prepare synthetic --out data/shop
  dien prepare synthetic --users 50000 --items 20000 --mean-history 9 --seed 3 --out data/large --dumps dumps
  dien prepare synthetic --users 280000 --log log --log-format parquet`,
    )
    .action(async () => {
      const { options, json } = await read();
      const { out, dumps, log, ...shop } = options;
      if (log === undefined && command.getOptionValueSource("logFormat") !== "default") {
        throw failure("usage.lone-option", { option: "--log-format <format>", needed: "--log <folder>" });
      }
      if (out === undefined) {
        if (log === undefined) {
          throw failure("usage.missing-option", { option: "--out <folder>", instead: "--log <folder>" });
        }
        if (dumps !== undefined) {
          throw failure("usage.lone-option", { option: "--dumps <folder>", needed: "--out <folder>" });
        }
        const written = await withProgress(context.stderr, (progress) =>
          context.jobs.writeLog({ ...shop, log }, (stage, done, total) => progress.update(stage, done, total)),
        );
        if (json) return printJson(context.stdout, written);
        const { users, items, events, seconds } = written;
        const counts = table(["users", "items", "events"], [[users, items, events].map(count)]);
        print(context.stdout, [...counts, `log in ${log}, ${duration(seconds)}`]);
        return;
      }
      const summary = await withProgress(context.stderr, (progress) =>
        context.jobs.prepareSynthetic({ ...options, out }, (stage, done, total) => progress.update(stage, done, total)),
      );
      if (json) return printJson(context.stdout, summary);
      print(context.stdout, [
        ...categorised(summary),
        `ceiling (the true click probability on the test samples): AUC ${metric(summary.ceiling.auc)}`,
        `dataset in ${out}, ${duration(summary.seconds)}`,
      ]);
    });
}
