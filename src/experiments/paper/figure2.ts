/**
 * Figure 2 of the paper (Zhou et al. 2019, https://arxiv.org/abs/1809.03672): how the whole loss and the auxiliary loss
 * of DIEN fall on training and on validation samples.
 */
import { metric } from "../../format.ts";
import { curvesPlot } from "../../report/plots/curves.ts";
import type { Report, ReportBlock } from "../../report/report.ts";
import { type CurvePoint, readCurve } from "../../run/curve.ts";
import type { Losses } from "../../run/losses.ts";
import type { LabDataset } from "../lab/datasets.ts";
import type { Lab } from "../lab/lab.ts";
import { type TrainedRun, trialConfig, type Variant } from "../lab/trials.ts";
import { repeatCommands, seedsFlag } from "../results/commands.ts";
import { groupBy } from "../results/results.ts";
import { dien } from "./variants.ts";

/** About how many points a curve has in each epoch. */
const POINTS = 10;

export async function figure2(lab: Lab): Promise<Report> {
  const curves = new Map(lab.datasets.map((dataset) => [dataset, withCurves(lab, dataset)]));
  const runs = await lab.train([...curves].flatMap(([dataset, variant]) => lab.trials([variant], [dataset])));
  const rows = (await Promise.all(runs.map((run) => curveOf(run)))).flat();
  return {
    name: "figure2",
    title: "Figure 2: learning curves of DIEN",
    lead: lab.datasets
      .map(({ name }) =>
        fallSentence(
          name,
          rows.filter((row) => row.dataset === name),
        ),
      )
      .join(" "),
    blocks: [
      {
        kind: "text",
        text: "The whole loss is what training minimises, L = L_target + alpha L_aux. A training point is the mean over the steps since the previous point. A validation point is the loss on all validation samples with the weights at that step; the sampled negatives are the same at every point. Lines are means over seeds.",
      },
      ...lab.datasets.map(
        ({ name, slug }): ReportBlock => ({
          kind: "figure",
          name: `curves-${slug}`,
          caption: `${name}: losses of DIEN by step.`,
          svg: curvesPlot(meanCurves(rows.filter((row) => row.dataset === name)), { x: "step", y: "loss" }),
        }),
      ),
    ],
    data: { curves: rows.map(({ losses, ...point }) => ({ ...point, ...losses })) },
    commands: repeatCommands(lab, "figure2", runs, seedsFlag(lab)),
  };
}

/** DIEN with its losses measured about POINTS times in each epoch. */
function withCurves(lab: Lab, dataset: LabDataset): Variant {
  const steps = epochSteps(lab, dataset);
  // Rounded up: otherwise an epoch would end with a point of a few steps, whose mean loss is noise.
  const every = Math.ceil(steps / POINTS);
  // No early stopping: the curve must show where the validation loss rises again.
  const { epochs } = trialConfig({ variant: dien, seed: 1 }, lab.options.settings).train;
  const settings = { ...dien.settings, "train.curve_steps": every, "train.patience": epochs };
  return { name: `dien-curve-${every}`, label: `DIEN, losses every ${every} steps`, settings };
}

/** About the steps of an epoch: a dataset that is read in portions has up to one more for each portion. */
function epochSteps(lab: Lab, { manifest }: LabDataset): number {
  const { batch_size: batchSize } = trialConfig({ variant: dien, seed: 1 }, lab.options.settings).train;
  return Math.ceil(manifest.counts.train / batchSize);
}

/** Losses at a point of a run: the whole loss, and each of its terms by name. */
interface LossPoint {
  readonly dataset: string;
  readonly seed: number;
  readonly step: number;
  readonly part: CurvePoint["part"];
  readonly losses: Losses;
}

/** Of each point, in the order of the log, the steps since the run began. The last step of every epoch has a point. */
export function stepsOfRun(points: readonly Pick<CurvePoint, "epoch" | "step">[]): number[] {
  let before = 0;
  return points.map(({ epoch, step }, i) => {
    if (i > 0 && points[i - 1].epoch !== epoch) before += points[i - 1].step;
    return before + step;
  });
}

async function curveOf({ dataset, seed, folder }: TrainedRun): Promise<LossPoint[]> {
  const points = await readCurve(folder);
  const steps = stepsOfRun(points);
  return points.map(({ part, losses, total }, i) => ({
    dataset: dataset.name,
    seed,
    step: steps[i],
    part,
    losses: { whole: total, ...losses },
  }));
}

/** The losses that have a panel. The target loss is seen in the whole one, as in the paper. */
function shownLosses([{ losses }]: readonly LossPoint[]): string[] {
  return Object.keys(losses).filter((name) => name !== "target");
}

/** Means over seeds, in a panel for each loss. */
function meanCurves(rows: readonly LossPoint[]) {
  const groups = groupBy(rows, ({ part, step }) => `${part} ${step}`);
  return shownLosses(rows).flatMap((loss) =>
    groups.map((group) => ({
      facet: `${loss} loss`,
      series: "DIEN",
      part: group[0].part,
      x: group[0].step,
      y: group.reduce((sum, row) => sum + row.losses[loss], 0) / group.length,
    })),
  );
}

function fallSentence(dataset: string, rows: readonly LossPoint[]): string {
  const validation = meanCurves(rows).filter(({ part }) => part === "validation");
  const words = shownLosses(rows).map((loss) => {
    const facet = `${loss} loss`;
    const curve = validation.filter((point) => point.facet === facet).sort((a, b) => a.x - b.x);
    const least = curve.reduce((best, point) => (point.y < best.y ? point : best));
    return `the ${facet} falls from ${metric(curve[0].y)} to ${metric(least.y)}, its lowest, at step ${least.x}`;
  });
  return `On ${dataset}'s validation samples ${words.join(", and ")}.`;
}
