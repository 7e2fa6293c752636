/** `dien prepare amazon` */
import type { Command } from "commander";
import { duration } from "../../format.ts";
import { amazonOptions } from "../../importers/amazon/options.ts";
import { type Context, printJson } from "../context.ts";
import { addOptions } from "../options.ts";
import { withProgress } from "../progress.ts";
import { categorised, droppedLines } from "./report.ts";

export function addAmazon(prepare: Command, context: Context): void {
  const command = prepare
    .command("amazon")
    .summary("from Amazon review dumps (2014 layout)")
    .description("Makes a dataset of Amazon product reviews; every review is a behaviour, as in the paper.");
  const read = addOptions(command, amazonOptions);
  command
    .addHelpText(
      "after",
      `
Examples:
  dien prepare amazon --reviews reviews_Beauty_5.json.gz --meta meta_Beauty.json.gz --out data/beauty
  dien prepare amazon --config beauty.yaml --protocol temporal --out data/beauty-temporal`,
    )
    .action(async () => {
      const { options, json } = await read();
      const summary = await withProgress(context.stderr, (progress) =>
        context.jobs.prepareAmazon(options, (stage, done, total) => progress.update(stage, done, total)),
      );
      for (const warning of summary.warnings) context.stderr.write(`warning: ${warning}\n`);
      if (json) return printJson(context, summary);
      context.stdout.write(categorised(summary));
      context.stdout.write(droppedLines(summary.dropped));
      context.stdout.write(`dataset in ${options.out}, ${duration(summary.seconds)}\n`);
    });
}
