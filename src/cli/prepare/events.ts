/** `dien prepare events` */
import type { Command } from "commander";
import { FEATURE_SECTIONS } from "../../data/events/features.ts";
import { SAMPLING_DEFAULTS } from "../../data/protocols.ts";
import { type Context, printJson } from "../context.ts";
import { addCommonOptions, applyConfig, readConfig, requireOptions, seedOption } from "../options.ts";
import { withProgress } from "../progress.ts";
import { eventsText } from "./counts.ts";
import { memoryOption } from "./memory.ts";

interface Flags {
  events: string;
  behaviours?: string;
  items?: string;
  users?: string;
  out: string;
  memory: number;
  seed: number;
  skipBadRows?: boolean;
  config: string;
  json?: boolean;
}

export function addEvents(prepare: Command, context: Context): void {
  const command = prepare
    .command("events")
    .summary("from your own logs, as features.yaml describes them")
    .description(
      "Makes a dataset of logs of events: impressions that were clicked or not, and behaviours; --config says which columns are what.",
    )
    .option("--events <files>", "the log: a file, a pattern in quotes ('log/*.csv.gz'), or the address of a database")
    .option("--behaviours <files>", "a log of behaviours beside it")
    .option("--users <files>", "table of users")
    .option("--items <files>", "table of items")
    .option("--out <folder>", "where the dataset goes; an older dataset there is replaced")
    .addOption(memoryOption())
    .addOption(seedOption(SAMPLING_DEFAULTS.seed))
    .option("--skip-bad-rows", "leave out rows that cannot be read, however many")
    .addHelpText(
      "after",
      `
The file of --config also holds the sections of features.yaml: ${FEATURE_SECTIONS.join(", ")}.
Without columns.label each behaviour is predicted from those before it, with a drawn negative for each.

Examples:
  dien prepare events --config features.yaml --events 'events-*.csv.gz' --users users.csv --items items.csv --out data/mine
  dien prepare events --config features.yaml --events events.parquet --memory 8GB --out data/mine`,
    )
    .action(async () => {
      const config = Object.entries(await readConfig(command));
      // The section and the option are both called behaviours.
      const isSection = ([key, value]: [string, unknown]) =>
        FEATURE_SECTIONS.includes(key) && (key !== "behaviours" || typeof value !== "string");
      applyConfig(command, Object.fromEntries(config.filter((entry) => !isSection(entry))), FEATURE_SECTIONS);
      requireOptions(command, ["config", "events", "out"]);
      const { json, config: path, ...options } = command.opts<Flags>();
      const features = Object.fromEntries(config.filter(isSection));
      const summary = await withProgress(context.stderr, (progress) =>
        context.jobs.prepareEvents({ ...options, features, featuresPath: path }, (stage, done, total) =>
          progress.update(stage, done, total),
        ),
      );
      for (const warning of summary.warnings) context.stderr.write(`warning: ${warning}\n`);
      if (json) return printJson(context, summary);
      context.stdout.write(eventsText(summary, options.out));
    });
  addCommonOptions(command);
}
