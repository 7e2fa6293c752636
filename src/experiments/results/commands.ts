/**
 * The commands that repeat an experiment, as a whole or run by run. They write to a new folder, since finished runs are
 * not trained again.
 */
import { join } from "node:path";
import { shellWord } from "../../report/text.ts";
import type { Lab } from "../lab/lab.ts";
import { type Trial, trialSettings } from "../lab/trials.ts";

/**
 * @param trials all that the experiment trained; those of seed 1 are spelled out
 * @param flags the experiment's own flags, `--seeds` among them where it has it
 */
export function repeatCommands(lab: Lab, name: string, trials: readonly Trial[], flags: readonly string[]): string[] {
  const { data, settings } = lab.options;
  const out = `${lab.options.out}-again`;
  const whole = ["npx", "dien", "experiment", name, ...data.flatMap((folder) => ["--data", folder])];
  whole.push(...flags, ...asSets(settings), "--out", out);
  const single = trials
    .filter(({ seed }) => seed === 1)
    .map((trial) => {
      const { "model.name": model, ...own } = trialSettings(trial.variant, settings);
      const what = ["--data", trial.dataset.folder, "--model", String(model), ...asSets(own)];
      return [
        "npx",
        "dien",
        "train",
        ...what,
        "--seed",
        "1",
        "--out",
        join(out, "single", trial.dataset.name, trial.variant.name),
      ];
    });
  return [
    line(["cd", process.cwd()]),
    "# The whole experiment:",
    line(whole),
    "# Or single runs, here those of seed 1:",
    ...single.map(line),
  ];
}

/** `--seeds N`, for experiments that take it. */
export function seedsFlag({ options }: Lab): string[] {
  return ["--seeds", String(options.seeds)];
}

function asSets(settings: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(settings).flatMap(([key, value]) => ["--set", `${key}=${textOf(value)}`]);
}

/** A value as `--set` reads it back. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function line(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}
