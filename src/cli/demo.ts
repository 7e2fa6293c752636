/** `dien demo`: the whole way in one command, on a synthetic shop where the best possible result is known. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { trainingMachineOptions } from "../engine/machine.ts";
import { checkEmpty } from "../files/plain.ts";
import { count, duration, metric } from "../format.ts";
import { shopOptions } from "../importers/synthetic/options.ts";
import { seed, text } from "../options/pieces.ts";
import { trainSchema } from "../run/config.ts";
import type { TrainSummary } from "../run/summary.ts";
import { type Context, INTERRUPTED } from "./context.ts";
import { addOptions } from "./options.ts";
import { print, printJson } from "./output.ts";
import { type ProgressDisplay, withProgress } from "./progress.ts";
import { resolveSettings } from "./settings.ts";
import { table } from "./table.ts";
import { showTraining } from "./training.ts";

/** From a bag of behaviours, over attention, to attention with order: the comparison the paper makes. */
const MODELS = ["base", "din", "dien"] as const;

const { users } = shopOptions.shape;

export const demoFlags = z.strictObject({
  out: text("folder", "new or empty folder for everything (default: runs/demo, runs/demo-2, ...)").optional(),
  users: users.unwrap().min(10).describe("size of the shop").default(users.parse(undefined)),
  epochs: trainSchema.shape.epochs,
  seed: seed.default(1),
  threads: trainingMachineOptions.shape.threads,
});

export function addDemo(program: Command, context: Context, finish: (exitCode: number) => void): void {
  const command = program
    .command("demo")
    .summary("synthetic shop, three models, a table of results")
    .description(
      "Makes a shop whose users' interests drift, trains base, din and dien on it and compares them with the ceiling: " +
        "the AUC of the true click probability, which no model can pass but by luck. Under two minutes on two cores.",
    );
  const read = addOptions(command, demoFlags);
  command
    .addHelpText("after", "\nExamples:\n  dien demo\n  dien demo --users 20000 --epochs 2 --json")
    .action(async () => {
      const { options, json } = await read();
      const out = options.out ?? freeFolder(join("runs", "demo"));
      // Another shop must not take the place of the one its runs learnt from.
      await checkEmpty(out);
      const result = await withProgress(context.stderr, (progress) => compare(context, progress, { ...options, out }));
      if (result.interrupted) finish(INTERRUPTED);
      if (json) printJson(context.stdout, result);
      else print(context.stdout, resultLines(result, out));
    });
}

interface Run {
  readonly model: string;
  readonly run: string;
  readonly engines: TrainSummary["engines"];
  readonly test: TrainSummary["test"];
  readonly seconds: number;
}

interface DemoResult {
  readonly data: string;
  readonly ceiling: { readonly auc: number; readonly gauc: number; readonly logloss: number };
  readonly runs: readonly Run[];
  readonly seconds: number;
  readonly interrupted?: true;
}

async function compare(
  { jobs, signal }: Context,
  progress: ProgressDisplay,
  { out, users, epochs, seed, threads }: z.output<typeof demoFlags> & { out: string },
): Promise<DemoResult> {
  const start = performance.now();
  const data = join(out, "data");
  const shop = await jobs.prepareSynthetic({ users, seed, out: data }, (stage, done, total) =>
    progress.update(stage, done, total),
  );
  progress.note(
    `shop of ${count(shop.users)} users and ${count(shop.items)} items: ${count(shop.train)} samples to learn`,
  );
  const runs: Run[] = [];
  let interrupted = false;
  for (const model of MODELS) {
    const run = join(out, model);
    const flags = { "train.epochs": epochs, "train.seed": seed };
    const config = resolveSettings({ model, flags, set: [] });
    const onProgress = showTraining(progress, `${model.padEnd(4)} `);
    const since = performance.now();
    const summary = await jobs.train({ data, out: run, config, resume: false, threads, signal, onProgress });
    if (summary.interrupted) {
      interrupted = true;
      break;
    }
    const { engines, test } = summary;
    runs.push({ model, run, engines, test, seconds: (performance.now() - since) / 1000 });
  }
  const seconds = (performance.now() - start) / 1000;
  return { data, ceiling: shop.ceiling, runs, seconds, ...(interrupted && { interrupted }) };
}

function resultLines({ data, ceiling, runs, seconds, interrupted }: DemoResult, out: string): string[] {
  const cells = ({ auc, gauc, logloss }: DemoResult["ceiling"]) => [auc, gauc, logloss].map(metric);
  const rows = [
    ...runs.map((run) => [run.model, ...cells(run.test), duration(run.seconds)]),
    ["ceiling", ...cells(ceiling), ""],
  ];
  const results = table(["on test samples", "AUC", "GAUC", "logloss", "training"], rows);
  const where = `The dataset lies in ${data}, the runs in ${out}.`;
  if (interrupted) return [...results, "", `Interrupted after ${duration(seconds)}. ${where}`];
  return [
    ...results,
    "",
    `Done after ${duration(seconds)}. ${where} Next:`,
    `  npx dien evaluate --run "${join(out, "dien")}" --data "${data}" --split valid`,
    `  npx dien train --data "${data}" --out "${join(out, "agru")}" --set model.evolution=agru`,
    `  npx dien serve --run "${join(out, "dien")}"`,
    "  npx dien prepare amazon --help",
  ];
}

/** The first of NAME, NAME-2, NAME-3, ... that does not exist: a second demo must not touch the first. */
function freeFolder(name: string): string {
  for (let n = 1; ; n++) {
    const folder = n === 1 ? name : `${name}-${n}`;
    if (!existsSync(folder)) return folder;
  }
}
