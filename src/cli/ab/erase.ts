/** `dien ab erase`: a user is taken out of records. */
import type { Command } from "commander";
import { z } from "zod";
import { count } from "../../format.ts";
import { text, texts } from "../../options/pieces.ts";
import type { Context } from "../context.ts";
import { addOptions } from "../options.ts";
import { print, printJson } from "../output.ts";

export const eraseFlags = z.strictObject({
  records: texts("folder", "folders in which servers have recorded").min(1),
  user: text("key", "the key of the user"),
});

export function addErase(parent: Command, context: Context): void {
  const command = parent
    .command("erase")
    .summary("take a user out of what was recorded")
    .description("Gives a user in records a name that nobody knows, and removes what is told of the user beside it.");
  const read = addOptions(command, eraseFlags);
  command
    .addHelpText(
      "after",
      `
The rows stay, so that what an experiment has counted stays true. A server that records in a folder must be stopped before.

Example:
  dien ab erase --records records --user u17`,
    )
    .action(async () => {
      const { options, json } = await read();
      const erased = { exposures: 0, outcomes: 0 };
      for (const folder of options.records) {
        const { exposures, outcomes } = await context.jobs.eraseUser(folder, options.user);
        erased.exposures += exposures;
        erased.outcomes += outcomes;
      }
      if (json) return printJson(context.stdout, erased);
      const { exposures, outcomes } = erased;
      print(context.stdout, [`took the user out of ${count(exposures)} exposures and ${count(outcomes)} outcomes`]);
    });
}
