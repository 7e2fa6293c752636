/** `dien calibrate` */
import type { Command } from "commander";
import { count, metric } from "../format.ts";
import { text } from "../options/pieces.ts";
import type { CalibratedRun, CalibrationTest } from "../scoring/calibrate.ts";
import { calibrateOptions } from "../scoring/options.ts";
import type { Reliability } from "../scoring/reliability.ts";
import type { Context } from "./context.ts";
import { addOptions } from "./options.ts";
import { print, printJson } from "./output.ts";
import { withProgress } from "./progress.ts";
import { table } from "./table.ts";

export const calibrateFlags = calibrateOptions.safeExtend({
  html: text("file", "also write the test before and after, with a reliability diagram, as one page").optional(),
});

export function addCalibrate(program: Command, context: Context): void {
  const command = program
    .command("calibrate")
    .summary("make a model's scores probabilities that can be multiplied by a price")
    .description(
      "Fits a calibration to the scores of a run's best model on validation samples, and keeps it in the run.",
    );
  const read = addOptions(command, calibrateFlags);
  command
    .addHelpText(
      "after",
      `
Examples:
  dien calibrate --run runs/dien --data data/beauty
  dien calibrate --run runs/dien --data data/beauty --method platt --html calibration.html
  dien calibrate --run runs/dien --data data/shop --base-rate 0.02

Evaluate, predict and serve apply it with --calibrated.

platt     a straight line between the log odds of scores and of clicks (Platt 1999)
beta      one that bends (Kull et al. 2017)
isotonic  steps with lines between their centres, for scores that are wrong in other ways; it takes many samples
auto      the one with the least logloss in cross-validation on the validation samples

The test samples have no part in it; they show what came of it. The order of scores stays, and with it AUC.

Where negatives were drawn, a score is the probability of a click among the samples. --rate, the share of the negatives that
are in the data, or --base-rate, the share of impressions that are clicked, make it that of the traffic: logloss and ECE
then count each negative for all that it stands for.

The calibration is RUN/model/calibration.json. It belongs to the weights that the run has now: with others it is refused.`,
    )
    .action(async () => {
      const { options, json } = await read();
      const { html, ...given } = options;
      const result = await withProgress(context.stderr, (progress) =>
        context.jobs.calibrateRun({
          ...given,
          onProgress: (done, total) => progress.update("scored", done, total),
        }),
      );
      if (!json) print(context.stdout, calibrationLines(result));
      if (html !== undefined) {
        await context.jobs.writeCalibrationPage(html, given, result);
        print(context.stderr, [`page in ${html}`]);
      }
      if (json) printJson(context.stdout, result);
    });
}

function calibrationLines(result: CalibratedRun): string[] {
  const { method, rate, drawn, samples, clicks, sha256, tried, test } = result;
  const rates = rate === 1 ? "" : `, rate of negatives ${rate.toPrecision(4)}`;
  const fitted = `${method}, fitted on ${count(samples)} validation samples with ${count(clicks)} clicks${rates}`;
  const compared = tried.map((each) => `${each.method} ${each.logloss.toFixed(5)}`).join(", ");
  return [
    ...(test === null ? ["no test samples to try it on"] : testLines(test)),
    "",
    fitted,
    ...(tried.length === 0 ? [] : [`logloss in cross-validation: ${compared}`]),
    ...(drawn && rate === 1 ? ["the dataset's negatives were drawn: probabilities are of its samples"] : []),
    `calibration ${sha256}`,
  ];
}

function testLines({ samples, auc, before, after }: CalibrationTest): string[] {
  const row = (name: string, { logloss, ece, ratio }: Reliability) => [
    name,
    count(samples),
    ...[auc, logloss, ece, ratio].map(metric),
  ];
  const head = ["test", "samples", "AUC", "logloss", "ECE", "predicted / observed"];
  return table(head, [row("before", before), row("after", after)]);
}
