/** `dien verify`: whether datasets and runs are as they were written. */
import type { Command } from "commander";
import { z } from "zod";
import type { Verification } from "../verification/verified.ts";
import type { Context } from "./context.ts";
import { addOptions, addPaths } from "./options.ts";
import { print, printJson } from "./output.ts";
import { withProgress } from "./progress.ts";
import { table } from "./table.ts";

/** Beside the paths there is nothing to choose. */
export const verifyFlags = z.strictObject({});

export function addVerify(program: Command, context: Context, finish: (exitCode: number) => void): void {
  const command = program
    .command("verify")
    .summary("look for damage in datasets and runs")
    .description(
      "Compares every file of datasets and runs with the checksums that were written with it. Changes nothing.",
    );
  const paths = addPaths(
    command,
    "dataset, run, or folder with any of them below it, such as --out of `dien experiment`",
  );
  const read = addOptions(command, verifyFlags);
  command
    .addHelpText(
      "after",
      `
Examples:
  dien verify data/beauty runs/dien
  dien verify experiments
  dien verify --json data/beauty

Of a dataset the manifest, the SHA-256 of each file and the rules of all rows are checked; of a run every document and
tensor, and that the files belong to each other. A run that is not finished is checked as far as it is. The exit code is
1 where anything is damaged. It finds accidents, not deceit: whoever changes a file can change its checksum too.`,
    )
    .action(async () => {
      const { json } = await read();
      const found = await withProgress(context.stderr, (progress) =>
        context.jobs.verify(paths(), (done, total) => progress.update("verified", done, total)),
      );
      const damage = [...new Set(found.flatMap(({ files }) => files.flatMap(({ problem }) => problem ?? [])))];
      if (json) printJson(context.stdout, { verified: found, damage });
      else
        print(context.stdout, [
          ...found.flatMap(verificationLines),
          "",
          ...(damage.length > 0 ? damage : ["no damage"]),
        ]);
      if (damage.length > 0) finish(1);
    });
}

function verificationLines({ path, kind, state, files }: Verification, index: number): string[] {
  const rows = files.map(({ file, checked, problem }) => [file, problem === undefined ? "whole" : "DAMAGED", checked]);
  const what = state === undefined ? kind : `${state} ${kind}`;
  return [...(index > 0 ? [""] : []), `${path}: ${what}`, ...table(["file", "", "checked"], rows, "left")];
}
