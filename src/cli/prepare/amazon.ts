/** `dien prepare amazon` */
import type { Command } from "commander";
import { duration } from "../../format.ts";
import { amazonOptions } from "../../importers/amazon/options.ts";
import type { Context } from "../context.ts";
import { addOptions } from "../options.ts";
import { print, printJson } from "../output.ts";
import { withProgress } from "../progress.ts";
import { categorised, droppedLines, printWarnings } from "./report.ts";

export function addAmazon(prepare: Command, context: Context): void {
  const command = prepare
    .command("amazon")
    .summary("from Amazon review dumps (layouts of 2014, 2018 and 2023)")
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
      printWarnings(context, summary.warnings);
      if (json) return printJson(context.stdout, summary);
      print(context.stdout, [
        ...categorised(summary),
        ...droppedLines(summary.dropped),
        `dataset in ${options.out}, ${duration(summary.seconds)}`,
      ]);
    });
}
