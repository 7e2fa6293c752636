/** `dien prepare synthetic` */
import { type Command, Option } from "commander";
import { count, duration, metric } from "../../format.ts";
import { TABLE_FORMATS, type TableFormat } from "../../importers/synthetic/formats.ts";
import { leastItems, SHOP_DEFAULTS, SHOP_LEAST, type ShopOptions } from "../../importers/synthetic/shop.ts";
import { type Context, printJson, UsageError } from "../context.ts";
import { addCommonOptions, gatherOptions, number, seedOption, whole } from "../options.ts";
import { withProgress } from "../progress.ts";
import { table } from "../table.ts";
import { categorised } from "./counts.ts";

interface SyntheticFlags extends ShopOptions {
  out?: string;
  dumps?: string;
  log?: string;
  logFormat?: TableFormat;
  json?: boolean;
}

export function addSynthetic(prepare: Command, context: Context): void {
  const command = prepare
    .command("synthetic")
    .summary("from a made-up shop whose click probability is known")
    .description(
      "Makes a dataset of a made-up shop: users hold a few interests that drift, and click by a known probability.",
    )
    .option("--out <folder>", "where the dataset goes; an older dataset there is replaced")
    .option("--dumps <folder>", "also write the behaviours as Amazon review dumps, for `dien prepare amazon`")
    .option(
      "--log <folder>",
      "also write the shop as a log of events, for `dien prepare events`; --out may then be absent",
    )
    .addOption(new Option("--log-format <format>", "of the log's files (default: csv)").choices(TABLE_FORMATS))
    .option("--users <number>", "users of the shop", whole(SHOP_LEAST.users), SHOP_DEFAULTS.users)
    .option("--items <number>", "items for sale, at least one a category", whole(1), SHOP_DEFAULTS.items)
    .option(
      "--departments <number>",
      "departments, of eight categories each",
      whole(SHOP_LEAST.departments),
      SHOP_DEFAULTS.departments,
    )
    .option(
      "--mean-history <number>",
      "behaviours of a user, on average",
      number(SHOP_LEAST.meanHistory),
      SHOP_DEFAULTS.meanHistory,
    )
    .option(
      "--impressions <number>",
      "labelled impressions of a user",
      whole(SHOP_LEAST.impressions),
      SHOP_DEFAULTS.impressions,
    )
    .addOption(seedOption(SHOP_DEFAULTS.seed))
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
      const { json, out, ...options } = await gatherOptions<SyntheticFlags>(command, []);
      const { dumps, log, logFormat } = options;
      if (logFormat !== undefined && log === undefined) throw new UsageError("--log-format needs --log");
      const least = leastItems(options.departments);
      if (options.items < least) {
        throw new UsageError(
          `--items ${options.items} is too few for ${options.departments} departments: at least ${least}`,
        );
      }
      if (out === undefined) {
        if (log === undefined || dumps !== undefined) {
          throw new UsageError("option '--out <folder>' is missing; only --log can stand alone");
        }
        const written = await withProgress(context.stderr, (progress) =>
          context.jobs.writeLog({ ...options, log }, (stage, done, total) => progress.update(stage, done, total)),
        );
        if (json) return printJson(context, written);
        const { users, items, events, seconds } = written;
        context.stdout.write(table(["users", "items", "events"], [[users, items, events].map(count)]));
        context.stdout.write(`log in ${log}, ${duration(seconds)}\n`);
        return;
      }
      const all = { ...options, out };
      const summary = await withProgress(context.stderr, (progress) =>
        context.jobs.prepareSynthetic(all, (stage, done, total) => progress.update(stage, done, total)),
      );
      if (json) return printJson(context, summary);
      context.stdout.write(categorised(summary));
      context.stdout.write(
        `ceiling (the true click probability on the test samples): AUC ${metric(summary.ceiling.auc)}\n`,
      );
      context.stdout.write(`dataset in ${out}, ${duration(summary.seconds)}\n`);
    });
  addCommonOptions(command);
}
