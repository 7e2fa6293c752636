/** What calibrating a run has changed, as one page for offline reading: tables and a reliability diagram. */
import { z } from "zod";
import { metric } from "../../format.ts";
import { path } from "../../options/pieces.ts";
import { checkOptions } from "../../options/problems.ts";
import { calibrationPlot } from "../../report/plots/calibration.ts";
import type { Report, ReportBlock } from "../../report/report.ts";
import { shellWord } from "../../report/text.ts";
import { writePage } from "../../report/write.ts";
import type { CalibratedRun, CalibrationTest } from "../calibrate.ts";
import type { Reliability } from "../reliability.ts";

/** A calibration is what `calibrateRun` returns; nobody makes one by hand. */
const calibratedRun = z.custom(
  (given) => typeof given === "object" && given !== null && "weights_sha256" in given && "test" in given,
  "expected what calibrateRun returns",
);
const pageArguments = z.object({ path, of: z.object({ run: path, data: path }), calibration: calibratedRun });

/** Writes the page about the calibration of `run` with `data`. @throws UserError where `file` cannot be written */
export async function writeCalibrationPage(
  file: string,
  of: { readonly run: string; readonly data: string },
  calibration: CalibratedRun,
): Promise<void> {
  checkOptions("writeCalibrationPage", pageArguments, { path: file, of, calibration });
  const { run, data } = of;
  const { test, method, rate, clicks, samples } = calibration;
  const report: Report = {
    name: "calibrate",
    title: `Calibration of ${run}`,
    lead: leadOf(calibration),
    blocks: [
      ...(test === null ? [] : [reliabilityTable(test), reliabilityFigure(test), binsTable(test)]),
      ...triedTable(calibration),
      {
        kind: "text",
        text: `Method ${method}, fitted on ${samples.toLocaleString("en")} validation samples, ${clicks.toLocaleString("en")} of them clicked; rate of negatives ${rate}. Version ${calibration.sha256}, of weights ${calibration.weights_sha256}.`,
      },
    ],
    data: {},
    commands: [`dien calibrate --run ${shellWord(run)} --data ${shellWord(data)} --method ${method}${rateFlag(rate)}`],
  };
  await writePage(file, report);
}

const rateFlag = (rate: number) => (rate === 1 ? "" : ` --rate ${rate}`);

function leadOf({ test, drawn, rate }: CalibratedRun): string {
  const ofPairs = drawn && rate === 1 ? " The dataset's negatives were drawn: probabilities are of its samples." : "";
  if (test === null) return `There are no test samples to try it on.${ofPairs}`;
  const { before, after, auc } = test;
  return `On test, the expected calibration error goes from ${metric(before.ece)} to ${metric(after.ece)}; AUC stays ${metric(auc)}.${ofPairs}`;
}

function reliabilityTable({ before, after }: CalibrationTest): ReportBlock {
  const row = (name: string, { logloss, ece, ratio }: Reliability) => [name, ...[logloss, ece, ratio].map(metric)];
  return {
    kind: "table",
    name: "reliability",
    caption: "Test samples: logloss, expected calibration error, and clicks predicted for each one observed.",
    head: ["", "logloss", "ECE", "predicted / observed"],
    rows: [row("before", before), row("after", after)],
  };
}

function reliabilityFigure({ before, after }: CalibrationTest): ReportBlock {
  const rows = Object.entries({ before, after }).flatMap(([series, { bins }]) =>
    bins.map((bin) => ({ series, ...bin })),
  );
  const caption =
    "Predicted and observed click rate before and after, in ten bins with equal numbers of test samples. On the diagonal the two are equal.";
  return { kind: "figure", name: "reliability-diagram", caption, svg: calibrationPlot(rows) };
}

function binsTable({ before, after }: CalibrationTest): ReportBlock {
  return {
    kind: "table",
    name: "bins",
    caption: "The bins, by score.",
    head: ["bin", "samples", "predicted before", "predicted after", "observed"],
    rows: after.bins.map(({ count, predicted, observed }, bin) => [
      String(bin + 1),
      count,
      before.bins[bin]?.predicted ?? null,
      predicted,
      observed,
    ]),
  };
}

function triedTable({ tried }: CalibratedRun): ReportBlock[] {
  if (tried.length === 0) return [];
  const rows = tried.map(({ method, logloss }) => [method, logloss.toFixed(6)]);
  const caption = "Methods, and their logloss in cross-validation on the validation samples; the lowest was taken.";
  return [{ kind: "table", name: "tried", caption, head: ["method", "logloss"], rows }];
}
