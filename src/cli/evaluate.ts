/** `dien evaluate` */
import type { Command } from "commander";
import type { Split } from "../dataset/dataset.ts";
import { count, duration, metric, percent, pValue, share, signed } from "../format.ts";
import type { AppliedCalibration, Evaluation } from "../scoring/evaluate.ts";
import { evaluateOptions } from "../scoring/options.ts";
import type { Context } from "./context.ts";
import { addOptions } from "./options.ts";
import { print, printJson } from "./output.ts";
import { withProgress } from "./progress.ts";
import { table } from "./table.ts";

export function addEvaluate(program: Command, context: Context): void {
  const command = program
    .command("evaluate")
    .summary("measure a trained model on a dataset")
    .description("Scores the samples of a dataset with the best model of a run: AUC, GAUC, logloss and ECE.");
  const read = addOptions(command, evaluateOptions);
  command
    .addHelpText(
      "after",
      `
Examples:
  dien evaluate --run runs/dien --data data/beauty
  dien evaluate --run runs/dien --data data/beauty --split valid --json
  dien evaluate --run runs/dien --data data/beauty --against runs/din --calibration
  dien evaluate --run runs/dien --data data/beauty --calibrated --calibration

AUC counts ties one half; where training does not know all candidates, the AUC of those that it knows is given too.
GAUC is the AUC within each user, weighted by samples. ECE is how far predicted probabilities
are from the share of clicks, over ten bins of equally many samples. A metric that is not defined (all labels equal) is
n/a, in JSON null.

--against takes the difference of AUC as it would vary with other test users (DeLong's test, users as clusters): its
95 % interval, and p, the probability of a difference this large between equal models. It knows nothing of other
training seeds. RelaImpr is the gain over a guess, (AUC - 0.5) / (other AUC - 0.5) - 1.`,
    )
    .action(async () => {
      const { options, json } = await read();
      const result = await withProgress(context.stderr, (progress) =>
        context.jobs.evaluateRun({
          ...options,
          onProgress: (done, total) => progress.update("scored", done, total),
        }),
      );
      if (json) return printJson(context.stdout, result);
      print(context.stdout, evaluationLines(result, options.split));
    });
}

function evaluationLines(evaluation: Evaluation, split: Split): string[] {
  const { auc, gauc, logloss, ece, samples, seconds } = evaluation;
  const row = [split, count(samples), ...[auc, gauc, logloss, ece].map(metric), duration(seconds)];
  const metrics = table(["", "samples", "AUC", "GAUC", "logloss", "ECE", "time"], [row]);
  return [
    ...metrics,
    ...appliedLines(evaluation),
    ...knownLines(evaluation),
    ...comparisonLines(evaluation),
    ...calibrationLines(evaluation),
  ];
}

function appliedLines({ calibrated }: { readonly calibrated?: AppliedCalibration }): string[] {
  if (calibrated === undefined) return [];
  const { method, rate, sha256 } = calibrated;
  const rates = rate === 1 ? "" : `, rate of negatives ${rate.toPrecision(4)}: logloss and ECE are of the traffic`;
  return [`calibrated: ${method}${rates}, version ${sha256}`];
}

function knownLines({ known, samples }: Pick<Evaluation, "known" | "samples">): string[] {
  if (known === undefined) return [];
  const part = share(known.samples / samples);
  return [`AUC ${metric(known.auc)} on the ${count(known.samples)} samples (${part}) whose candidate training knows`];
}

function comparisonLines({ against }: Pick<Evaluation, "against">): string[] {
  if (against === undefined) return [];
  const { run, auc, difference, low, high, p, relaimpr } = against;
  const row = [run, metric(auc), signed(difference), `${signed(low)} to ${signed(high)}`, pValue(p), percent(relaimpr)];
  return ["", ...table(["against", "AUC", "difference", "95 % interval", "p", "RelaImpr"], [row])];
}

function calibrationLines({ calibration, calibration_ratio = Number.NaN }: Partial<Evaluation>): string[] {
  if (calibration === undefined) return [];
  const rows = calibration.map(({ count: samples, predicted, observed }, bin) => [
    `bin ${bin + 1}`,
    count(samples),
    metric(predicted),
    metric(observed),
  ]);
  const bins = table(["by score", "samples", "predicted", "observed"], rows);
  return ["", ...bins, `clicks predicted for each one observed: ${metric(calibration_ratio)}`];
}
