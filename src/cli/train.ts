/** `dien train` */
import type { Command } from "commander";
import { z } from "zod";
import { trainingMachineOptions } from "../engine/machine.ts";
import { failure } from "../errors/failure.ts";
import { count, metric } from "../format.ts";
import { models } from "../models/registry.ts";
import { text, texts, toggle } from "../options/pieces.ts";
import { whatIsWrong } from "../options/problems.ts";
import { configKeys, differingKey, type RunConfig, settingsByKey, trainSchema } from "../run/config.ts";
import { readRunConfig } from "../run/run-folder.ts";
import type { TrainSummary } from "../run/summary.ts";
import { type Context, INTERRUPTED } from "./context.ts";
import { addOptions, readConfig } from "./options.ts";
import { print, printJson } from "./output.ts";
import { withProgress } from "./progress.ts";
import { DEFAULT_MODEL, resolveSettings, type SettingSources, splitMachineKeys } from "./settings.ts";
import { table } from "./table.ts";
import { showTraining } from "./training.ts";

const { epochs, seed } = trainSchema.shape;

const set = texts("key=value", "set any key of the configuration, see below").default([]);

export const trainFlags = z.strictObject({
  data: text("folder", "dataset, made by `dien prepare`"),
  out: text("folder", "folder of the run: configuration, log, checkpoint, best model"),
  model: text("name", `model to train (default: ${DEFAULT_MODEL})`).optional(),
  from: text("run", "finished run: go on from its model, with its settings, on new data").optional(),
  epochs: epochs.unwrap().optional(),
  seed: seed.unwrap().optional(),
  ...trainingMachineOptions.shape,
  set,
  resume: toggle("continue from the checkpoint in --out; the outcome is the same as without the break"),
});
type Options = z.output<typeof trainFlags>;

export function addTrain(program: Command, context: Context, finish: (exitCode: number) => void): void {
  const names = [...models.values()].map(({ name, summary }) => `  ${name.padEnd(15)}${summary}`).join("\n");
  const command: Command = program
    .command("train")
    .summary("train a model on a prepared dataset")
    .description(
      `Trains a model, keeps the epoch with the best validation AUC and reports it on the test samples.\n\nModels:\n${names}`,
    );
  const read = addOptions(command, trainFlags);
  command
    .addHelpText("after", () => examples(command.opts().model))
    .action(async () => {
      const { path, values } = await readConfig(command);
      const { model, train: section, set: fileSet = [], ...rest } = values;
      const [machine, train] = splitMachineKeys(section);
      const given = { path, values: { ...machine, ...rest }, sections: ["model", "train"] };
      const { options, json } = await read(given);
      const { data, out, resume, engine, threads, checkpointSeconds } = options;
      const wrong = whatIsWrong(z.object({ set }), { set: fileSet });
      if (wrong !== "") throw failure("usage.wrong-key", { path, problem: wrong });
      const config = await settingsOf(options, { path, model, train, fileSet: set.parse(fileSet) });
      const summary = await withProgress(context.stderr, (progress) =>
        context.jobs.train({
          data,
          out,
          config,
          resume,
          engine,
          threads,
          checkpointSeconds,
          signal: context.signal,
          onProgress: showTraining(progress),
        }),
      );
      if (json) printJson(context.stdout, summary);
      if (summary.interrupted) {
        print(context.stderr, [
          `interrupted in epoch ${summary.epoch}; the checkpoint is saved, --resume continues from it`,
        ]);
        finish(INTERRUPTED);
      } else if (!json) {
        print(context.stdout, summaryLines(summary, out));
      }
    });
}

/**
 * The configuration to train with; `file` is what the configuration file says of it. A resumed run keeps its own:
 * a flag that asks for another is refused. The machine's options are free.
 */
async function settingsOf(
  options: Options,
  file: Pick<SettingSources, "path" | "model" | "train" | "fileSet">,
): Promise<RunConfig> {
  const flags = {
    "model.name": options.model,
    "train.epochs": options.epochs,
    "train.seed": options.seed,
  };
  const { set, resume, out } = options;
  const source = resume ? out : options.from;
  if (source === undefined) return resolveSettings({ ...file, flags, set });
  const stored = await readRunConfig(source);
  const model = options.model === undefined || options.model === stored.model.name ? stored.model : undefined;
  const train = { ...stored.train, ...(file.train as object | undefined) };
  const from = options.from ?? stored.from;
  const asked = resolveSettings({ ...file, model: file.model ?? model, train, from, flags, set });
  if (!resume) return asked;
  const difference = differingKey(stored, asked);
  if (difference !== undefined) {
    throw failure("usage.resumed-setting", { path: options.out, key: difference });
  }
  return asked;
}

function summaryLines(summary: TrainSummary, out: string): string[] {
  const { valid, test } = summary;
  // Where training knows all candidates, the AUC of those that it knows is that of all.
  const isMixed = valid.known !== undefined || test.known !== undefined;
  const row = (name: string, { auc, gauc, logloss, known }: TrainSummary["test"]) => [
    name,
    ...[auc, gauc, logloss, ...(isMixed ? [known?.auc ?? auc] : [])].map(metric),
  ];
  const head = [summary.model, "AUC", "GAUC", "logloss", ...(isMixed ? ["AUC, known candidates"] : [])];
  return [
    ...table(head, [row("validation", valid), row("test", test)]),
    `best epoch ${summary.best_epoch}, ${count(summary.parameters)} parameters, run in ${out}`,
  ];
}

/** What the help ends with: examples, and the keys of the model that was named, with their defaults. */
function examples(named: unknown): string {
  const model = typeof named === "string" && models.has(named) ? named : DEFAULT_MODEL;
  const defaults = settingsByKey(resolveSettings({ model, flags: {}, set: [] }));
  const rows = [...configKeys(model)].map(([key, text]) => {
    const value = defaults.get(key);
    return `  ${key.padEnd(27)}${(value === undefined ? "" : JSON.stringify(value)).padEnd(11)}${text}`.trimEnd();
  });
  return `
Examples:
  dien train --data data/beauty --out runs/dien
  dien train --data data/beauty --out runs/din --model din --epochs 2 --seed 7
  dien train --data data/beauty --out runs/agru --set model.evolution=agru --set train.batch_size=256
  dien train --data data/beauty --out runs/dien --resume
  dien train --data data/tuesday --out runs/tuesday --from runs/monday
  dien train --model din --help
  dien train --config runs/dien/config.yaml --data data/beauty --out runs/again

Keys of the configuration (of ${model}) and their defaults, for --set and for the sections model and train of the file:
${rows.join("\n")}

Ctrl-C saves a checkpoint and ends with exit code ${INTERRUPTED}; a second Ctrl-C ends at once.`;
}
