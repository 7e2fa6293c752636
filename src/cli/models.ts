/** `dien models`: what can be trained, where it was published and what it costs. */
import type { Command } from "commander";
import { z } from "zod";
import { type ModelCost, modelCost } from "../engine/cost.ts";
import type { Schema } from "../features/schema.ts";
import { count } from "../format.ts";
import type { Paper } from "../models/model.ts";
import { models } from "../models/registry.ts";
import { text } from "../options/pieces.ts";
import type { Context } from "./context.ts";
import { addOptions } from "./options.ts";
import { print, printJson } from "./output.ts";
import { resolveSettings } from "./settings.ts";
import { table } from "./table.ts";

/** Settings that make a different model, each a row of its own. */
const VARIANTS: Readonly<Record<string, readonly string[]>> = {
  pnn: ["model.product=inner", "model.product=outer"],
  dien: [
    "model.evolution=gru",
    "model.evolution=aigru",
    "model.evolution=agru",
    "model.evolution=augru",
    "model.auxiliary.weight=0",
    "model.auxiliary.form=mlp",
  ],
};

/** What costs are counted for. */
interface Size {
  readonly of: string;
  readonly schema: Schema;
  /** Behaviours of a sample. */
  readonly history: number;
}

/** Amazon Books in the DIEN paper (table 1); one more value of each field, the unknown one. */
const REFERENCE: Size = {
  of: "Amazon Books as in table 1 of the DIEN paper",
  schema: {
    user: [{ name: "user", size: 603_669 }],
    item: [
      { name: "item", size: 367_983 },
      { name: "category", size: 1601 },
    ],
    context: [],
    maxHistory: 20,
  },
  history: 20,
};

export const modelsFlags = z.strictObject({
  data: text("folder", "dataset to count for: its fields, its mean training history").optional(),
});

interface Row extends ModelCost {
  readonly name: string;
  /** The setting (`--set`) that makes this variant of the model; absent for the defaults. */
  readonly set?: string;
  readonly summary: string;
  readonly paper: Paper;
}

export function addModels(program: Command, context: Context): void {
  const command = program
    .command("models")
    .summary("list the models, what they cost and where they come from")
    .description(
      "Lists the models with their papers, their number of parameters and the operations for one sample: " +
        "with --data for that dataset, else for Amazon Books as in the DIEN paper.",
    );
  const read = addOptions(command, modelsFlags);
  command
    .addHelpText(
      "after",
      `
Examples:
  dien models
  dien models --data data/beauty --json

Operations are the multiply-adds of matrix products, times two. Look-ups, sums, softmax, activations and products of
vectors are not counted; so the auxiliary loss costs nothing here unless it is a network (model.auxiliary.form=mlp).`,
    )
    .action(async () => {
      const { options, json } = await read();
      const { data } = options;
      let size = REFERENCE;
      if (data !== undefined) {
        const { schema, meanHistory } = await context.jobs.readShape(data);
        size = { of: data, schema, history: Math.round(meanHistory) };
      }
      const rows = [...models.keys()].flatMap((name) =>
        [undefined, ...(VARIANTS[name] ?? [])].map((set) => rowOf(size, name, set)),
      );
      if (json) return printJson(context.stdout, { ...size, models: rows });
      print(context.stdout, modelsLines(size, rows));
    });
}

function rowOf({ schema, history }: Size, name: string, set: string | undefined): Row {
  const { summary, paper } = models.get(name)!;
  const config = resolveSettings({ model: name, flags: {}, set: set === undefined ? [] : [set] });
  return { name, ...(set !== undefined && { set }), summary, paper, ...modelCost(schema, config, history) };
}

function modelsLines({ of, schema, history }: Size, rows: readonly Row[]): string[] {
  const fields = [...schema.user, ...schema.item, ...schema.context].map(({ name, size }) => `${name} ${count(size)}`);
  const list = [...models.values()].flatMap(({ name, summary, paper }) =>
    [summary, paper.citation, paper.url].map((line, i) => `${(i === 0 ? name : "").padEnd(15)}${line}`),
  );
  const costs = rows.map(({ name, set, parameters, dense, score, learn }) => [
    set === undefined ? name : `  ${set}`,
    ...[parameters, dense, score, learn].map(count),
  ]);
  const head = ["", "parameters", "without embeddings", "operations to score", "to train"];
  return [
    ...list,
    "",
    `Counted for one sample with a history of ${history} behaviours, of ${of}.`,
    `Values of its fields, including the unknown one: ${fields.join(", ")}.`,
    "",
    ...table(head, costs),
  ];
}
