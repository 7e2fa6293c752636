/** Figures of variants: their AUC with its spread, and whether the click rates that they predict are those observed. */

import { calibrationPlot } from "../report/plots/calibration.ts";
import { intervalPlot } from "../report/plots/intervals.ts";
import type { Block } from "../report/report.ts";
import { calibrationOf } from "../statistics/calibration.ts";
import type { Standings } from "./results.ts";

/** AUC of each run, and the interval of each variant's mean. */
export function intervalFigure(name: string, standings: readonly Standings[]): Block {
  const rows = standings.flatMap(({ dataset, results }) =>
    results.map(({ variant, auc, runs }) => ({
      group: dataset.name,
      name: variant.label,
      mean: auc.mean,
      low: auc.low,
      high: auc.high,
      points: runs.map(({ summary }) => summary.test.auc),
    })),
  );
  const caption =
    "Test AUC: each seed, their mean and its 95 % confidence interval over seeds. Other test users would move all models together, so differences are surer than the intervals look: the tables have their p.";
  return { kind: "figure", name, caption, svg: intervalPlot(rows, { x: "test AUC" }) };
}

/** Predicted against observed click rate of each variant, by its run of seed 1: other seeds' errors would cancel. */
export function calibrationFigure({ dataset, results }: Standings): Block {
  const { label } = dataset.test;
  const rows = results.flatMap(({ variant, scores }) =>
    calibrationOf(label, scores[0]).bins.map((bin) => ({ series: variant.label, ...bin })),
  );
  const caption = `${dataset.name}: click rate predicted and observed by the runs of seed 1, in ten bins of as many test samples each; on the diagonal the two agree.`;
  return { kind: "figure", name: `calibration-${dataset.slug}`, caption, svg: calibrationPlot(rows) };
}
