/** `dien init`: a first features.yaml for somebody's own log. */
import { stat } from "node:fs/promises";
import type { Command } from "commander";
import { z } from "zod";
import { failure } from "../errors/failure.ts";
import { writeFileAside } from "../files/aside.ts";
import { fileError, unlessAbsent } from "../files/failures.ts";
import { count } from "../format.ts";
import type { Guess } from "../importers/events/guess/guess.ts";
import { featuresText, labelText, layoutSettings, timeText } from "../importers/events/guess/text.ts";
import { isUnlabelled } from "../importers/events/guess/unlabelled.ts";
import { isPostgres, withoutPassword } from "../importers/events/source/address.ts";
import { layoutSchema, mergeLayouts } from "../importers/events/source/layout.ts";
import { text, toggle } from "../options/pieces.ts";
import { shellWord } from "../report/text.ts";
import type { Context } from "./context.ts";
import { addOptions } from "./options.ts";
import { print, printJson } from "./output.ts";
import { table } from "./table.ts";

export const initFlags = z.strictObject({
  events: text("source", "the log: a file, a pattern in quotes, or postgres://USER@HOST/DATABASE?table=NAME"),
  users: text("source", "a table with a row for each user, given in the same ways").optional(),
  items: text("source", "a table with a row for each item, given in the same ways").optional(),
  ...layoutSchema.shape,
  out: text("file", "where the guess goes").default("features.yaml"),
  force: toggle("replace that file if it exists"),
});
type Sources = Pick<z.output<typeof initFlags>, "events" | "users" | "items">;

export function addInit(program: Command, context: Context): void {
  const command = program
    .command("init")
    .summary("guess a features.yaml for your own log")
    .description(
      "Looks at the first 20,000 rows of a log (fewer where it has very many columns) and writes features.yaml: which columns are the user, the item, the time " +
        "and the label, and which others a model is given. Every guess is explained there; check each one.",
    );
  const read = addOptions(command, initFlags);
  command
    .addHelpText(
      "after",
      `
Examples:
  dien init --events clicks.csv
  dien init --events 'logs/*.ndjson.gz' --items items.parquet --out shop.yaml

Formats, by name: .csv, .tsv, .ndjson, .jsonl, .json (an object a line), each also with .gz or .zst; .parquet.
A password of postgres is better given as PGPASSWORD than in the address; ?query=SELECT... takes the place of ?table=.

What cannot be guessed is written as TODO; \`dien prepare events\` refuses the file until it is filled in.`,
    )
    .action(async () => {
      const { options, json } = await read();
      const { out, force, events, users, items, ...layout } = options;
      const sources = { events, users, items };
      if (!force) await refuseToReplace(out);
      const guess = await context.jobs.guessFeatures({ ...sources, layout: mergeLayouts(layout, {}) });
      // To look at the log takes a while.
      if (!force) await refuseToReplace(out);
      await writeFileAside(out, featuresText(guess));
      const todo = todoOf(guess);
      const next = nextCommand(out, sources);
      if (json) return printJson(context.stdout, { out, ...guess, todo, next });
      print(context.stdout, [
        ...guessLines(guess),
        "",
        `${out} is written: check it before use.`,
        ...guess.notes,
        ...todo.map((what) => `TODO: ${what}; write it into ${out}.`),
        ...(isUnlabelled(guess) ? withoutLabel(guess) : []),
        "Then:",
        `  ${next}`,
      ]);
    });
}

function withoutLabel({ labels: [label] }: Guess): string[] {
  const otherwise =
    label === undefined
      ? "Where a column says whether what was shown was clicked, name it as columns.label."
      : `A label could be, under columns: label: ${labelText(label)}`;
  return ["No label was found: each behaviour would be predicted from those before it.", otherwise];
}

/** @throws UserError where there is something at `path` */
async function refuseToReplace(path: string): Promise<void> {
  const found = await stat(path)
    .catch(unlessAbsent)
    .catch((error) => {
      throw fileError(error, "write", path);
    });
  if (found !== undefined) throw failure("file.exists", { path });
}

/** What a person has to fill in. */
function todoOf({ columns, keys, lists }: Guess): string[] {
  const needed = lists.shown ? (["user", "time"] as const) : (["user", "item", "time"] as const);
  const roles = needed.filter((role) => columns[role] === undefined);
  const tables = (["user", "item"] as const).filter((kind) => keys[kind] === null);
  const { column, formats = [] } = columns.time ?? {};
  const choices = formats.map((format) => timeText(column!, format)).join(" or ");
  return [
    ...roles.map((role) => `no column seems to be the ${role}`),
    ...(formats.length > 1 ? [`the time may be ${choices}`] : []),
    ...tables.map((kind) => `no column of the ${kind}s' table seems to be the ${kind}'s id`),
  ];
}

function nextCommand(out: string, { events, users, items }: Sources): string {
  const sources = Object.entries({ events, users, items }).filter(([, source]) => source !== undefined);
  const flags = sources.map(
    ([name, source]) => `--${name} ${shellWord(isPostgres(source!) ? withoutPassword(source!) : source!)}`,
  );
  return `dien prepare events --config ${shellWord(out)} ${flags.join(" ")} --out data/events`;
}

function guessLines(guess: Guess): string[] {
  const roles = Object.entries(guess.columns).map(([role, { column, why }]) => [column, role, why]);
  const { shown, before } = guess.lists;
  const lists = [
    ...(shown ? [[shown.column, "impressions", "a row lists what was shown together"]] : []),
    ...(before ? [[before.column, "history", "a row lists what the user did before"]] : []),
  ];
  const fields = (["user", "item", "context"] as const).flatMap((kind) =>
    guess.fields[kind].map(({ column, kind: how, why }) => [
      column,
      `${kind} field${how === "category" ? "" : `, ${how}`}`,
      why,
    ]),
  );
  const left = guess.leftOut.map(({ column, why }) => [column, "left out", why]);
  const rows = [...roles, ...lists, ...fields, ...left];
  const layouts = Object.entries(guess.layouts).flatMap(([name, layout]) =>
    layoutSettings(layout).map(({ key, value, why }) => `layout of the ${name}: ${key} ${value} (${why})`),
  );
  return [`${count(guess.rows)} rows looked at`, ...layouts, ...table(["column", "is taken for", "why"], rows, "left")];
}
