/** What the commands that prepare logs have in common: options of the engine, and what is told at the end. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { OnProgress } from "../../dataset/dataset.ts";
import type { EventsSummary } from "../../importers/events/prepare.ts";
import { SAMPLING_DEFAULTS } from "../../importers/protocols.ts";
import { type Context, printJson } from "../context.ts";
import { seedOption } from "../options.ts";
import { withProgress } from "../progress.ts";
import { eventsText } from "./counts.ts";

export interface LogFlags {
  out: string;
  memory: number;
  seed: number;
  skipBadRows?: boolean;
  json?: boolean;
}

const UNITS: Readonly<Record<string, number>> = { MB: 2 ** 20, GB: 2 ** 30 };

/** "512MB" or "2GB" in bytes. */
function memorySize(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?([MG]B)$/i.exec(text.trim()) ?? [];
  const size = Math.floor(Number(digits) * UNITS[unit?.toUpperCase()]);
  if (size >= 128 * UNITS.MB) return size;
  throw new InvalidArgumentError('Expected a size like "512MB" or "2GB", at least 128MB.');
}

export function addLogOptions(command: Command): Command {
  return command
    .option("--out <folder>", "where the dataset goes; an older dataset there is replaced")
    .addOption(
      new Option("--memory <size>", "memory to get by with, about, at least 128MB; more goes to the disk of --out")
        .argParser(memorySize)
        .default(2 * UNITS.GB, "2GB"),
    )
    .addOption(seedOption(SAMPLING_DEFAULTS.seed))
    .option("--skip-bad-rows", "leave out rows that cannot be read, however many");
}

/** Runs the job with progress, and tells what came of it. */
export async function tellPrepared(
  context: Context,
  { out, json }: { readonly out: string; readonly json: boolean | undefined },
  job: (onProgress: OnProgress) => Promise<EventsSummary>,
): Promise<void> {
  const summary = await withProgress(context.stderr, (progress) =>
    job((stage, done, total) => progress.update(stage, done, total)),
  );
  for (const warning of summary.warnings) context.stderr.write(`warning: ${warning}\n`);
  if (json) return printJson(context, summary);
  context.stdout.write(eventsText(summary, out));
}
