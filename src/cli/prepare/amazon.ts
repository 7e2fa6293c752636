/** `dien prepare amazon` */
import { type Command, Option } from "commander";
import { PROTOCOLS, type Protocol } from "../../dataset/manifest.ts";
import { duration } from "../../format.ts";
import { NEGATIVES, type Negatives, SAMPLING_DEFAULTS } from "../../importers/protocols.ts";
import { type Context, printJson } from "../context.ts";
import { addCommonOptions, gatherOptions, seedOption, whole } from "../options.ts";
import { withProgress } from "../progress.ts";
import { categorised, droppedLines } from "./counts.ts";

interface AmazonFlags {
  reviews: string;
  meta: string;
  out: string;
  protocol: Protocol;
  negatives: Negatives;
  maxHistory: number;
  seed: number;
  json?: boolean;
}

export function addAmazon(prepare: Command, context: Context): void {
  const command = prepare
    .command("amazon")
    .summary("from Amazon review dumps (2014 layout)")
    .description("Makes a dataset of Amazon product reviews; every review is a behaviour, as in the paper.")
    .option("--reviews <file>", "review dump, reviews_NAME_5.json or .json.gz")
    .option("--meta <file>", "metadata dump, meta_NAME.json or .json.gz")
    .option("--out <folder>", "where the dataset goes; an older dataset there is replaced")
    .addOption(
      new Option("--protocol <name>", "paper: last behaviour of each user; temporal: every behaviour from its past")
        .choices(PROTOCOLS)
        .default(SAMPLING_DEFAULTS.protocol),
    )
    .addOption(
      new Option("--negatives <rule>", "strict: never an item of the user's own; released: only not the positive")
        .choices(NEGATIVES)
        .default(SAMPLING_DEFAULTS.negatives),
    )
    .option(
      "--max-history <number>",
      "histories keep the latest so many behaviours",
      whole(1),
      SAMPLING_DEFAULTS.maxHistory,
    )
    .addOption(seedOption(SAMPLING_DEFAULTS.seed))
    .addHelpText(
      "after",
      `
Examples:
  dien prepare amazon --reviews reviews_Beauty_5.json.gz --meta meta_Beauty.json.gz --out data/beauty
  dien prepare amazon --config beauty.yaml --protocol temporal --out data/beauty-temporal`,
    )
    .action(async () => {
      const { json, ...options } = await gatherOptions<AmazonFlags>(command, ["reviews", "meta", "out"]);
      const summary = await withProgress(context.stderr, (progress) =>
        context.jobs.prepareAmazon(options, (stage, done, total) => progress.update(stage, done, total)),
      );
      for (const warning of summary.warnings) context.stderr.write(`warning: ${warning}\n`);
      if (json) return printJson(context, summary);
      context.stdout.write(categorised(summary));
      context.stdout.write(droppedLines(summary.dropped));
      context.stdout.write(`dataset in ${options.out}, ${duration(summary.seconds)}\n`);
    });
  addCommonOptions(command);
}
