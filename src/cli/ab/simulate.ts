/** `dien ab simulate`: an online experiment in a market of made-up users. */
import type { Command } from "commander";
import { z } from "zod";
import { machineOptions } from "../../engine/machine.ts";
import { count, duration, metric, percent, pValue, rounded, share } from "../../format.ts";
import type { ArmEffects } from "../../market/effects.ts";
import { marketOptions } from "../../market/options.ts";
import { text, texts, toggle } from "../../options/pieces.ts";
import { shellWord } from "../../report/text.ts";
import type { Context } from "../context.ts";
import { addOptions } from "../options.ts";
import { print, printJson } from "../output.ts";
import { withProgress } from "../progress.ts";
import { table } from "../table.ts";

export const simulateFlags = z.strictObject({
  data: text("folder", "dataset of the synthetic shop that the models learned from: its users go on living"),
  run: texts("run", "runs that compete, as RUN or NAME=RUN; one alone makes an A/A test").min(1),
  calibrated: texts("name", "runs whose probabilities are calibrated, by `dien calibrate`").optional(),
  oracle: toggle("have an arm that knows the true probabilities"),
  experiment: text(
    "file",
    "ab.yaml that says who gets which model (default: each run an arm, of equal weights)",
  ).optional(),
  explore: z
    .number()
    .min(0)
    .max(1)
    .describe("share of pages whose order is left to chance (default: as ab.yaml has it)")
    .optional(),
  out: text("folder", "new folder for the records of the experiment, for `dien ab report`").optional(),
  log: text("folder", "new folder for the market as a log to learn from, for `dien prepare events`").optional(),
  ...marketOptions.shape,
  threads: machineOptions.shape.threads,
});

export function addSimulate(parent: Command, context: Context): void {
  const command = parent
    .command("simulate")
    .summary("an experiment in a market of made-up users")
    .description(
      "Opens a market: users of the synthetic shop come, a server ranks ads by predicted click x bid with the model of their arm, " +
        "they click by the true probability, and what they do becomes behaviours that the models see.",
    );
  const read = addOptions(command, simulateFlags);
  command
    .addHelpText(
      "after",
      `
The same command gives the same result, to the byte.

Examples:
  dien demo --out runs/demo
  dien ab simulate --data runs/demo/data --run runs/demo/base --run runs/demo/dien --oracle
  dien ab simulate --data runs/demo/data --run runs/demo/dien --days 7`,
    )
    .action(async () => {
      const { options, json } = await read();
      const { data, run, calibrated, oracle, experiment, explore, out, log, threads, ...settings } = options;
      const result = await withProgress(context.stderr, (progress) =>
        context.jobs.simulate({
          ...{
            data,
            run,
            calibrated,
            oracle,
            experiment,
            explore,
            out,
            log,
            threads,
            settings,
            signal: context.signal,
          },
          onProgress: (day, days, impressions) =>
            progress.update("market, days", day, days, `${count(impressions)} impressions`),
        }),
      );
      if (json) return printJson(context.stdout, result);
      const { arms, impressions, seconds } = result;
      const speed = `${count(impressions)} impressions, ${duration(seconds)}, ${count(impressions / seconds)} a second`;
      print(context.stdout, [
        ...armLines(arms),
        "",
        speed,
        ...(out === undefined
          ? []
          : [`records in ${out}; \`dien ab report --exposures ${shellWord(out)}\` reads them`]),
      ]);
    });
}

function armLines(arms: readonly ArmEffects[]): string[] {
  const rows = arms.map(({ arm, model, users, impressions, values, trueCtr }) => [
    ...[arm, model, count(users), count(impressions)],
    ...[share(values.ctr), share(trueCtr), metric(values.ppc), rounded(values.ecpm, 2)],
  ]);
  const gains = arms.flatMap(({ arm, gains }) =>
    Object.entries(gains ?? {}).map(([name, { value, low, high, p, smallest }]) => [
      ...[arm, name, percent(value), `${percent(low)} to ${percent(high)}`, pValue(p), percent(smallest)],
    ]),
  );
  return [
    ...table(["arm", "model", "users", "impressions", "CTR", "true CTR", "PPC", "eCPM"], rows),
    "",
    ...table([`against ${arms[0].arm}`, "metric", "gain", "95 % interval", "p", "seen with 80 % power"], gains),
  ];
}
