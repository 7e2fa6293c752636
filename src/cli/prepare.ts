/** `dien prepare`: behaviour logs, or a made-up shop, to a dataset folder. */
import { type Command, Option } from "commander";
import type { PreparedCounts } from "../data/manifest.ts";
import { NEGATIVES, type Negatives, PROTOCOLS, type Protocol, SAMPLING_DEFAULTS } from "../data/protocols.ts";
import { TABLE_FORMATS, type TableFormat } from "../data/synthetic/formats.ts";
import { leastItems, SHOP_DEFAULTS, SHOP_LEAST, type ShopOptions } from "../data/synthetic/shop.ts";
import { count, duration, metric } from "../format.ts";
import { type Context, printJson, UsageError } from "./context.ts";
import { addCommonOptions, gatherOptions, number, seedOption, whole } from "./options.ts";
import { withProgress } from "./progress.ts";
import { table } from "./table.ts";

export function addPrepare(program: Command, context: Context): void {
  const prepare = program
    .command("prepare")
    .summary("make a dataset of behaviour logs")
    .description("Makes a dataset folder (Parquet and a manifest) that `dien train` and `dien evaluate` read.");
  addAmazon(prepare, context);
  addSynthetic(prepare, context);
}

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

function addAmazon(prepare: Command, context: Context): void {
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
      context.stdout.write(counts(summary));
      const dropped = Object.entries(summary.dropped).filter(([, lines]) => lines > 0);
      for (const [reason, lines] of dropped) context.stdout.write(`${words(reason)}: ${count(lines)}\n`);
      context.stdout.write(`dataset in ${options.out}, ${duration(summary.seconds)}\n`);
    });
  addCommonOptions(command);
}

interface SyntheticFlags extends ShopOptions {
  out?: string;
  dumps?: string;
  log?: string;
  logFormat?: TableFormat;
  json?: boolean;
}

function addSynthetic(prepare: Command, context: Context): void {
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
      context.stdout.write(counts(summary));
      context.stdout.write(
        `ceiling (the true click probability on the test samples): AUC ${metric(summary.ceiling.auc)}\n`,
      );
      context.stdout.write(`dataset in ${out}, ${duration(summary.seconds)}\n`);
    });
  addCommonOptions(command);
}

function counts({ users, items, categories, train, valid, test }: PreparedCounts): string {
  const head = ["users", "items", "categories", "train", "validation", "test"];
  return table(head, [[users, items, categories, train, valid, test].map(count)]);
}

/** "duplicateReviews" as "duplicate reviews". */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
