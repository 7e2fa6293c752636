/** `dien ab load`: records into a database of the team's. */
import type { Command } from "commander";
import { z } from "zod";
import { count } from "../../format.ts";
import { text, texts } from "../../options/pieces.ts";
import type { Context } from "../context.ts";
import { addOptions } from "../options.ts";
import { print, printJson } from "../output.ts";

export const loadFlags = z.strictObject({
  records: texts("folder", "folders in which servers have recorded").min(1),
  to: text("url", "the database: postgres://USER:PASSWORD@HOST:PORT/DATABASE"),
});

export function addLoad(parent: Command, context: Context): void {
  const command = parent
    .command("load")
    .summary("exposures and outcomes into a Postgres database")
    .description("Adds what servers have recorded to the tables dien_exposures and dien_outcomes, which it makes.");
  const read = addOptions(command, loadFlags);
  command
    .addHelpText(
      "after",
      `
What is there already is left alone: load again for what came since, also while the servers go on. Of one loading all is
there, or nothing.

Examples:
  dien ab load --records records --to postgres://analyst:secret@localhost:5432/shop
  dien ab load --records records-1 records-2 --to postgres://localhost/shop`,
    )
    .action(async () => {
      const { options, json } = await read();
      const { records, to } = options;
      const {
        name,
        read: found,
        added,
        known,
      } = await context.jobs.loadRecords({ exposures: records, outcomes: records }, to);
      const { files, unreadable } = found;
      if (json) return printJson(context.stdout, { added, known, files, unreadable });
      print(
        context.stdout,
        (["exposures", "outcomes"] as const).map(
          (kind) =>
            `added ${count(added[kind])} ${kind} to ${name}; ${count(known[kind])} were there already` +
            (unreadable[kind] > 0 ? `; left out ${count(unreadable[kind])} lines that are none` : ""),
        ),
      );
    });
}
