/** `dien prepare events` */
import type { Command } from "commander";
import { failure } from "../../errors/failure.ts";
import { FEATURE_SECTIONS } from "../../importers/events/features/features.ts";
import { eventsOptions } from "../../importers/events/options.ts";
import type { Context } from "../context.ts";
import { addOptions, type ConfigFile, type Gathered, readConfig } from "../options.ts";
import { reportPrepared } from "./report.ts";

export function addEvents(prepare: Command, context: Context): void {
  const command = prepare
    .command("events")
    .summary("from your own logs, as features.yaml describes them")
    .description(
      "Makes a dataset of logs of events: impressions that were clicked or not, and behaviours; --config describes their columns.",
    );
  const read = addOptions(command, eventsOptions, ["features", "featuresPath"]);
  command
    .addHelpText(
      "after",
      `
The file of --config also holds the sections of features.yaml: ${FEATURE_SECTIONS.join(", ")}.
Without columns.label each behaviour is predicted from those before it, with a sampled negative for each.

Examples:
  dien prepare events --config features.yaml --events 'events-*.csv.gz' --users users.csv --items items.csv --out data/mine
  dien prepare events --config features.yaml --events events.parquet --memory 8GB --out data/mine`,
    )
    .action(async () => {
      const { options, json, config, features } = await readWithFeatures(command, read);
      if (config === undefined) throw failure("usage.missing-option", { option: "--config <file>" });
      await reportPrepared(context, { out: options.out, json }, (onProgress) =>
        context.jobs.prepareEvents({ ...options, features, featuresPath: config }, onProgress),
      );
    });
}

/** The options of a command, and the sections of features.yaml in the file of its --config. */
export async function readWithFeatures<Options>(
  command: Command,
  read: (file: ConfigFile) => Promise<Gathered<Options>>,
): Promise<Gathered<Options> & { readonly features: Readonly<Record<string, unknown>> }> {
  const { path, values } = await readConfig(command);
  const entries = Object.entries(values);
  const rest = Object.fromEntries(entries.filter((entry) => !isSection(entry)));
  const gathered = await read({ path, values: rest, sections: FEATURE_SECTIONS });
  return { ...gathered, features: Object.fromEntries(entries.filter(isSection)) };
}

/** The section and the option are both called behaviours. */
function isSection([key, value]: [string, unknown]): boolean {
  return FEATURE_SECTIONS.includes(key) && (key !== "behaviours" || typeof value !== "string");
}
