/** `dien prepare events` */
import type { Command } from "commander";
import { FEATURE_SECTIONS } from "../../importers/events/features/features.ts";
import type { Context } from "../context.ts";
import { addCommonOptions, applyConfig, readConfig, requireOptions } from "../options.ts";
import { addLogOptions, type LogFlags, tellPrepared } from "./logs.ts";

interface Flags extends LogFlags {
  events: string;
  behaviours?: string;
  items?: string;
  users?: string;
  config: string;
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
      await tellPrepared(context, { out: options.out, json }, (onProgress) =>
        context.jobs.prepareEvents({ ...options, features, featuresPath: path }, onProgress),
      );
    });
  addCommonOptions(addLogOptions(command));
}
